package domain

import (
	"errors"
	"strings"
	"testing"
)

// tally counts the results of the commands of random sequences, by the command's name.
type tally map[string]*results

// results are how often a command was done, changed nothing or was refused. The map why
// counts the refusals by the rule or the code of the field.
type results struct {
	done, idle, refused int
	why                 map[string]int
}

func (a tally) of(command string) *results {
	if a[command] == nil {
		a[command] = &results{why: map[string]int{}}
	}
	return a[command]
}

func (a tally) count(c Command, events []Event, err error) {
	o := a.of(c.CommandType())
	switch {
	case err != nil:
		o.refused++
		o.why[rule(err)]++
	case len(events) > 0:
		o.done++
	default:
		o.idle++
	}
}

func (a tally) add(b tally) {
	for command, more := range b {
		o := a.of(command)
		o.done, o.idle, o.refused = o.done+more.done, o.idle+more.idle, o.refused+more.refused
		for why, n := range more.why {
			o.why[why] += n
		}
	}
}

// rule returns the name of the rule that an error says is broken.
func rule(err error) string {
	var invalid *InvalidError
	if errors.As(err, &invalid) {
		return "code " + invalid.Code
	}
	for _, rule := range rules {
		if errors.Is(err, rule) {
			return "error " + rule.Error()
		}
	}
	return err.Error()
}

// hundredth takes more subscriptions than a sequence has commands.
var hundredth = "error " + ErrTooManySubscriptions.Error()

// check fails the test unless every command of the package was both done and refused, and
// every rule was broken.
func (a tally) check(t *testing.T) {
	promised, broken := promises(t), map[string]int{}
	for _, o := range a {
		for why, n := range o.why {
			broken[why] += n
		}
	}
	for what := range promised {
		name, isCommand := strings.CutPrefix(what, "command ")
		if isCommand {
			o := a.of(name)
			t.Logf("%-28s %8d done %8d changed nothing %8d refused", name, o.done, o.idle, o.refused)
			if o.done == 0 || o.refused == 0 {
				t.Errorf("%s was done %d times and refused %d times: what is drawn must reach both", name, o.done, o.refused)
			}
		}
		if strings.HasPrefix(what, "error ") && broken[what] == 0 && what != hundredth {
			t.Errorf("no command was refused with %s", what)
		}
	}
	for why, n := range broken {
		t.Logf("%8d %s", n, why)
	}
}
