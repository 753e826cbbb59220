package store

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/muster-dev/muster/events/wire"
)

// small returns a directory on a file system of 32 MB in memory.
func small(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("file systems are only mounted by root")
	}
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=32M", "tmpfs", dir).CombinedOutput(); err != nil {
		t.Skipf("nothing can be mounted here: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil {
			t.Errorf("unmounting: %v: %s", err, out)
		}
	})
	return dir
}

// fill leaves no room in the file system. It returns the path of the file to remove.
func fill(t *testing.T, top string) string {
	t.Helper()
	filler := filepath.Join(top, "filler")
	f, err := os.Create(filler)
	if err != nil {
		t.Fatal(err)
	}
	for size := 1 << 20; size > 0; {
		if _, err := f.Write(make([]byte, size)); errors.Is(err, syscall.ENOSPC) {
			size /= 2
		}
	}
	_ = f.Close()
	return filler
}

// A stream of JetStream that could not be written once refuses everything from then on,
// and does not answer. The store notices at once, refuses appends, and makes the stream
// writable again when there is room. What was there stays.
func TestAStreamThatCouldNotBeWritten(t *testing.T) {
	top := small(t)
	s, end := start(t, filepath.Join(top, "data"))
	t.Cleanup(func() { _ = end() })
	p := s.Partitions[0]
	tips := write(t, p, 1, 1)
	tip := tips[len(tips)-1]
	filler := fill(t, top)
	// Past the look at the free space, as if the disk had become full after it.
	mended := s.Mended()
	if err := s.Conn.PublishMsg(&nats.Msg{Subject: logSubject(0), Data: make([]byte, 512<<10)}); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(5 * time.Second); s.Trouble() == nil; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nobody has noticed")
		}
	}
	next := wire.Next(tip, "a test", []byte(`[]`))
	if err := p.Append(t.Context(), next); !errors.Is(err, ErrUnavailable) || !errors.Is(err, ErrDisk) {
		t.Fatalf("an append: %v", err)
	}
	if now, err := p.Tip(t.Context()); err != nil || now != tip {
		t.Fatalf("the tip is %+v: %v", now, err)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	select {
	case <-mended:
	case <-time.After(2 * time.Second):
		t.Fatal("it is not mended within 2 s")
	}
	if now, err := p.Tip(t.Context()); err != nil || now != tip {
		t.Fatalf("the tip is %+v: %v", now, err)
	}
	if err := p.Append(t.Context(), next); err != nil {
		t.Fatal(err)
	}
}

// To look how much room there is stops nothing. An append that finds too little room is
// refused, and so are the next ones until there is room. The server is not replaced for
// that, because it has not failed.
func TestTooLittleRoom(t *testing.T) {
	top := small(t)
	s, end := start(t, filepath.Join(top, "data"))
	t.Cleanup(func() { _ = end() })
	p, server := s.Partitions[0], s.server.server
	tip := write(t, p, 1)[1]
	filler := fill(t, top)
	if err := s.CheckRoom(); !errors.Is(err, ErrDisk) {
		t.Errorf("a look at the room: %v", err)
	}
	if err := s.Trouble(); err != nil {
		t.Errorf("after the look: %v", err)
	}
	mended := s.Mended()
	next := wire.Next(tip, "a test", []byte(`[]`))
	if err := p.Append(t.Context(), next); !errors.Is(err, ErrUnavailable) || !errors.Is(err, ErrDisk) || s.Trouble() == nil {
		t.Errorf("an append: %v", err)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	select {
	case <-mended:
	case <-time.After(2 * time.Second):
		t.Fatal("it is not mended within 2 s")
	}
	if err := p.Append(t.Context(), next); err != nil {
		t.Fatal(err)
	}
	if s.server.server != server {
		t.Error("the server was replaced")
	}
}

// errorCount counts what is logged as an error.
type errorCount struct {
	slog.Handler
	n *atomic.Int64
}

func (c errorCount) Handle(_ context.Context, r slog.Record) error {
	if r.Level >= slog.LevelError {
		c.n.Add(1)
	}
	return nil
}

// troubled opens a store with one message whose server is then said to have failed, after
// harm was done.
func troubled(t *testing.T, harm func(dir string)) (*Store, *atomic.Int64) {
	t.Helper()
	dir := t.TempDir()
	n := new(atomic.Int64)
	s, err := Open(t.Context(), Options{Dir: dir, Partitions: 1, Logger: slog.New(errorCount{quiet().Handler(), n})})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	s.SetMark(write(t, s.Partitions[0], 1, 1, 1)[3])
	harm(dir)
	s.fail(errors.New("a write has failed"))
	return s, n
}

// The server of a damaged log is not started again and again.
func TestDamageEndsTheMending(t *testing.T) {
	s, logged := troubled(t, func(dir string) {
		block := filepath.Join(dir, streamsDir, logStream(0), "msgs", "1.blk")
		content, err := os.ReadFile(block)
		if err != nil {
			t.Fatal(err)
		}
		content[100] ^= 1
		if err := os.WriteFile(block, content, 0o600); err != nil {
			t.Fatal(err)
		}
	})
	ended := make(chan struct{})
	go func() { s.trouble.mending.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("the mending goes on")
	}
	if err := s.Trouble(); !errors.Is(err, wire.ErrDamaged) {
		t.Errorf("the trouble: %v", err)
	}
	if n := logged.Load(); n != 2 {
		t.Errorf("%d errors are logged", n)
	}
}

// What keeps a server from starting is logged once, and the server starts when it has
// passed.
func TestWhatPassesIsLoggedOnce(t *testing.T) {
	var meta string
	s, logged := troubled(t, func(dir string) {
		meta = filepath.Join(dir, markerFile)
		if err := os.Rename(meta, meta+".away"); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(meta, 0o700); err != nil {
			t.Fatal(err)
		}
	})
	mended := s.Mended()
	time.Sleep(time.Second)
	if n := logged.Load(); n != 2 || s.Trouble() == nil {
		t.Errorf("%d errors are logged; the trouble is %v", n, s.Trouble())
	}
	if err := errors.Join(os.Remove(meta), os.Rename(meta+".away", meta)); err != nil {
		t.Fatal(err)
	}
	select {
	case <-mended:
	case <-time.After(2 * mostMendEvery):
		t.Error("it is not mended")
	}
}

// Connections are made while the server is replaced.
func TestConnectingWhileTheServerIsReplaced(t *testing.T) {
	s, err := Open(t.Context(), Options{Dir: t.TempDir(), Partitions: 1, Listen: "127.0.0.1:0", Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	var connecting sync.WaitGroup
	replaced := make(chan struct{})
	connecting.Go(func() {
		for {
			if conn, err := connectInside(s.server); err == nil {
				conn.Close()
			}
			select {
			case <-replaced:
				return
			default:
			}
		}
	})
	if err := s.restart(t.Context()); err != nil {
		t.Error(err)
	}
	close(replaced)
	connecting.Wait()
}
