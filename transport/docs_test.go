package transport

import (
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
)

// The vendored files are as published.
func TestVendoredFiles(t *testing.T) {
	sums, err := os.ReadFile("docs/SHA256SUMS")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(sums)), "\n")
	if len(lines) != 4 {
		t.Errorf("%d files have a hash, want 4", len(lines))
	}
	for _, line := range lines {
		want, name, _ := strings.Cut(line, "  ")
		content, err := os.ReadFile("docs/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != want {
			t.Errorf("%s is not what was published", name)
		}
	}
}

// Every face has a page of the reference, which shows its document and leads to the
// others'.
func TestReferencePages(t *testing.T) {
	for _, faces := range [][]Face{nil, {testFace()}} {
		a, err := New(Options{Logger: slog.New(slog.DiscardHandler), Faces: faces})
		if err != nil {
			t.Fatal(err)
		}
		pages := map[string]string{"/docs": "/openapi.json"}
		for _, f := range faces {
			pages["/docs/"+f.Name] = "/openapi/" + f.Name + ".json"
		}
		for path, document := range pages {
			w := httptest.NewRecorder()
			a.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
			page := w.Body.String()
			if w.Code != 200 || !strings.Contains(page, `apiDescriptionUrl="`+document+`"`) || w.Header().Get("Content-Security-Policy") != referencePolicy {
				t.Errorf("%s: %d %v\n%s", path, w.Code, w.Header(), page)
			}
			if links := regexp.MustCompile(`<a href="(/docs[^"]*)">`).FindAllStringSubmatch(page, -1); len(links) != len(pages)-1 {
				t.Errorf("%s leads to %q", path, links)
			}
			for other := range pages {
				if strings.Contains(page, `<a href="`+other+`">`) == (other == path) {
					t.Errorf("%s: does it lead to %s?\n%s", path, other, page)
				}
			}
			if strings.Contains(page, "<nav") != (len(pages) > 1) {
				t.Errorf("%s: there is a choice of %d", path, len(pages))
			}
			w = httptest.NewRecorder()
			if a.ServeHTTP(w, httptest.NewRequest("GET", document, nil)); w.Code != 200 {
				t.Errorf("%s: %d", document, w.Code)
			}
		}
	}
}

// Our pages and the vendored style sheet name nothing outside. What the vendored
// script names is kept from being asked for by the pages' policy.
func TestPagesAskNobodyElse(t *testing.T) {
	outside := regexp.MustCompile(`(?i)(src|href|url)\s*[=(]\s*["']?(https?:)?//`)
	for _, name := range []string{"reference.html", "problems.html", "styles.min.css"} {
		if found := outside.Find(asset(name)); found != nil {
			t.Errorf("%s asks for %s", name, found)
		}
	}
	for _, directive := range strings.Split(referencePolicy, ";") {
		if strings.Contains(directive, "http") || strings.Contains(directive, "*") || strings.Contains(directive, "unsafe-eval") {
			t.Errorf("the pages' policy lets in %s", directive)
		}
	}
}
