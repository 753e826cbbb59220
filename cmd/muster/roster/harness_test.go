package roster

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"go.uber.org/goleak"

	"github.com/muster-dev/muster/cmd/muster/client"
	"github.com/muster-dev/muster/cmd/muster/node"
	"github.com/muster-dev/muster/transport"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(int) { http.DefaultClient.CloseIdleConnections() }))
}

const root = "root-0123456789abcdefghijklmnopqrstuvwxyz"

type hook = func(r *http.Request) (after func(), cut bool)

// service is a running service. Its test ends with the first error.
type service struct {
	t      *testing.T
	client client.Client
	// before, if it is set, is called before each request. It can return a function to
	// call after the request, and whether the request is cut off without a response.
	before atomic.Pointer[hook]
}

func serve(t *testing.T) *service {
	t.Helper()
	ctx := t.Context()
	logger := slog.New(slog.DiscardHandler)
	n, err := node.Open(ctx, node.Options{Data: t.TempDir(), Partitions: 1, Logger: logger, Stderr: io.Discard})
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
	s := &service{t: t}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if before := s.before.Load(); before != nil {
			after, cut := (*before)(r)
			if cut {
				panic(http.ErrAbortHandler)
			}
			defer after()
		}
		api.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.client = client.Client{URL: server.URL, Token: root}
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

func (s *service) id(path, body string) string {
	s.t.Helper()
	var made struct{ ID string }
	s.call(http.MethodPost, path, body, &made)
	return made.ID
}

// organization makes an organization whose owner is new.
func (s *service) organization() (org, owner string) {
	s.t.Helper()
	owner = uuid.NewString()
	return s.id("/v1/organizations", fmt.Sprintf(`{"name":"Acme","owner":{"user_id":%q,"email":"owner@acme.example"}}`, owner)), owner
}

func (s *service) workspace(org, owner string) string {
	s.t.Helper()
	return s.id("/v1/organizations/"+org+"/workspaces", fmt.Sprintf(`{"name":"Mill","owner_user_id":%q}`, owner))
}

// run runs a command. Its output is standard output and standard error.
func (s *service) run(cmd *cobra.Command, stdin string, arguments ...string) (stdout, stderr string, err error) {
	return s.runUntil(s.t.Context(), cmd, strings.NewReader(stdin), arguments...)
}

// runUntil runs a command until the context ends.
func (s *service) runUntil(ctx context.Context, cmd *cobra.Command, stdin io.Reader, arguments ...string) (stdout, stderr string, err error) {
	var out, logs bytes.Buffer
	cmd.SetIn(stdin)
	cmd.SetOut(&out)
	cmd.SetErr(&logs)
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(append(arguments, "--url", s.client.URL, "--token", root))
	err = cmd.ExecuteContext(ctx)
	return out.String(), logs.String(), err
}

// imports imports a file and returns the report.
func (s *service) imports(ws, file string, more ...string) result {
	s.t.Helper()
	arguments := append([]string{"-", "--workspace", ws, "--format", "json", "--log-level", "error"}, more...)
	stdout, stderr, err := s.run(NewImport(), file, arguments...)
	var r result
	if json.Unmarshal([]byte(stdout), &r) != nil {
		s.t.Fatalf("import %v: %v\n%s\n%s", more, err, stdout, stderr)
	}
	return r
}

func (s *service) exports(ws, format string) string {
	s.t.Helper()
	stdout, stderr, err := s.run(NewExport(), "", "--workspace", ws, "--format", format)
	if err != nil {
		s.t.Fatalf("export: %v\n%s", err, stderr)
	}
	return stdout
}

// reported returns the counts of a report and the lines that were rejected, in one line.
func reported(r *result) string {
	text := fmt.Sprintf("%d added, %d suspended, %d invited", r.Added, r.Suspended, r.Invited)
	for _, line := range r.Rejected {
		text += fmt.Sprintf(", %d %s", line.Line, line.Code)
	}
	for _, f := range r.Failed {
		text += fmt.Sprintf(", failed %d-%d", f.First, f.Last)
	}
	return text
}

// onBatches sets what happens before each batch.
func (s *service) onBatches(do hook) {
	all := func(r *http.Request) (func(), bool) {
		if strings.HasSuffix(r.URL.Path, "/batch") {
			return do(r)
		}
		return func() {}, false
	}
	s.before.Store(&all)
}
