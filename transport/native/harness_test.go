package native

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"go.uber.org/goleak"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/transport"
	"github.com/muster-dev/muster/transport/ids"
	"github.com/muster-dev/muster/transport/transporttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const rootToken = transporttest.RootToken

// service is a running Muster with its API. No part of it is replaced for the tests.
type service struct {
	*transporttest.Service
	t     testing.TB
	api   *transport.API
	log   *events.Log
	clock atomic.Int64 // added to the real time
	// notReady is the reason that /readyz gives. It is nil if the service is ready.
	notReady atomic.Pointer[error]
}

// settings are the options that a test can change.
type settings struct {
	transport.Options
	native Options
	more   []transport.Operation // of the face
}

// start runs Muster on the data in the directory, until the test ends or until stop.
func start(t testing.TB, dir string, more ...func(*settings)) *service {
	t.Helper()
	s := &service{t: t}
	o := settings{native: Options{Version: "test"}}
	for _, change := range more {
		change(&o)
	}
	s.Service = transporttest.Start(t, dir, s.now, func(opened *transporttest.Service) []transport.Face {
		o.native.Metrics, o.native.Gatherer, o.native.Deliverer = opened.Metrics, opened.Metrics, opened.Deliverer
		o.native.Ready = func(ctx context.Context) error {
			if reason := s.notReady.Load(); reason != nil {
				return *reason
			}
			return opened.Log.Ready(ctx)
		}
		face, err := Face(o.native)
		if err != nil {
			t.Fatal(err)
		}
		face.Operations = append(face.Operations, o.more...)
		return []transport.Face{face}
	}, func(opened *transport.Options) {
		opened.RateLimit, opened.OIDC, opened.Origins = o.RateLimit, o.OIDC, o.Origins
		if o.Logger != nil {
			opened.Logger = o.Logger
		}
		if o.Now != nil {
			opened.Now = o.Now
		}
		if o.NewID != nil {
			opened.NewID = o.NewID
		}
	})
	s.api, s.log = s.API, s.Log
	return s
}

// stop stops the service before the test ends.
func (s *service) stop() { s.Stop() }

// now returns the real time, moved by the clock.
func (s *service) now() time.Time { return time.Now().Add(time.Duration(s.clock.Load())) }

// answer is the service's answer to a request.
type answer struct {
	t      testing.TB
	asked  string
	status int
	header http.Header
	body   []byte
}

// as sends a request with a token. The body is JSON, or empty for none.
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

// want demands the status, and the code if the answer is a problem.
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

// get returns a value of the body as text. The path consists of field names and indexes.
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

// decode reads the body.
func (a answer) decode(to any) {
	a.t.Helper()
	if err := json.Unmarshal(a.body, to); err != nil {
		a.t.Fatalf("%s: %v: %s", a.asked, err, a.body)
	}
}

// count returns how many items the list in the body has.
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

// tenant is an organization for tests, with a workspace and tokens.
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

// issue issues a token of an organization.
func (s *service) issue(org, fields string) (secret, id string) {
	s.t.Helper()
	issued := s.root("POST", "/v1/organizations/"+org+"/tokens", `{"name":"test",`+fields+`}`).want(201)
	return issued.get("secret"), issued.get("id")
}

// newText returns a new id as text.
func newText() string { return domain.UserID(ids.New()).String() }

// organization returns the organization's id.
func (x tenant) organization(t testing.TB) (id domain.OrganizationID) {
	t.Helper()
	if err := id.UnmarshalText([]byte(x.org)); err != nil {
		t.Fatal(err)
	}
	return id
}

// escape escapes a text so that it is one segment of a path or one value of a query.
func escape(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }
