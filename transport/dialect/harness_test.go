package dialect

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const rootToken = "the root token of the tests"

// service is the whole of Muster behind its API with every dialect, on real parts,
// at a time that stands still until it is told to go on.
type service struct {
	*httptest.Server
	t     testing.TB
	log   *events.Log
	clock atomic.Int64 // milliseconds
}

// start opens Muster for a test.
func start(t testing.TB, rateLimit int) *service {
	t.Helper()
	const partitions = 2
	ctx, dir := context.Background(), t.TempDir()
	quiet := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	s := &service{t: t}
	s.clock.Store(time.Date(2026, 3, 5, 23, 9, 47, 281e6, time.UTC).UnixMilli())
	var err error
	if s.log, err = events.Open(ctx, events.Options{Dir: dir, Partitions: partitions, Now: s.now, Logger: quiet}); err != nil {
		t.Fatal(err)
	}
	options := projections.Options{Dir: dir, Partitions: partitions, Logger: quiet}
	if err := projections.Rebuild(ctx, s.log, options, nil); err != nil {
		t.Fatal(err)
	}
	models, err := projections.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	following, stopFollowing := context.WithCancel(ctx)
	followed := make(chan struct{})
	go func() {
		defer close(followed)
		if err := s.log.Follow(following, models.Checkpoints(), models.Apply); err != nil && following.Err() == nil {
			t.Error(err)
		}
	}()
	if err := s.log.Start(ctx, models); err != nil {
		t.Fatal(err)
	}
	api, err := transport.New(transport.Options{
		Log: s.log, Models: models, RootToken: rootToken, Now: s.now, Logger: quiet, RateLimit: rateLimit, Faces: All(),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Server = httptest.NewServer(api)
	t.Cleanup(func() {
		api.Drain()
		s.Client().CloseIdleConnections()
		s.Close()
		stopFollowing()
		<-followed
		if err := errors.Join(models.Close(), s.log.Close()); err != nil {
			t.Error(err)
		}
	})
	return s
}

func (s *service) now() time.Time { return time.UnixMilli(s.clock.Load()) }

// run has commands done without the API: so they can choose every id.
func (s *service) run(commands ...domain.Command) {
	s.t.Helper()
	for _, c := range commands {
		if _, err := s.log.Run(context.Background(), c); err != nil {
			s.t.Fatalf("%s: %v", c.CommandType(), err)
		}
	}
}

// answer is what came back.
type answer struct {
	t      testing.TB
	asked  string
	status int
	header http.Header
	body   []byte
}

// do sends a request.
func (s *service) do(request *http.Request) answer {
	s.t.Helper()
	response, err := s.Client().Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close() //nolint:errcheck // it was read
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{s.t, request.Method + " " + request.URL.Path, response.StatusCode, response.Header, text}
}

// as sends a request with a token; the body is JSON text, or nothing.
func (s *service) as(token, method, path, body string, more ...string) answer {
	s.t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(more); i += 2 {
		request.Header.Set(more[i], more[i+1])
	}
	return s.do(request)
}

func (s *service) root(method, path, body string) answer {
	s.t.Helper()
	return s.as(rootToken, method, path, body)
}

func (a answer) want(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: %d %s, want %d", a.asked, a.status, a.body, status)
	}
	return a
}

// get answers a value of the body as text, by the names and indexes on the way to
// it.
func (a answer) get(path ...any) string {
	a.t.Helper()
	var value any
	if err := json.Unmarshal(a.body, &value); err != nil {
		a.t.Fatalf("%s: %v: %s", a.asked, err, a.body)
	}
	for _, step := range path {
		list, _ := value.([]any)
		object, _ := value.(map[string]any)
		name, isName := step.(string)
		index, _ := step.(int)
		found, ok := object[name]
		switch {
		case isName && ok:
			value = found
		case !isName && index < len(list):
			value = list[index]
		default:
			a.t.Fatalf("%s: there is no %v of %v in %s", a.asked, step, path, a.body)
		}
	}
	return fmt.Sprint(value)
}

// indented is the body as people read it.
func (a answer) indented() string {
	var b bytes.Buffer
	if err := json.Indent(&b, a.body, "", "  "); err != nil {
		return string(a.body)
	}
	return b.String()
}

// tenant is an organization with a workspace as tests need it.
type tenant struct {
	org, ws string
	owner   string // of the organization, and of the workspace
	member  string // an editor of the workspace
	// membership is the editor's.
	membership string
}

func (s *service) tenant(name string) tenant {
	s.t.Helper()
	x := tenant{owner: newText(), member: newText()}
	x.org = s.root("POST", "/v1/organizations", fmt.Sprintf(
		`{"name":%q,"owner":{"user_id":%q,"email":"owner@%[1]s.example","name":{"first":"Olga","last":"Owner"}}}`, name, x.owner)).want(201).get("id")
	x.ws = s.workspace(x, "Main")
	x.membership = s.root("POST", "/v1/workspaces/"+x.ws+"/members", fmt.Sprintf(
		`{"user_id":%q,"role":"editor","email":"ed@%s.example","name":{"first":"Ed","last":"Editor"}}`, x.member, name)).want(201).get("id")
	return x
}

func (s *service) workspace(x tenant, name string) string {
	s.t.Helper()
	return s.root("POST", "/v1/organizations/"+x.org+"/workspaces", fmt.Sprintf(`{"name":%q,"owner_user_id":%q}`, name, x.owner)).want(201).get("id")
}

// token makes a token of an organization with these scopes, and more fields.
func (s *service) token(org, scopes string, more ...string) string {
	s.t.Helper()
	fields := append([]string{`"name":"test"`, `"scopes":["` + strings.ReplaceAll(scopes, " ", `","`) + `"]`}, more...)
	return s.root("POST", "/v1/organizations/"+org+"/tokens", "{"+strings.Join(fields, ",")+"}").want(201).get("secret")
}

// bound is the field of a token that is bound to a workspace.
func bound(ws string) string { return fmt.Sprintf(`"workspace_id":%q`, ws) }

func newText() string { return uuid.Must(uuid.NewV7()).String() }
