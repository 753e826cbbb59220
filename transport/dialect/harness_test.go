package dialect

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/transport"
	"github.com/muster-dev/muster/transport/native"
	"github.com/muster-dev/muster/transport/transporttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const rootToken = transporttest.RootToken

// service is a running Muster with every dialect. No part of it is replaced for the
// tests. Its time only changes with the clock.
type service struct {
	*transporttest.Service
	t     testing.TB
	log   *events.Log
	clock atomic.Int64 // milliseconds
}

// start runs Muster until the test ends.
func start(t testing.TB, rateLimit int) *service {
	t.Helper()
	s := &service{t: t}
	s.clock.Store(time.Date(2026, 3, 5, 23, 9, 47, 281e6, time.UTC).UnixMilli())
	s.Service = transporttest.Start(t, t.TempDir(), s.now, func(*transporttest.Service) []transport.Face {
		face, err := native.Face(native.Options{Ready: func(context.Context) error { return nil }})
		if err != nil {
			t.Fatal(err)
		}
		return append([]transport.Face{face}, All()...)
	}, func(o *transport.Options) { o.RateLimit = rateLimit })
	s.log = s.Log
	return s
}

func (s *service) now() time.Time { return time.UnixMilli(s.clock.Load()) }

// run carries out commands without the API, so that a test can choose every id.
func (s *service) run(commands ...domain.Command) {
	s.t.Helper()
	for _, c := range commands {
		if _, err := s.log.Run(context.Background(), c); err != nil {
			s.t.Fatalf("%s: %v", c.CommandType(), err)
		}
	}
}

// answer is the service's answer to a request.
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

// get returns a value of the body as text. The path consists of field names and indexes.
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

// indented returns the body with indentation.
func (a answer) indented() string {
	var b bytes.Buffer
	if err := json.Indent(&b, a.body, "", "  "); err != nil {
		return string(a.body)
	}
	return b.String()
}

// tenant is an organization for tests, with a workspace.
type tenant struct {
	org, ws string
	owner   string // of the organization, and of the workspace
	member  string // an editor of the workspace
	// membership is the id of the editor's membership.
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

// token issues a token of an organization with these scopes and the additional fields.
func (s *service) token(org, scopes string, more ...string) string {
	s.t.Helper()
	fields := append([]string{`"name":"test"`, `"scopes":["` + strings.ReplaceAll(scopes, " ", `","`) + `"]`}, more...)
	return s.root("POST", "/v1/organizations/"+org+"/tokens", "{"+strings.Join(fields, ",")+"}").want(201).get("secret")
}

// bound returns the field that binds a token to a workspace.
func bound(ws string) string { return fmt.Sprintf(`"workspace_id":%q`, ws) }

func newText() string { return uuid.Must(uuid.NewV7()).String() }
