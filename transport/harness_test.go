package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport/ids"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const rootToken = "the root token of the tests"

// service is the whole of Muster behind its API, on real parts.
type service struct {
	*httptest.Server
	t      testing.TB
	api    *API
	log    *events.Log
	models *projections.ReadModels
	clock  atomic.Int64 // added to the time
	stop   func()
}

// start opens Muster in a directory; it ends with the test, or with stop.
func start(t testing.TB, dir string, more ...func(*Options)) *service {
	t.Helper()
	const partitions = 2
	ctx := context.Background()
	quiet := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	metrics := prometheus.NewRegistry()
	s := &service{t: t}
	var err error
	s.log, err = events.Open(ctx, events.Options{Dir: dir, Partitions: partitions, Now: s.now, Logger: quiet, Metrics: metrics})
	if err != nil {
		t.Fatal(err)
	}
	options := projections.Options{Dir: dir, Partitions: partitions, Logger: quiet, Metrics: metrics}
	s.models, err = projections.Open(options)
	if errors.Is(err, projections.ErrNeedsRebuild) {
		if err = projections.Rebuild(ctx, s.log, options, nil); err == nil {
			s.models, err = projections.Open(options)
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	following, stopFollowing := context.WithCancel(ctx)
	followed := make(chan struct{})
	go func() {
		defer close(followed)
		if err := s.log.Follow(following, s.models.Checkpoints(), s.models.Apply); err != nil && following.Err() == nil {
			t.Error(err)
		}
	}()
	if err := s.log.Start(ctx, s.models); err != nil {
		t.Fatal(err)
	}
	o := Options{
		Log: s.log, Models: s.models, RootToken: rootToken, Version: "test", Logger: quiet,
		Metrics: metrics, Gatherer: metrics,
		Now: s.now,
	}
	for _, change := range more {
		change(&o)
	}
	s.api, err = New(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Server = httptest.NewServer(s.api)
	stopped := false
	s.stop = func() {
		if stopped {
			return
		}
		stopped = true
		s.api.Drain()
		s.Client().CloseIdleConnections()
		s.Close()
		stopFollowing()
		<-followed
		if err := errors.Join(s.models.Close(), s.log.Close()); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(s.stop)
	return s
}

// now is the time, moved by the clock.
func (s *service) now() time.Time { return time.Now().Add(time.Duration(s.clock.Load())) }

// answer is what came back.
type answer struct {
	t      testing.TB
	asked  string
	status int
	header http.Header
	body   []byte
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
	response, err := s.Client().Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{s.t, method + " " + path, response.StatusCode, response.Header, text}
}

func (s *service) root(method, path, body string, more ...string) answer {
	s.t.Helper()
	return s.as(rootToken, method, path, body, more...)
}

// want demands a status, and of a problem its code.
func (a answer) want(status int, code ...string) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: %d %s, want %d", a.asked, a.status, a.body, status)
	}
	if len(code) > 0 {
		if got := a.get("code"); got != code[0] {
			a.t.Fatalf("%s: code %s, want %s: %s", a.asked, got, code[0], a.body)
		}
		if got := a.header.Get("Content-Type"); got != "application/problem+json" {
			a.t.Fatalf("%s: a problem came as %s", a.asked, got)
		}
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
		switch step := step.(type) {
		case string:
			object, _ := value.(map[string]any)
			found, ok := object[step]
			if !ok {
				a.t.Fatalf("%s: there is no %v of %v in %s", a.asked, step, path, a.body)
			}
			value = found
		case int:
			list, _ := value.([]any)
			if step >= len(list) {
				a.t.Fatalf("%s: there is no %v of %v in %s", a.asked, step, path, a.body)
			}
			value = list[step]
		}
	}
	return fmt.Sprint(value)
}

// count answers how many items a list has.
func (a answer) count() int {
	a.t.Helper()
	var list struct {
		Items []any `json:"items"`
	}
	if err := json.Unmarshal(a.body, &list); err != nil {
		a.t.Fatal(err)
	}
	return len(list.Items)
}

// tenant is an organization with a workspace and tokens, as tests need it.
type tenant struct {
	org, ws string
	owner   string // of the organization, and of the workspace
	member  string // an editor of the workspace
	token   string // may do everything in the organization
	tokenID string
}

func (s *service) tenant(name string) tenant {
	s.t.Helper()
	x := tenant{owner: newText(), member: newText()}
	x.org = s.root("POST", "/v1/organizations", fmt.Sprintf(
		`{"name":%q,"owner":{"user_id":%q,"email":"owner@%s.example","name":{"first":"Olga","last":"Owner"}}}`,
		name, x.owner, strings.ToLower(name))).want(201).get("id")
	x.ws = s.root("POST", "/v1/organizations/"+x.org+"/workspaces", fmt.Sprintf(`{"name":"Main","owner_user_id":%q}`, x.owner)).want(201).get("id")
	s.root("POST", "/v1/workspaces/"+x.ws+"/members", fmt.Sprintf(
		`{"user_id":%q,"role":"editor","email":"ed@%s.example","name":{"first":"Ed","last":"Editor"}}`, x.member, strings.ToLower(name))).want(201)
	x.token, x.tokenID = s.issue(x.org, `"scopes":["all:all"]`)
	return x
}

// issue makes a token of an organization.
func (s *service) issue(org, fields string) (secret, id string) {
	s.t.Helper()
	issued := s.root("POST", "/v1/organizations/"+org+"/tokens", `{"name":"test",`+fields+`}`).want(201)
	return issued.get("secret"), issued.get("id")
}

// newText is a new id as text.
func newText() string { return domain.UserID(ids.New()).String() }

// organization is the organization's id.
func (x tenant) organization(t testing.TB) (id domain.OrganizationID) {
	t.Helper()
	if err := id.UnmarshalText([]byte(x.org)); err != nil {
		t.Fatal(err)
	}
	return id
}

// escape makes any text one segment of a path, or one value of a query.
func escape(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }
