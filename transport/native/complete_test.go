package native

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// elsewhereRun maps the commands that no operation of the native API runs to the directory
// of the package that runs them.
var elsewhereRun = map[string]string{
	"PutMemberRole":  "../dialect/transactionlink", // a role that replaces another one and leaves the other terms
	"ExpireMember":   "../worker",                  // nobody asks for the end of a membership that ends by itself
	"FinishErasure":  "../worker",                  // nobody asks for it: the key is destroyed first
	"EndMemberships": "../worker",                  // Muster records what the removal of a user has ended

	"TakeOrganizationRole": "../../domain", // undoes an event
}

// TestEveryCommandHasAnOperation finds all commands in the text of package domain, and in
// the text of this package those that its handlers make. The linter tells whether a handler
// is in no table of operations.
func TestEveryCommandHasAnOperation(t *testing.T) {
	declared := regexp.MustCompile(`func \((?:\w+ )?(\w+)\) CommandType\(\) string`)
	made := regexp.MustCompile(`\b(?:domain\.|Undoing\{)(\w+)\{`)
	commands := inSource(t, "../../domain", declared)
	if len(commands) < 25 {
		t.Fatalf("only %d commands were found: does the test still read the package right?", len(commands))
	}
	native := inSource(t, ".", made)
	for _, command := range commands {
		dir, elsewhere := elsewhereRun[command]
		switch run := slices.Contains(native, command); {
		case run && elsewhere:
			t.Errorf("an operation runs domain.%s, and so it need not be in elsewhereRun", command)
		case !run && !elsewhere:
			t.Errorf("no operation runs domain.%s", command)
		case elsewhere && !slices.Contains(inSource(t, dir, made), command):
			t.Errorf("%s does not run domain.%s", dir, command)
		}
	}
}

// inSource returns the first groups of all matches in a package, without its tests.
func inSource(t *testing.T, dir string, pattern *regexp.Regexp) (found []string) {
	t.Helper()
	files, err := filepath.Glob(dir + "/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range pattern.FindAllStringSubmatch(string(text), -1) {
			found = append(found, match[1])
		}
	}
	return found
}

// withoutRule are operations that are no GET and yet need no row in the table of who may do
// what.
var withoutRule = []string{
	"check-access", "batch-check-access", "issue-event-ticket", "ping-subscription", // they change nothing, and TestScopes tries their tokens
	"report-revocations", "report-revocations-manifest",
	"accept-invitation", // who has the secret may
}

// Every operation that changes something has a row in the table of who may do what.
func TestEveryWriteHasARule(t *testing.T) {
	ruled := make(map[string]bool)
	for _, r := range rules {
		ruled[r.op] = true
	}
	for _, op := range documented(t).Operations() {
		if op.Method == http.MethodGet || slices.Contains(withoutRule, op.OperationID) {
			continue
		}
		if !ruled[op.OperationID] {
			t.Errorf("%s has no row in the table of rules", op.OperationID)
		}
	}
}
