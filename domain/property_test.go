package domain

import (
	"flag"
	"regexp"
	"runtime"
	"strconv"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// TestProperties decides random commands of random actors at random times. After each it
// checks the events against a model, and the state against a recount and a replay. The
// sequences are shared among the processors. At the end every command must have been both
// done and refused.
func TestProperties(t *testing.T) {
	all := tally{}
	var lock sync.Mutex
	t.Run("sequences", func(t *testing.T) {
		for n := range shareOut(t) {
			t.Run(strconv.Itoa(n), func(t *testing.T) {
				t.Parallel()
				mine := tally{}
				defer func() {
					lock.Lock()
					defer lock.Unlock()
					all.add(mine)
				}()
				rapid.Check(t, func(t *rapid.T) { sequence(t, mine) })
			})
		}
	})
	if !t.Failed() {
		all.check(t)
	}
}

// oftener matches the actions that are drawn more often: the most important ones, and
// those that are rarely possible.
var oftener = regexp.MustCompile(`member|restore|token`)

// sequence plays one sequence of commands.
func sequence(t *rapid.T, counts tally) {
	w := newWorld(t, counts)
	actions := map[string]func(*rapid.T){"": w.holds, "time passes": w.wait, "more time passes": w.wait, "still more time passes": w.wait}
	for name, draw := range w.commands() {
		ask := func(t *rapid.T) { w.ask(t, draw(t, w.meta(t))) }
		actions[name] = ask
		if oftener.MatchString(name) {
			actions[name+", once more"], actions[name+", and again"] = ask, ask
		}
	}
	for begun := w.asked; w.asked < begun+shortest; {
		t.Repeat(actions)
	}
	w.replays(t)
}

// shortest is how many commands a sequence has at least.
const shortest = 30

// Longer sequences by default: a member who is invited, accepts and is suspended needs
// several steps. There are enough that what is drawn reaches every rule, also where the race
// detector makes them slow.
func init() {
	for name, value := range map[string]string{"rapid.steps": "60", "rapid.checks": "1500"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
}

// shareOut returns the number of parallel tests among which the sequences are shared, and
// sets rapid's number of checks to each test's share.
func shareOut(t *testing.T) int {
	checks := flag.Lookup("rapid.checks")
	whole := checks.Value.String()
	n, err := strconv.Atoi(whole)
	if err != nil {
		t.Fatal(err)
	}
	parts := runtime.GOMAXPROCS(0)
	set := func(value string) {
		if err := checks.Value.Set(value); err != nil {
			t.Fatal(err)
		}
	}
	set(strconv.Itoa((n + parts - 1) / parts))
	t.Cleanup(func() { set(whole) })
	return parts
}
