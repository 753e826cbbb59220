package wire

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestEveryEventHasACodec finds the types of all events in the text of package domain. An
// event without a codec could be decided and not be written.
func TestEveryEventHasACodec(t *testing.T) {
	name := regexp.MustCompile(`func \((?:\w+ )?(\w+)\) EventType\(\) string \{\s*return "([^"]+)"\s*\}`)
	files, err := filepath.Glob("../../domain/*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, event := range name.FindAllStringSubmatch(string(text), -1) {
			found++
			if !Known(event[2]) {
				t.Errorf("domain.%s (%s) has no row in codecs", event[1], event[2])
			}
		}
	}
	if known := len(Types()); found != known {
		t.Errorf("%d events were found in domain, and codecs has %d rows: does the test still read the package right, and does every event have a type of its own?", found, known)
	}
}
