package transport

import (
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
)

// oops is the form of the errors of the faces below.
type oops struct {
	Oops string `json:"oops"`
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

// Whatever fails behind a face's paths has the face's form, and nothing else has.
func TestFaceErrors(t *testing.T) {
	a, err := New(Options{Logger: slog.New(slog.DiscardHandler), Faces: []Face{testFace(
		Query(huma.Operation{OperationID: "panic", Path: "/test/panic", Security: public}, func(Call, *struct{}) (*StatusAnswer, error) { panic("inner matters") }),
		Query(huma.Operation{OperationID: "guarded", Path: "/test/guarded", Security: Scope("roles:read")}, func(Call, *struct{}) (*StatusAnswer, error) { return nil, nil }),
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
		{"GET /v1/self", `401 application/problem+json {"type":"/docs/problems#missing_token"`},
	} {
		method, path, _ := strings.Cut(c.request, " ")
		w := httptest.NewRecorder()
		a.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		if got := strings.Join([]string{w.Result().Status[:3], w.Header().Get("Content-Type"), w.Body.String()}, " "); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %s, want %s", c.request, got, c.want)
		}
	}
}
