package terminal

import (
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// A variable sets a flag that was not given, with the flag's own check, and the flag is
// still not changed.
func TestReadEnvironment(t *testing.T) {
	t.Setenv("MUSTER_NATS_URL", "from the environment")
	t.Setenv("MUSTER_COUNT", "7")
	t.Setenv("MUSTER_PLAIN", "ignored")
	read := func(arguments ...string) (natsURL, plain string, n int, f *pflag.FlagSet, err error) {
		n = 1
		f = pflag.NewFlagSet("test", pflag.ContinueOnError)
		f.StringVar(&natsURL, "nats-url", "", "")
		f.StringVar(&plain, "plain", "", "")
		f.Var(NewCount(&n, 9), "count", "")
		InEnvironment(f, "nats-url", "count")
		if err := f.Parse(arguments); err != nil {
			t.Fatal(err)
		}
		err = ReadEnvironment(f)
		return natsURL, plain, n, f, err
	}
	natsURL, plain, n, f, err := read()
	if err != nil || natsURL != "from the environment" || plain != "" || n != 7 || f.Changed("nats-url") {
		t.Errorf("%q, %q, %d, %t, %v", natsURL, plain, n, f.Changed("nats-url"), err)
	}
	if got := Variable(f.Lookup("nats-url")) + Variable(f.Lookup("plain")); got != "MUSTER_NATS_URL" {
		t.Errorf("the variables are %q", got)
	}
	if natsURL, _, _, _, err := read("--nats-url", "given"); err != nil || natsURL != "given" {
		t.Errorf("%q, %v", natsURL, err)
	}
	t.Setenv("MUSTER_NATS_URL", "")
	t.Setenv("MUSTER_COUNT", "10")
	if natsURL, _, n, _, err := read(); err == nil || natsURL != "" || n != 1 ||
		!strings.Contains(err.Error(), `invalid MUSTER_COUNT="10": a number from 1 to 9 is expected`) {
		t.Errorf("%q, %d, %v", natsURL, n, err)
	}
}
