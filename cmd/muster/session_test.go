package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// session is a shell in which somebody types.
type session struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	ended  *bufio.Scanner // has the exit status of each command that has ended
	status io.Closer
	all    chan struct{} // receives once all output of a command is in shown

	mu    sync.Mutex
	shown bytes.Buffer
}

// Write adds to what the terminal shows. A zero byte, which is not shown, follows the output
// of each command.
func (s *session) Write(text []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, part := range bytes.Split(text, []byte{0}) {
		if i > 0 {
			s.all <- struct{}{}
		}
		s.shown.Write(part)
	}
	return len(text), nil
}

// newSession starts a shell in the directory. It ends with the test, and what it has
// started ends with it.
func newSession(t *testing.T, dir string, env ...string) *session {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	s := &session{t: t, cmd: exec.Command("bash", "--noprofile", "--norc"), ended: bufio.NewScanner(read), status: read, all: make(chan struct{}, 100)}
	s.cmd.Dir, s.cmd.Env = dir, append(os.Environ(), env...)
	s.cmd.Stdout, s.cmd.Stderr = s, s
	s.cmd.ExtraFiles = []*os.File{write} // descriptor 3
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	s.stdin, err = s.cmd.StdinPipe()
	if err == nil {
		err = s.cmd.Start()
	}
	_ = write.Close()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL) // with what runs in the background
		_ = s.stdin.Close()
		_ = s.cmd.Wait()
		_ = s.status.Close()
	})
	return s
}

// text returns what the terminal has shown since.
func (s *session) text(since int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shown.String()[since:]
}

// run types a command and waits until it has ended. It returns where its output begins.
func (s *session) run(command string) (status, since int) {
	s.t.Helper()
	since = len(s.text(0))
	fmt.Fprintf(s.stdin, "{ :\n%s\n} </dev/null 3>&-; echo $? >&3; printf '\\0'\n", strings.TrimSuffix(command, "\n"))
	late := time.AfterFunc(patience, func() { _ = s.status.Close() })
	defer late.Stop()
	if !s.ended.Scan() {
		s.t.Fatalf("the command does not end:\n%s\n%s", command, s.text(since))
	}
	status, err := strconv.Atoi(s.ended.Text())
	if err != nil {
		s.t.Fatal(err)
	}
	select {
	case <-s.all:
	case <-time.After(patience):
		s.t.Fatalf("the output of the command does not end:\n%s\n%s", command, s.text(since))
	}
	return status, since
}

// enter types a command of a page, and fails the test unless the terminal then shows what
// the page says. What runs in the background may show it a little later.
func (s *session) enter(where string, c typed) {
	s.t.Helper()
	status, since := s.run(c.command)
	if c.shown == "" {
		got := s.text(since)
		if status != 0 || strings.Contains(got, "/docs/problems#") {
			s.t.Errorf("%s: exit status %d\n$ %s%s", where, status, c.command, got)
		}
		return
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		got := s.text(since)
		if shows(got, c.shown) {
			return
		}
		if time.Now().After(deadline) {
			s.t.Errorf("%s: exit status %d\n$ %s-- the terminal shows --\n%s-- the page says --\n%s", where, status, c.command, got, c.shown)
			return
		}
	}
}

// bashAccepts reports whether the shell can parse the text, without a warning.
func bashAccepts(t *testing.T, text string) bool {
	t.Helper()
	said, err := exec.Command("bash", "-n", "-c", text).CombinedOutput()
	if _, refused := errors.AsType[*exec.ExitError](err); err != nil && !refused {
		t.Fatal(err)
	}
	return err == nil && len(said) == 0
}
