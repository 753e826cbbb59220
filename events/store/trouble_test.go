package store

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
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
