package audit

import (
	"io"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// What a kind of report needs, and what it does not take, is said before a log is opened.
func TestReportRefusesFlags(t *testing.T) {
	t.Parallel()
	id := uuid.NewString()
	for line, want := range map[string]string{
		"who-has-access":                                `"who-has-access" is no kind of report: KIND is one of who-had-access, privileged, joiners-movers-leavers, revocations, access-review`,
		"access-review":                                 "access-review needs --review",
		"joiners-movers-leavers --to 0-7":               "joiners-movers-leavers needs --from",
		"revocations":                                   "revocations needs --leavers",
		"privileged --within 24h":                       "privileged does not take --within, only --as-of, --workspace",
		"who-had-access --from 0-7":                     "who-had-access does not take --from",
		"access-review --review ID --as-of 0-7":         "access-review does not take --as-of, only --review",
		"access-review --review ID --workspace ID":      "access-review does not take --workspace",
		"joiners-movers-leavers --from 0-7 --as-of 0-9": "joiners-movers-leavers does not take --as-of",
		"revocations --leavers f --review ID":           "revocations does not take --review",
		"privileged --as-of yesterday":                  "a position like 3-1042 is expected",
		"privileged --as-of 0-7@yesterday":              "a position like 3-1042 is expected",
		"privileged --as-of here@2026-03-05":            "a position like 3-1042 is expected",
		"privileged --as-of 0-7@2026-03-05":             "no Muster data directory",
		"privileged --as-of 2026-03-05T23:09:47.281Z":   "no Muster data directory",
		"privileged --as-of 0-0":                        "no Muster data directory",
	} {
		cmd := newReport()
		cmd.SetOut(io.Discard)
		cmd.SetErr(io.Discard)
		cmd.SetArgs(append(strings.Fields(strings.ReplaceAll(line, "ID", id)), "--data", "/nonexistent/missing", "--organization", id))
		if err := cmd.ExecuteContext(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", line, err, want)
		}
	}
}
