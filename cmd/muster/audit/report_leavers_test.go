package audit

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-dev/muster/cmd/muster/client"
)

// A file of leavers is refused if the request would be too long, and only then.
func TestReadLeavers(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "leavers")
	read := func(text string) error {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		r := &reporting{leavers: path}
		err := r.readLeavers()
		if sent, _ := json.Marshal(r.body()); err == nil && len(sent) > client.MaxBody {
			t.Errorf("a file of %d bytes was taken, and its request has %d", len(text), len(sent))
		}
		return err
	}
	line := fmt.Sprintf("{\"email\": \"%s@acme.example\", \"left_at\": \"2026-03-05T17:00:00Z\"}\n", strings.Repeat("a", 37))
	for _, c := range []struct{ text, refusal string }{
		{strings.Repeat("a", client.MaxBody-len(`{"leavers":""}`)), ""},
		{strings.Repeat("a", client.MaxBody-len(`{"leavers":""}`)+1), "does not fit into a request of 1048576 bytes"},
		{strings.Repeat("a", 2*client.MaxBody), "does not fit into a request"},
		{strings.Repeat("é", client.MaxBody), "does not fit into a request"},     // cut within a letter
		{strings.Repeat(line, 990_000/len(line)), "does not fit into a request"}, // with escapes
		{strings.Repeat(line, 900_000/len(line)), ""},
		{"email,left_at\n\xff@acme.example,2026-03-05\n", "line 2 of " + path + " is not UTF-8"},
	} {
		if err := read(c.text); (err == nil) != (c.refusal == "") || err != nil && !strings.Contains(err.Error(), c.refusal) {
			t.Errorf("a file of %d bytes: %v, want %q", len(c.text), err, c.refusal)
		}
	}
}
