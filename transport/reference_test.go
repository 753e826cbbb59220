package transport

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/muster-dev/muster/transport/openapi"
)

// Every face has a page in the reference. It shows the face's document and links to the
// other pages.
func TestReferencePages(t *testing.T) {
	unnamed := testFace()
	unnamed.Name, unnamed.Owns = "", []string{"/"}
	for _, faces := range [][]Face{{unnamed}, {unnamed, testFace()}} {
		a, err := New(Options{Logger: slog.New(slog.DiscardHandler), Faces: faces, Version: "v1.2.3"})
		if err != nil {
			t.Fatal(err)
		}
		pages := map[string]string{"/docs": "/openapi.json"}
		for _, f := range faces[1:] {
			pages["/docs/"+f.Name] = "/openapi/" + f.Name + ".json"
		}
		for path, document := range pages {
			w := httptest.NewRecorder()
			a.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
			page := w.Body.String()
			if w.Code != 200 || !strings.Contains(page, `apiDescriptionUrl="`+document+`"`) || w.Header().Get("Content-Security-Policy") != openapi.PagePolicy {
				t.Errorf("%s: %d %v\n%s", path, w.Code, w.Header(), page)
			}
			if links := regexp.MustCompile(`<a href="(/docs[^"]*)">`).FindAllStringSubmatch(page, -1); len(links) != len(pages) { // to the others, and to the problems

				t.Errorf("%s leads to %q", path, links)
			}
			for other := range pages {
				if strings.Contains(page, `<a href="`+other+`">`) == (other == path) {
					t.Errorf("%s: does it lead to %s?\n%s", path, other, page)
				}
			}
			for _, part := range []string{`<meta name="viewport"`, "Version v1.2.3", "Authorization: Bearer $TOKEN", openapi.GuidesURL, `<a href="/docs/problems">`, `<link rel="icon"`} {
				if !strings.Contains(page, part) {
					t.Errorf("%s has no %s", path, part)
				}
			}
			for _, file := range regexp.MustCompile(`(?:src|rel="(?:icon|stylesheet)"[^>]* href)="([^"]+)"`).FindAllStringSubmatch(page, -1) {
				w := httptest.NewRecorder()
				if a.ServeHTTP(w, httptest.NewRequest("GET", file[1], nil)); w.Code != 200 || w.Header().Get("Content-Type") == "" {
					t.Errorf("%s needs %s: %d", path, file[1], w.Code)
				}
			}
			w = httptest.NewRecorder()
			if a.ServeHTTP(w, httptest.NewRequest("GET", document, nil)); w.Code != 200 {
				t.Errorf("%s: %d", document, w.Code)
			}
		}
	}
}

// If a document cannot be rendered, the request is refused with a problem, and the reason
// is logged.
func TestBrokenReference(t *testing.T) {
	var log bytes.Buffer
	a, err := New(Options{Logger: slog.New(slog.NewTextHandler(&log, nil)), Faces: []Face{testFace()}})
	if err != nil {
		t.Fatal(err)
	}
	outside := &face{Face: Face{ErrorForm: ProblemForm}, engine: a.engine}
	outside.showReference(openapi.Page{
		Path: "/broken.json", MediaType: "application/json", Content: func() ([]byte, error) { return nil, errors.New("inner matters") },
	})
	w := httptest.NewRecorder()
	a.ServeHTTP(w, httptest.NewRequest("GET", "/broken.json", nil))
	if w.Code != 500 || w.Header().Get("Content-Type") != "application/problem+json" || !strings.Contains(w.Body.String(), `"code":"internal_error"`) ||
		strings.Contains(w.Body.String(), "inner matters") {
		t.Errorf("%d %v\n%s", w.Code, w.Header(), w.Body)
	}
	if !strings.Contains(log.String(), "inner matters") {
		t.Errorf("the log has %q", log.String())
	}
}
