package dialect

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/transport"
	"github.com/muster-dev/muster/transport/ids"
)

// forms maps each dialect to a check of an error's form.
var forms = map[string]func(status int, contentType string, body map[string]any) error{
	"instantly": func(status int, contentType string, body map[string]any) error {
		if got := slices.Sorted(maps.Keys(body)); !slices.Equal(got, []string{"error", "message", "statusCode"}) {
			return fmt.Errorf("the fields are %s", got)
		}
		if contentType != "application/json" || body["statusCode"] != float64(status) || body["error"] == "" || body["message"] == "" {
			return fmt.Errorf("%s with statusCode %v", contentType, body["statusCode"])
		}
		return nil
	},
	"transactionlink": func(_ int, contentType string, body map[string]any) error {
		if got := slices.Sorted(maps.Keys(body)); !slices.Equal(got, []string{"errors", "fingerprint"}) {
			return fmt.Errorf("the fields are %s", got)
		}
		errors, _ := body["errors"].([]any)
		if contentType != "application/json" || body["fingerprint"] == "" || len(errors) == 0 {
			return fmt.Errorf("%s with fingerprint %v and %d errors", contentType, body["fingerprint"], len(errors))
		}
		for _, e := range errors {
			if e, ok := e.(map[string]any); !ok || len(e) != 2 || e["code"] == nil || e["code"] == "" || e["message"] == nil || e["message"] == "" {
				return fmt.Errorf("an error is %v", e)
			}
		}
		return nil
	},
	"teamwork": func(status int, contentType string, body map[string]any) error {
		if got := slices.Sorted(maps.Keys(body)); !slices.Equal(got, []string{"detail", "instance", "status", "title", "type"}) {
			return fmt.Errorf("the fields are %s", got)
		}
		if contentType != "application/problem+json" || body["status"] != float64(status) || body["type"] == "" || body["title"] == "" || body["detail"] == "" || body["instance"] == "" {
			return fmt.Errorf("%s with status %v", contentType, body["status"])
		}
		return nil
	},
	"attio": func(status int, contentType string, body map[string]any) error {
		if got := slices.Sorted(maps.Keys(body)); !slices.Equal(got, []string{"code", "message", "status_code", "type"}) {
			return fmt.Errorf("the fields are %s", got)
		}
		if contentType != "application/json" || body["status_code"] != float64(status) || body["type"] == "" || body["code"] == "" || body["message"] == "" {
			return fmt.Errorf("%s with status_code %v", contentType, body["status_code"])
		}
		return nil
	},
}

// refused demands the status, and an error in the form of the face.
func (a answer) refused(f transport.Face, status int) answer {
	a.t.Helper()
	var body map[string]any
	if err := json.Unmarshal(a.body, &body); err != nil {
		a.t.Fatalf("%s: %v: %s", a.asked, err, a.body)
	}
	if err := forms[f.Name](a.status, a.header.Get("Content-Type"), body); err != nil {
		a.t.Errorf("%s: %v: %s", a.asked, err, a.body)
	}
	if a.status != status {
		a.t.Errorf("%s: %d %s, want %d", a.asked, a.status, a.body, status)
	}
	if a.header.Get("X-Request-Id") == "" {
		a.t.Errorf("%s: there is no X-Request-Id", a.asked)
	}
	return a
}

// Every error on a dialect's paths has the dialect's form.
func TestErrorForms(t *testing.T) {
	s := start(t, 0)
	x := s.tenant("Acme")
	revoked := s.root("POST", "/v1/organizations/"+x.org+"/tokens", `{"name":"revoked","scopes":["all:all"]}`).want(201)
	s.root("DELETE", "/v1/organizations/"+x.org+"/tokens/"+revoked.get("id"), "").want(204)
	for _, f := range All() {
		for _, path := range f.Owns {
			for _, below := range []string{"", "/", "/nothing", "/nothing/of/the/kind"} {
				s.as("", "GET", path+below, "").refused(f, 404)
			}
		}
	}
	for _, op := range operations(t) {
		token, f, path := s.widest(op, x), op.face, fill(op.path, x.things())
		if allow := s.as(token, "FROB", path, "").refused(f, 405).header.Get("Allow"); !strings.Contains(allow, op.method) {
			t.Errorf("%s: Allow: %s", op.named(), allow)
		}
		s.as("", op.method, path, "").refused(f, 401)
		s.as("noise", op.method, path, "").refused(f, 401)
		s.as(revoked.get("secret"), op.method, path, "").refused(f, 401)
		s.as(token, op.method, path+"?frob=1", "").refused(f, s.invalid(f))
		if strings.Contains(op.path, "{") {
			s.as(token, op.method, thing.ReplaceAllString(op.path, "%2A.%3E"), "").refused(f, s.invalid(f))
		}
		if op.method == "GET" {
			s.as(token, op.method, path, "", "Muster-Min-Position", "0-999999").refused(f, s.invalid(f))
			continue
		}
		s.as(token, op.method, path, tenancy[op.named()].body, "If-Match", "*", "If-None-Match", "frob").refused(f, s.invalid(f))
		if op.RequestBody == nil {
			continue
		}
		s.as(token, op.method, path, "").refused(f, 400)
		s.as(token, op.method, path, "{").refused(f, 400)
		s.as(token, op.method, path, "[]").refused(f, s.invalid(f))
		s.as(token, op.method, path, `{"x":1,"x":2}`).refused(f, s.invalid(f))
		s.as(token, op.method, path, "a=b", "Content-Type", "application/x-www-form-urlencoded").refused(f, 415)
		s.as(token, op.method, path, `{"x":"`+strings.Repeat("x", 1<<20)+`"}`).refused(f, 413)
	}
}

// On a node that lags behind, every query for a position of another node has to wait. Then
// it is refused in the dialect's form.
func TestLaggingNode(t *testing.T) {
	s := start(t, 0)
	x := s.tenant("Acme")
	type asked struct {
		operation
		token, path string
	}
	var all []asked
	for _, op := range operations(t) {
		if op.method == "GET" {
			all = append(all, asked{op, s.widest(op, x), fill(op.path, x.things())})
		}
	}
	another := s.Another(t)
	resume := s.Pause(t)
	var org domain.OrganizationID
	if err := org.UnmarshalText([]byte(x.org)); err != nil {
		t.Fatal(err)
	}
	done, err := another.Run(context.Background(), domain.RenameOrganization{Meta: domain.Meta{
		ID: ids.New(), Organization: org, Actor: domain.Actor{Kind: domain.ActorSystem, ID: "root"},
	}, Name: "Renamed"})
	if err != nil {
		t.Fatal(err)
	}
	var waiting sync.WaitGroup
	for _, a := range all {
		waiting.Go(func() {
			s.as(a.token, a.method, a.path, "", "Muster-Min-Position", done.Position.String()).refused(a.face, 503)
		})
	}
	waiting.Wait()
	resume()
	for _, a := range all {
		s.as(a.token, a.method, a.path, "", "Muster-Min-Position", done.Position.String()).want(200)
	}
}

// invalid returns the dialect's status for errors that are 422 in the native API.
func (s *service) invalid(f transport.Face) int {
	return f.ErrorForm(&transport.Problem{Status: 422}).Status
}

// A token that sends too many requests gets an error in the dialect's form.
func TestRateLimit(t *testing.T) {
	s := start(t, 20)
	x := s.tenant("Acme")
	for _, f := range All() {
		path, token := "", s.token(x.org, "all:all", bound(x.ws))
		for _, op := range operations(t) {
			if op.face.Name == f.Name && op.method == "GET" {
				path = fill(op.path, x.things())
			}
		}
		for range 20 {
			s.as(token, "GET", path, "").want(200)
		}
		if got := s.as(token, "GET", path, "").refused(f, 429); got.header.Get("Retry-After") == "" {
			t.Error("there is no Retry-After")
		}
		s.clock.Add(2000)
	}
}
