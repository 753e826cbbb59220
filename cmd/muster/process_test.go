package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats-server/v2/server"
)

// processToken is the root token of the processes that tests start.
const processToken = "the-root-token-of-the-tests"

// patience bounds what tests wait for that must come; nothing is measured by it.
const patience = time.Minute

// process is a muster serve in a process of its own. It can be killed and started
// again at the same address on the same directory.
type process struct {
	t    testing.TB
	addr string
	args []string
	api  apiClient

	mu    sync.Mutex
	cmd   *exec.Cmd
	ended chan struct{} // closed when the process has
	log   *bytes.Buffer // what it has written to standard error; to be read when it has ended
}

// newProcess is a process that has not been started yet. It does not outlive the
// test.
func newProcess(t testing.TB, data string, args ...string) *process {
	t.Helper()
	addr := freeAddress(t)
	p := &process{
		t: t, addr: addr, args: append([]string{"serve", "--listen", addr, "--data", data}, args...),
		api: apiClient{t: t, url: "http://" + addr, token: processToken, http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}},
	}
	t.Cleanup(func() {
		p.kill()
		p.api.http.CloseIdleConnections()
		if t.Failed() && p.log != nil {
			t.Logf("the last process at %s said:\n%s", addr, lastLines(p.log.String(), 40))
		}
	})
	return p
}

// freeAddress is an address that nothing listens on.
func freeAddress(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func lastLines(text string, n int) string {
	lines := strings.SplitAfter(text, "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "")
}

// serving is a process that has been started and is ready.
func serving(t testing.TB, data string, args ...string) *process {
	t.Helper()
	p := newProcess(t, data, args...)
	p.start()
	p.ready()
	return p
}

// muster is the program under test: this one, under another name (see TestMain).
func muster(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "muster", args...)
	cmd.Env = append(os.Environ(), "MUSTER_ROOT_TOKEN="+processToken)
	return cmd
}

// start starts the process and returns at once.
func (p *process) start() {
	p.t.Helper()
	cmd := muster(context.Background(), p.args...)
	log := new(bytes.Buffer)
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

// kill ends the process as a power cut ends it, but for the disk.
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

// stop asks the process to end, which it must do well.
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
		p.t.Fatalf("stopping: %v, %s\n%s", err, cmd.ProcessState, lastLines(p.log.String(), 40))
	}
}

// ready waits until the process answers that it is.
func (p *process) ready() {
	p.t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		response, err := p.api.http.Get(p.api.url + "/readyz")
		if err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return
			}
			err = errors.New(response.Status)
		}
		select {
		case <-p.ended:
			p.t.Fatalf("it has ended before it was ready:\n%s", p.log)
		default:
		}
		if time.Now().After(deadline) {
			p.kill()
			p.t.Fatalf("not ready: %v\n%s", err, p.log)
		}
	}
}

// says runs muster to its end and answers its status and what it said.
func says(t testing.TB, args ...string) (status int, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	cmd := muster(ctx, args...)
	out, err := cmd.CombinedOutput()
	if failed := (*exec.ExitError)(nil); err != nil && !errors.As(err, &failed) || ctx.Err() != nil {
		t.Fatalf("muster %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// verified demands that audit verify finds everything whole.
func verified(t testing.TB, args ...string) {
	t.Helper()
	if status, text := says(t, append([]string{"audit", "verify"}, args...)...); status != 0 {
		t.Fatalf("audit verify exits with %d:\n%s", status, text)
	}
}

// apiClient sends requests to a node.
type apiClient struct {
	t     testing.TB
	url   string
	token string
	http  *http.Client
}

// reply is what came back.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// do sends a request; more are headers, each a name and a value.
func (c apiClient) do(method, path, body string, more ...string) (reply, error) {
	request, err := http.NewRequestWithContext(context.Background(), method, c.url+path, strings.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(more); i += 2 {
		request.Header.Set(more[i], more[i+1])
	}
	response, err := c.http.Do(request)
	if err != nil {
		return reply{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return reply{response.StatusCode, response.Header, text}, err
}

// must is do for requests that are answered with that status.
func (c apiClient) must(status int, method, path, body string, more ...string) reply {
	c.t.Helper()
	r, err := c.do(method, path, body, more...)
	if err != nil {
		c.t.Fatal(err)
	}
	if r.status != status {
		c.t.Fatalf("%s %s: %d, not %d: %s", method, path, r.status, status, r.body)
	}
	return r
}

// field answers a text of the body's first level.
func (r reply) field(t testing.TB, name string) string {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal(r.body, &object); err != nil {
		t.Fatalf("%v: %s", err, r.body)
	}
	text, ok := object[name].(string)
	if !ok {
		t.Fatalf("there is no %s in %s", name, r.body)
	}
	return text
}

// site is an organization with a workspace, and their owner.
type site struct{ org, ws, owner string }

func (c apiClient) found() site {
	c.t.Helper()
	s := site{owner: uuid.NewString()}
	s.org = c.must(201, "POST", "/v1/organizations",
		fmt.Sprintf(`{"name":"Analytical Engines","owner":{"user_id":%q,"email":"ada@example.com"}}`, s.owner)).field(c.t, "id")
	s.ws = c.must(201, "POST", "/v1/organizations/"+s.org+"/workspaces",
		fmt.Sprintf(`{"name":"Mill","owner_user_id":%q}`, s.owner)).field(c.t, "id")
	return s
}

func (s site) members() string { return "/v1/workspaces/" + s.ws + "/members" }
func (s site) events() string  { return "/v1/organizations/" + s.org + "/events" }

func editor(user string) string { return fmt.Sprintf(`{"user_id":%q,"role":"editor"}`, user) }

// history is all of the organization's events, as they stand in the log.
func (c apiClient) history(s site) (all []string) {
	c.t.Helper()
	for after, tries := "earliest", 0; ; tries++ {
		if tries > 2_000 {
			c.t.Fatalf("no end of the history after %d events", len(all))
		}
		var page struct {
			Items    []json.RawMessage `json:"items"`
			Position string            `json:"position"`
			Next     *string           `json:"next_cursor"`
		}
		r := c.must(200, "GET", s.events()+"?page_size=200&after="+after, "")
		if err := json.Unmarshal(r.body, &page); err != nil {
			c.t.Fatal(err)
		}
		for _, e := range page.Items {
			all = append(all, string(e))
		}
		if page.Next == nil {
			return all
		}
		if len(page.Items) == 0 { // the feed is being made again
			time.Sleep(5 * time.Millisecond)
		}
		after = *page.Next
	}
}

// replayed is the same, read from the log by an auditor.
func replayed(t testing.TB, s site, args ...string) []string {
	t.Helper()
	status, text := says(t, append([]string{"audit", "replay", "--format", "jsonl", "--organization", s.org}, args...)...)
	if status != 0 {
		t.Fatalf("audit replay exits with %d:\n%s", status, text)
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}

// cloudEvent is what tests look at of an event.
type cloudEvent struct {
	Type     string `json:"type"`
	Sequence string `json:"sequence"`
	User     string `json:"userid"`
	Command  string `json:"commandid"`
	Reason   string `json:"reason"`
	Data     struct {
		Membership string `json:"membership_id"`
	} `json:"data"`
}

func parseEvent(t testing.TB, text string) (e cloudEvent) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return e
}

// membershipRow is what tests look at of a membership.
type membershipRow struct {
	ID      string `json:"id"`
	User    string `json:"user_id"`
	State   string `json:"state"`
	Version uint64 `json:"version"`
}

// list is all of the workspace's members.
func (c apiClient) list(s site) (all []membershipRow) {
	c.t.Helper()
	for cursor := ""; ; {
		var page struct {
			Items []membershipRow `json:"items"`
			Next  *string         `json:"next_cursor"`
		}
		r := c.must(200, "GET", s.members()+"?page_size=200"+cursor, "")
		if err := json.Unmarshal(r.body, &page); err != nil {
			c.t.Fatal(err)
		}
		all = append(all, page.Items...)
		if page.Next == nil {
			return all
		}
		cursor = "&cursor=" + *page.Next
	}
}

// externalNATS is a NATS server as an operator would run it.
func externalNATS(t testing.TB) (url string) {
	t.Helper()
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: filepath.Join(t.TempDir(), "nats"), SyncAlways: true, NoSigs: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	if !s.ReadyForConnections(patience) {
		t.Fatal("the server is not ready")
	}
	return s.ClientURL()
}
