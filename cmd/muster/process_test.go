package main

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"
)

// processToken is the root token of the processes that tests start.
const processToken = "the-root-token-of-the-tests"

// patience bounds how long tests wait for something that must come. Nothing is measured
// by it.
const patience = time.Minute

// nativeOnly leaves out the dialects, in tests that do not need them: a process starts
// sooner without.
const nativeOnly = "--dialects=none"

// process is a muster serve in a process of its own. It can be killed and started again
// at the same address on the same directory.
type process struct {
	t    testing.TB
	addr string // any free one until the process has been ready once
	args []string
	env  []string
	api  apiClient

	mu    sync.Mutex
	cmd   *exec.Cmd
	ended chan struct{} // closed when the process has
	log   *processLog
}

// newProcess returns a process that has not been started. It ends with the test at the
// latest.
func newProcess(t testing.TB, data string, args ...string) *process {
	t.Helper()
	p := &process{
		t: t, addr: "127.0.0.1:0", args: append([]string{"--data", data}, args...),
		api: apiClient{t: t, token: processToken, http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}},
	}
	t.Cleanup(func() {
		p.kill()
		p.api.http.CloseIdleConnections()
		if t.Failed() && p.log != nil {
			t.Logf("the last process at %s has logged:\n%s", p.addr, p.log.last(40))
		}
	})
	return p
}

// serving returns a process that has been started and is ready.
func serving(t testing.TB, data string, args ...string) *process {
	t.Helper()
	p := newProcess(t, data, args...)
	p.start()
	p.ready()
	return p
}

// muster returns a command that runs the program under test: this one, under another
// name (see TestMain).
func muster(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "muster", args...)
	cmd.Env = append(os.Environ(), "MUSTER_ROOT_TOKEN="+processToken)
	return cmd
}

// start starts the process and does not wait until it is ready.
func (p *process) start() {
	p.t.Helper()
	cmd := muster(context.Background(), append([]string{"serve", "--listen", p.addr}, p.args...)...)
	cmd.Env = append(cmd.Env, p.env...)
	log := newProcessLog()
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	ended := make(chan struct{})
	p.cmd, p.log, p.ended = cmd, log, ended
	go func() {
		_ = cmd.Wait()
		close(ended)
	}()
}

// kill ends the process as a power cut does, except that the disk keeps what was
// written.
func (p *process) kill() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cmd == nil {
		return
	}
	_ = p.cmd.Process.Kill()
	<-p.ended
	p.cmd = nil
}

// stop asks the process to end, and fails the test unless it exits with 0.
func (p *process) stop() {
	p.t.Helper()
	p.mu.Lock()
	cmd := p.cmd
	p.cmd = nil
	p.mu.Unlock()
	p.api.http.CloseIdleConnections()
	err := cmd.Process.Signal(syscall.SIGTERM)
	<-p.ended
	if err != nil || cmd.ProcessState.ExitCode() != 0 {
		p.t.Fatalf("stopping: %v, %s\n%s", err, cmd.ProcessState, p.log.last(40))
	}
}

// ready waits until the process reports that it is ready.
func (p *process) ready() {
	p.t.Helper()
	if refusal := p.tryReady(); refusal != "" {
		p.kill()
		p.t.Fatal(refusal)
	}
}

// tryReady waits until the process is ready, and returns why if it never is.
func (p *process) tryReady() (refusal string) {
	p.t.Helper()
	deadline := time.After(patience)
	select {
	case <-p.log.listening:
		// Clients may be at work already, and read what does not change from start to start.
		if addr := p.log.address(); addr != p.addr || p.api.url == "" {
			p.addr = addr
			p.api.url = "http://" + addr
		}
	case <-p.ended:
		return "it has ended before it was ready:\n" + p.log.last(2)
	case <-deadline:
		return "it does not listen:\n" + p.log.last(40)
	}
	for {
		r, err := p.api.do("GET", "/readyz", "")
		if err == nil && r.status == http.StatusOK {
			return ""
		}
		select {
		case <-p.ended:
			return "it has ended when it listened:\n" + p.log.last(2)
		case <-deadline:
			return "it listens and is not ready:\n" + p.log.last(40)
		case <-time.After(10 * time.Millisecond):
		}
	}
}
