package main

import (
	"io"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/muster-dev/muster/cmd/muster/terminal"
)

// eachCommand calls f with every command of muster.
func eachCommand(cmd *cobra.Command, f func(*cobra.Command)) {
	f(cmd)
	for _, below := range cmd.Commands() {
		eachCommand(below, f)
	}
}

// No flag of any command takes an empty text, or the zero id or time, which mean "none"
// inside Muster.
func TestFlagsRefuseWhatMeansNone(t *testing.T) {
	t.Parallel()
	nothing := map[string][]string{
		"id":            {uuid.Nil.String()},
		"time":          {"0001-01-01", "0001-01-01T01:00:00+01:00"},
		"time|position": {"0001-01-01", "0001-01-01T00:00:00Z", "0-0", "3-0"},
	}
	seen := map[string]int{}
	eachCommand(newRoot(), func(cmd *cobra.Command) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			kind := f.Value.Type()
			seen[kind]++
			for _, text := range append(nothing[kind], "") {
				if err := f.Value.Set(text); err == nil {
					t.Errorf("%s --%s=%q is taken", cmd.CommandPath(), f.Name, text)
				}
			}
		})
	})
	for kind, least := range map[string]int{"id": 9, "time": 1, "time|position": 2, "string": 10} {
		if seen[kind] < least {
			t.Errorf("%d flags are of the kind %s", seen[kind], kind)
		}
	}
}

// The refusal names the flag or the argument, and is one of usage.
func TestRefusalNamesTheFlag(t *testing.T) {
	t.Parallel()
	id := uuid.NewString()
	for _, c := range []struct{ line, want string }{
		{"token list --organization " + id + " --token=", "--token"},
		{"token issue --name x --scope a:b --organization " + uuid.Nil.String(), "--organization"},
		{"token issue --name x --scope a:b --organization " + id + " --user " + uuid.Nil.String(), "--user"},
		{"token issue --name x --scope= --organization " + id, "--scope"},
		{"token rotate --organization " + id + " " + uuid.Nil.String(), "TOKEN_ID: the nil UUID"},
		{"token revoke --organization " + id + " " + uuid.Nil.String(), "TOKEN_ID: the nil UUID"},
		{"audit replay --organization " + id + " --from 0001-01-01", "0001-01-01T00:00:00Z is not taken"},
		{"audit replay --organization " + id + " --to 0-0", "--to"},
		{"serve --dialects=", "--dialects"},
		{"import --workspace " + id, "muster: FILE is missing\n"},
		{"import a.csv b.csv --workspace " + id, "muster: one FILE is expected, and there are 2\n"},
		{"token rotate --organization " + id, "muster: TOKEN_ID is missing\n"},
		{"token revoke --organization " + id, "muster: TOKEN_ID is missing\n"},
	} {
		var stderr strings.Builder
		if status := run(strings.Fields(c.line), io.Discard, &stderr); status != terminal.StatusUsage || !strings.Contains(stderr.String(), c.want) {
			t.Errorf("muster %s exits with %d: %s", c.line, status, stderr.String())
		}
	}
}
