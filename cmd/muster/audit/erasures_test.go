package audit

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A copy of the ledger replaces an older one, and nothing else.
func TestReplaceLedger(t *testing.T) {
	ledger := "{1}\n{2}\n"
	for former, refusal := range map[string]string{
		"{1}\n": "", ledger: "", "": "",
		ledger + "{3}\n": "has more erasures than the ledger",
		"{1}\n{4}\n":     "is no older copy of this erasure ledger",
		"my thesis":      "is no older copy of this erasure ledger",
	} {
		path := filepath.Join(t.TempDir(), "copy")
		if err := os.WriteFile(path, []byte(former), 0o600); err != nil {
			t.Fatal(err)
		}
		want, err := ledger, replaceLedger(path, []byte(ledger))
		if refusal != "" {
			want = former
		}
		if text, _ := os.ReadFile(path); string(text) != want || (err == nil) != (refusal == "") || err != nil && !strings.Contains(err.Error(), refusal) {
			t.Errorf("%q became %q: %v", former, text, err)
		}
	}
	dir := t.TempDir()
	if err := replaceLedger(dir, nil); err == nil {
		t.Error("a directory was replaced")
	}
	if err := replaceLedger(filepath.Join(dir, "new"), []byte(ledger)); err != nil {
		t.Error(err)
	}
}
