package audit

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/events/wire"
)

// kinds are the kinds of reports, and what each of them is made from: of these flags it takes no
// others.
var kinds = []struct {
	name          string
	needs, allows []string
}{
	{"who-had-access", nil, []string{"as-of", "workspace"}},
	{"privileged", nil, []string{"as-of", "workspace"}},
	{"joiners-movers-leavers", []string{"from"}, []string{"to", "workspace"}},
	{kindRevocations, []string{"leavers"}, []string{"within", "as-of"}},
	{"access-review", []string{"review"}, nil},
}

// reportKinds returns the names of the kinds.
func reportKinds() []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.name
	}
	return names
}

// checkKind checks that there is such a kind of report, that the flags that it needs were set, and
// that none was set that only other kinds take. The service says the same of a request, but only
// once a log was read.
func checkKind(flags *pflag.FlagSet, kind string) error {
	i := slices.Index(reportKinds(), kind)
	if i < 0 {
		return terminal.Usage("%q is no kind of report: KIND is one of %s", kind, strings.Join(reportKinds(), ", "))
	}
	is := kinds[i]
	for _, name := range is.needs {
		if !flags.Changed(name) {
			return terminal.Usage("%s needs --%s", kind, name)
		}
	}
	takes := slices.Concat(is.needs, is.allows)
	for _, other := range kinds {
		for _, name := range slices.Concat(other.needs, other.allows) {
			if flags.Changed(name) && !slices.Contains(takes, name) {
				return terminal.Usage("%s does not take --%s, only --%s", kind, name, strings.Join(takes, ", --"))
			}
		}
	}
	return nil
}

// checkMoment checks a moment that the service resolves: a position, a time, or both as the query
// of a manifest has them.
func checkMoment(text string) error {
	position, clock, both := strings.Cut(text, "@")
	_, err := wire.ParsePosition(position)
	switch {
	case err == nil && both:
		_, err = terminal.ParseTime(clock)
	case err != nil && !both:
		_, err = terminal.ParseTime(text)
	}
	if err != nil {
		return errors.New("a position like 3-1042 is expected, or a time like 2026-03-05T23:09:47Z, or a day like 2026-03-05")
	}
	return nil
}
