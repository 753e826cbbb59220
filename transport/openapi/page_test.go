package openapi

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"regexp"
	"strings"
	"testing"
)

// The vendored files are unchanged: they have the published checksums.
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

// Our pages and the vendored style sheet refer to no other host. The vendored script
// does, but the pages' policy keeps browsers from loading anything from there.
func TestPagesAskNobodyElse(t *testing.T) {
	outside := regexp.MustCompile(`(?i)(src|href|url)\s*[=(]\s*["']?(https?:)?//`)
	for _, name := range []string{"reference.html", "problems.html", "styles.min.css"} {
		if found := outside.Find(asset(name)); found != nil {
			t.Errorf("%s asks for %s", name, found)
		}
	}
	for _, directive := range strings.Split(PagePolicy, ";") {
		if strings.Contains(directive, "http") || strings.Contains(directive, "*") || strings.Contains(directive, "unsafe-eval") {
			t.Errorf("the pages' policy lets in %s", directive)
		}
	}
}
