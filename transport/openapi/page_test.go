package openapi

import (
	"bytes"
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
	for _, name := range []string{"reference.html", "problems.html", "pages.css", "styles.min.css"} {
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

// The samples of the reference leave out headers without a value. A script that does so in
// another way is noticed.
func TestSamplesWithoutEmptyHeaders(t *testing.T) {
	published := asset("web-components.min.js")
	script, err := withoutEmptyHeaders(published)
	if err != nil {
		t.Fatal(err)
	}
	const filter = `.filter(e=>""!==e.value)`
	if len(script) != len(published)+len(filter) || !bytes.Contains(script, []byte("f?f"+filter+":[]")) {
		t.Errorf("%d bytes became %d", len(published), len(script))
	}
	for _, other := range [][]byte{nil, script, append(published, published...)} {
		if _, err := withoutEmptyHeaders(other); err == nil {
			t.Errorf("a script of %d bytes was changed", len(other))
		}
	}
}
