package follow

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/muster-dev/muster/cmd/muster/client"
	"github.com/muster-dev/muster/cmd/muster/node"
	"github.com/muster-dev/muster/transport"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(int) { http.DefaultClient.CloseIdleConnections() }))
}

const root = "root-0123456789abcdefghijklmnopqrstuvwxyz"

// patience bounds how long tests wait for something that must come.
const patience = time.Minute

// service is a running service with an organization, a workspace and the owner of both. Its
// test ends with the first error.
type service struct {
	t              *testing.T
	server         *httptest.Server
	client         client.Client
	org, ws, owner string
}

func serve(t *testing.T) *service {
	t.Helper()
	ctx := t.Context()
	n, err := node.Open(ctx, node.Options{Data: t.TempDir(), Partitions: 1, Logger: slog.New(slog.DiscardHandler), Stderr: io.Discard})
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Start(ctx); err != nil {
		t.Fatal(err)
	}
	api, err := n.API(transport.Options{RootToken: root}, "test")
	if err != nil {
		t.Fatal(err)
	}
	n.Opened()
	s := &service{t: t, server: httptest.NewServer(api), owner: uuid.NewString()}
	t.Cleanup(func() {
		s.server.CloseClientConnections()
		s.server.Close()
	})
	s.client = client.Client{URL: s.server.URL, Token: root}
	s.org = s.make("/v1/organizations", `{"name":"Acme","owner":{"user_id":%q,"email":"ada@acme.example","name":{"first":"Ada","last":"Byron"}}}`, s.owner)
	s.ws = s.make("/v1/organizations/"+s.org+"/workspaces", `{"name":"Mill","owner_user_id":%q}`, s.owner)
	return s
}

func (s *service) call(method, path, body string, answer any) {
	s.t.Helper()
	var sent any
	if body != "" {
		sent = json.RawMessage(body)
	}
	if err := s.client.Call(s.t.Context(), method, path, sent, answer); err != nil {
		s.t.Fatalf("%s %s %s: %v", method, path, body, err)
	}
}

// make makes a resource and returns its id.
func (s *service) make(path, body string, arguments ...any) string {
	s.t.Helper()
	var made struct{ ID string }
	s.call(http.MethodPost, path, fmt.Sprintf(body, arguments...), &made)
	return made.ID
}

// add adds somebody without a profile to the workspace, and returns their id.
func (s *service) add() string {
	s.t.Helper()
	user := uuid.NewString()
	s.make("/v1/workspaces/"+s.ws+"/members", `{"user_id":%q,"role":"viewer"}`, user)
	return user
}

// token makes a token with the scopes, and returns its id and its secret.
func (s *service) token(scopes ...string) (id, secret string) {
	s.t.Helper()
	list, _ := json.Marshal(scopes)
	var made struct{ ID, Secret string }
	s.call(http.MethodPost, "/v1/organizations/"+s.org+"/tokens", fmt.Sprintf(`{"name":"Billing","scopes":%s}`, list), &made)
	return made.ID, made.Secret
}

// events returns all events as the service lists them.
func (s *service) events() (all []string) {
	s.t.Helper()
	var p page
	s.call(http.MethodGet, "/v1/organizations/"+s.org+"/events?page_size=200", "", &p)
	for _, item := range p.Items {
		all = append(all, string(item))
	}
	return all
}

// run is a run of muster events follow.
type run struct {
	t      *testing.T
	lines  *bufio.Scanner
	cancel func()
	ended  chan error

	mu     sync.Mutex
	stderr strings.Builder
}

// Write takes what is written to standard error.
func (r *run) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stderr.Write(p)
}

func (r *run) errors() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stderr.String()
}

// follow starts a run. Its test waits for its end.
func (s *service) follow(arguments ...string) *run {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	stdout, stdin := io.Pipe()
	r := &run{t: s.t, lines: bufio.NewScanner(stdout), cancel: cancel, ended: make(chan error, 1)}
	cmd := newFollow()
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetOut(stdin)
	cmd.SetErr(r)
	where := []string{"--url", s.client.URL, "--token", root}
	if !slices.Contains(arguments, "--organization") {
		where = append(where, "--organization", s.org)
	}
	cmd.SetArgs(append(where, arguments...))
	go func() {
		err := cmd.ExecuteContext(ctx)
		_ = stdin.Close()
		r.ended <- err
		close(r.ended)
	}()
	s.t.Cleanup(func() {
		cancel()
		_ = stdout.Close()
		for range r.ended { // until it is closed
		}
	})
	return r
}

// followNext starts a run that prints what happens after it has returned. It waits until the run
// has noted where it begins.
func (s *service) followNext(arguments ...string) *run {
	s.t.Helper()
	file := filepath.Join(s.t.TempDir(), "cursor")
	r := s.follow(append(arguments, "--cursor-file", file)...)
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		if _, err := os.Stat(file); err == nil {
			return r
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("it does not begin: %s", r.errors())
		}
	}
}

// line returns the next line.
func (r *run) line() string {
	r.t.Helper()
	if !r.lines.Scan() {
		r.t.Fatalf("there is no other line: %v\n%s", <-r.ended, r.errors())
	}
	return r.lines.Text()
}

// rest returns all other lines, and the error that the run ends with.
func (r *run) rest() (lines []string, err error) {
	for r.lines.Scan() {
		lines = append(lines, r.lines.Text())
	}
	return lines, <-r.ended
}

// stop interrupts the run, which must end without an error and without another line.
func (r *run) stop() {
	r.t.Helper()
	r.cancel()
	if more, err := r.rest(); err != nil || len(more) > 0 {
		r.t.Errorf("interrupted, it ends with %v, after %q", err, more)
	}
}
