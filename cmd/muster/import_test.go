package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// If a thousand lines do not fit into one commit, the import sends smaller batches. A
// dry run reports the same.
func TestImportOfLongLines(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := serving(t, dir, nativeOnly)
	s := p.api.found()
	const people = 1_501
	var lines strings.Builder
	lines.WriteString("user_id,email,first_name,last_name,avatar_url,role\n")
	for i := range people {
		fmt.Fprintf(&lines, "%s,person%d@example.com,First,Last,https://example.com/%s.png,editor\n", uuid.NewString(), i, strings.Repeat("x", 500))
	}
	file := filepath.Join(t.TempDir(), "people.csv")
	if err := os.WriteFile(file, []byte(lines.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, run := range []struct {
		more, want string
		members    int
	}{
		{"--dry-run", "1501 would be added, 0 would be invited, 0 rejected", 1},
		{"--batch=1000", "1501 added, 0 invited, 0 rejected", people + 1},
	} {
		status, text := says(t, "import", file, "--url", p.api.url, "--token", processToken, "--workspace", s.ws, run.more, "--log-level", "error")
		if status != 0 || !strings.Contains(text, run.want) {
			t.Errorf("import %s exits with %d: %s", run.more, status, text)
		}
		if got := len(p.api.list(s)); got != run.members {
			t.Errorf("after import %s there are %d members, not %d", run.more, got, run.members)
		}
	}
	// There are few commits, because the size that fits is kept.
	commits := map[string]int{}
	for _, text := range p.api.history(s) {
		if e := parseEvent(t, text); e.Type == "muster.member.added" {
			commits[e.Command]++
		}
	}
	if len(commits) > 8 {
		t.Errorf("%d commits", len(commits))
	}
	p.stop()
}
