package roster

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/google/uuid"

	"github.com/muster-dev/muster/cmd/muster/terminal"
)

// waiting is standard input that ends the context once it has been read and the import
// waits for more.
type waiting struct {
	text      io.Reader
	interrupt func()
	more      chan struct{}
}

func (w *waiting) Read(b []byte) (int, error) {
	if n, err := w.text.Read(b); err == nil {
		return n, nil
	}
	w.interrupt()
	<-w.more
	return 0, io.EOF
}

// An import that waits for input ends with the first signal, and says from which line on
// nothing was sent.
func TestInterruptedWhileWaiting(t *testing.T) {
	s := serve(t)
	org, owner := s.organization()
	for _, c := range []struct{ says, text, format, batch, want, stdout string }{
		{"nothing", "", "csv", "1", "-: from line 1 on: interrupted: these lines were not sent", ""},
		{"nothing, for JSONL", "", "jsonl", "1", "-: from line 1 on: interrupted: these lines were not sent", ""},
		{"half a header", "ema", "csv", "1", "-: from line 1 on: interrupted: these lines were not sent", ""},
		{"some lines", strings.Repeat(`{"email":"a@x.example"}`+"\n", 200), "jsonl", "1000", "from line 1 on: interrupted: these lines were not sent", "0 added, 0 invited, 0 rejected\n"},
	} {
		t.Run(c.says, func(t *testing.T) {
			ctx, interrupt := context.WithCancel(t.Context())
			w := &waiting{strings.NewReader(c.text), interrupt, make(chan struct{})}
			stdout, _, err := s.runUntil(ctx, NewImport(), w, "-", "--workspace", s.workspace(org, owner), "--from", c.format, "--log-level", "error")
			close(w.more)
			failed := terminal.Failure{}
			if stdout != c.stdout || err == nil || err.Error() != c.want || !errors.As(err, &failed) || failed.Status != terminal.StatusFailed {
				t.Errorf("%v\n%s", err, stdout)
			}
		})
	}
}

// Lines that were sent before the signal are counted, and the line from which on nothing
// was sent comes after them.
func TestInterruptedBetweenBatches(t *testing.T) {
	s := serve(t)
	org, owner := s.organization()
	ctx, interrupt := context.WithCancel(t.Context())
	var batches atomic.Int32
	s.onBatches(func(*http.Request) (func(), bool) {
		if batches.Add(1) == 3 {
			interrupt()
		}
		return func() {}, false
	})
	w := &waiting{strings.NewReader(strings.Repeat(`{"email":"a@x.example"}`+"\n", 200)), func() { <-ctx.Done() }, make(chan struct{})}
	_, _, err := s.runUntil(ctx, NewImport(), w, "-", "--workspace", s.workspace(org, owner), "--from", "jsonl", "--batch", "1", "--parallel", "1", "--role", "viewer")
	close(w.more)
	if err == nil || !strings.Contains(err.Error(), "from line 4 on: ") || batches.Load() != 3 {
		t.Errorf("%v after %d batches", err, batches.Load())
	}
}

// A named pipe that nobody writes to is given up like any other input.
func TestInterruptedNamedPipe(t *testing.T) {
	s := serve(t)
	name := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	_, _, err := s.runUntil(ctx, NewImport(), http.NoBody, name, "--workspace", uuid.NewString())
	if want := name + ": from line 1 on: interrupted: these lines were not sent"; err == nil || err.Error() != want {
		t.Errorf("%v", err)
	}
	pipe, err := os.OpenFile(name, os.O_WRONLY, 0) // lets the reader open it, and end
	if err != nil {
		t.Fatal(err)
	}
	if err := pipe.Close(); err != nil {
		t.Error(err)
	}
}
