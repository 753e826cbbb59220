package store

import (
	"os"
	"path/filepath"
	"testing"
)

// A marker that cannot be read is an error in Muster's own words, which says what to do.
func TestDamagedMarker(t *testing.T) {
	for _, text := range []string{
		"", "{", "\x00\x00", `{"format":"1"}`, `[]`,
		`{"format": 1, "mode": "embedded", "partitions": 0, "log": "a"}`, `{"format": 1, "mode": "embedded", "partitions": -1, "log": "a"}`,
		`{"format": 1, "mode": "embedded", "partitions": 1000000, "log": "a"}`, `{"format": 1, "mode": "neither", "partitions": 1, "log": "a"}`,
		`{"format": 1, "mode": "embedded", "partitions": 1}`,
	} {
		d := directory{path: t.TempDir()}
		name := filepath.Join(d.path, markerFile)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		want := name + " is damaged: delete it, and the next start writes it again from the log"
		if _, _, err := d.marker(); err == nil || err.Error() != want {
			t.Errorf("%q: %v", text, err)
		}
	}
}
