package transport

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
)

// oops is the form of errors of the faces in these tests.
type oops struct {
	Oops string `json:"oops" bounds:"code"`
}

func testFace(operations ...Operation) Face {
	return Face{
		Name: "test", Owns: []string{"/test"}, Title: "Test",
		Scheme: &huma.SecurityScheme{Type: "apiKey", In: "header", Name: "Authorization"},
		ErrorForm: func(p *Problem) ErrorAnswer {
			return ErrorAnswer{418, "application/teapot+json", &oops{p.Code}}
		},
		Operations: operations,
	}
}

// New does not change the faces that it serves, so a face can be served again.
func TestFaceIsServedTwice(t *testing.T) {
	face := testFace(Operation{
		ID: "get", Path: "/test/get", Reach: ReachPublic,
		Do: Query(func(*Call, *struct{}) (*struct{}, error) { return nil, nil }),
	})
	for range 2 {
		if _, err := New(Options{Logger: slog.New(slog.DiscardHandler), Faces: []Face{face}}); err != nil {
			t.Fatal(err)
		}
	}
}

// Every error below a face's own paths has the face's form, and no other error has it.
func TestFaceErrors(t *testing.T) {
	a, err := New(Options{Logger: slog.New(slog.DiscardHandler), Faces: []Face{testFace(
		Operation{
			ID: "panic", Path: "/test/panic", Reach: ReachPublic,
			Do: Query(func(*Call, *struct{}) (*struct{}, error) { panic("inner matters") }),
		},
		Operation{
			ID: "guarded", Path: "/test/guarded", Reach: ReachOrganization, Scope: "roles:read",
			Do: Query(func(*Call, *struct{}) (*struct{}, error) { return nil, nil }),
		},
	)}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ request, want string }{
		{"GET /test/panic", `418 application/teapot+json {"oops":"internal_error"}`},
		{"POST /test/panic", `418 application/teapot+json {"oops":"method_not_allowed"}`},
		{"GET /test/guarded", `418 application/teapot+json {"oops":"missing_token"}`},
		{"GET /test", `418 application/teapot+json {"oops":"not_found"}`},
		{"GET /test/", `418 application/teapot+json {"oops":"not_found"}`},
		{"GET /test/else", `418 application/teapot+json {"oops":"not_found"}`},
		{"GET /testing", `404 application/problem+json {"type":"/docs/problems#not_found"`},
	} {
		method, path, _ := strings.Cut(c.request, " ")
		w := httptest.NewRecorder()
		a.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		if got := strings.Join([]string{w.Result().Status[:3], w.Header().Get("Content-Type"), w.Body.String()}, " "); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %s, want %s", c.request, got, c.want)
		}
	}
}

// New fails if a field of a face declares no bounds.
func TestUndeclaredBounds(t *testing.T) {
	type answer struct {
		Body struct {
			Email string `json:"email"`
		}
	}
	_, err := New(Options{Logger: slog.New(slog.DiscardHandler), Faces: []Face{testFace(
		Operation{
			ID: "get-email", Path: "/test/email", Reach: ReachPublic,
			Do: Query(func(*Call, *struct{}) (*answer, error) { return nil, nil }),
		},
	)}})
	if err == nil || !strings.Contains(err.Error(), "Email declares no bounds") {
		t.Errorf("got %v", err)
	}
}

// New fails if an operation does not declare everything that it must.
func TestUndeclaredOperations(t *testing.T) {
	do := Query(func(*Call, *struct{}) (*struct{}, error) { return nil, nil })
	for _, c := range []struct {
		op   Operation
		want string
	}{
		{Operation{Scope: "roles:read", Do: do}, "declares no reach"},
		{Operation{Reach: ReachOrganization, Do: do}, "declares a scope"},
		{Operation{Reach: ReachPublic, Scope: "roles:read", Do: do}, "declares a scope"},
		{Operation{Reach: ReachOrganization, Scope: "roles:write", Do: do}, "there is no scope roles:write"},
		{Operation{Reach: ReachOrganization, Scope: "roles:read"}, "does nothing"},
		{Operation{Reach: ReachOrganization, Scope: "roles:read", Method: "POST", Do: do}, "method"},
	} {
		c.op.ID, c.op.Path = "some", "/test/some"
		_, err := New(Options{Logger: slog.New(slog.DiscardHandler), Faces: []Face{testFace(c.op)}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %s", c.op, err, c.want)
		}
	}
}

func TestPanics(t *testing.T) {
	pages := testFace()
	pages.ErrorForm, pages.CodesOf = ProblemForm, []string{"Problem", "FieldProblem"}
	pages.Pages = []Page{
		{Path: "/panics", Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("inner matters") })},
		{Path: "/panics/late", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(200)
			panic("inner matters")
		})},
	}
	a, err := New(Options{Logger: slog.New(slog.DiscardHandler), Faces: []Face{pages}})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	a.ServeHTTP(w, httptest.NewRequest("GET", "/panics", nil))
	if w.Code != 500 || !strings.Contains(w.Body.String(), `"code":"internal_error"`) || strings.Contains(w.Body.String(), "inner matters") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	// If a handler panics after the answer has begun, the connection is closed.
	defer func() {
		if cause, _ := recover().(error); !errors.Is(cause, http.ErrAbortHandler) {
			t.Errorf("recovered %v", cause)
		}
	}()
	a.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/panics/late", nil))
}
