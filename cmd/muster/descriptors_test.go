package main

import (
	"net"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"
)

// limitFiles sets how many file descriptors a running process may have, and returns what
// the limit was.
func limitFiles(t *testing.T, pid int, files uint64) uint64 {
	t.Helper()
	limit, old := syscall.Rlimit{Cur: files, Max: files}, syscall.Rlimit{}
	_, _, failed := syscall.RawSyscall6(syscall.SYS_PRLIMIT64, uintptr(pid), syscall.RLIMIT_NOFILE,
		uintptr(unsafe.Pointer(&limit)), uintptr(unsafe.Pointer(&old)), 0, 0)
	if failed != 0 {
		t.Fatalf("limiting the files of process %d: %v", pid, failed)
	}
	return old.Cur
}

// A process that runs out of file descriptors says so as an error, once and not hundreds
// of times.
func TestRunningOutOfFileDescriptors(t *testing.T) {
	t.Parallel()
	p := serving(t, t.TempDir(), "--partitions", "1", nativeOnly)
	limitFiles(t, p.cmd.Process.Pid, 64)
	var held []net.Conn
	defer func() {
		for _, conn := range held {
			_ = conn.Close()
		}
	}()
	const message = "connections cannot be accepted"
	for deadline := time.Now().Add(patience); !strings.Contains(p.log.last(40), message); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("nothing is logged:\n%s", p.log.last(40))
		}
		if len(held) < 64 {
			conn, err := net.Dial("tcp", p.addr)
			if err != nil {
				t.Fatal(err)
			}
			held = append(held, conn)
		}
	}
	time.Sleep(300 * time.Millisecond) // in which the server tries some ten times
	if text := p.log.last(40); strings.Count(text, message) != 1 || !strings.Contains(text, "too many open files") || !strings.Contains(text, `"level":"ERROR"`) {
		t.Errorf("logged:\n%s", text)
	}
}
