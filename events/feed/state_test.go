package feed

import "testing"

// A publisher goes from state to state as their names say.
func TestTransitions(t *testing.T) {
	for _, c := range []struct {
		from state
		in   []input
		to   state
	}{
		{unknown, []input{nothing}, unknown},
		{unknown, []input{complete}, current},
		{unknown, []input{theirs}, waiting},
		{unknown, []input{lost}, missing},
		{current, []input{nothing}, current},
		{current, []input{theirs}, waiting},
		{current, []input{theirs, complete}, current}, // announced, or published here after all
		{current, []input{conflicted}, waiting},
		{current, []input{conflicted, complete}, current},
		{current, []input{erred}, failed},
		{current, []input{lost}, missing},
		{waiting, []input{theirs}, waiting},
		{waiting, []input{lost}, missing},
		{waiting, []input{erred}, failed},
		{missing, []input{nothing}, missing},
		{missing, []input{lost}, missing},
		{missing, []input{complete}, current},
		{missing, []input{conflicted}, waiting}, // another process makes it again
		{missing, []input{erred}, failed},
		{failed, []input{theirs}, failed},
		{failed, []input{erred}, failed},
		{failed, []input{lost}, missing},
		{failed, []input{complete}, current},
	} {
		s := c.from
		for _, in := range c.in {
			s = s.next(in)
		}
		if s != c.to {
			t.Errorf("state %d after %v is %d, not %d", c.from, c.in, s, c.to)
		}
	}
}

// A state does not change without an input, every state ends in current when the feed is
// complete, and every state but current ends by itself.
func TestStates(t *testing.T) {
	for s := range states {
		if s.next(nothing) != s {
			t.Errorf("state %d changes by itself", s)
		}
		if s.next(complete) != current || s.next(erred) != failed || s.next(lost) != missing {
			t.Errorf("state %d hides what a look has found", s)
		}
		if _, ends := s.pause(); ends == (s == current) {
			t.Errorf("state %d has a timer: %t", s, ends)
		}
		if s.listens() && !s.publishes() {
			t.Errorf("state %d believes announcements but does not publish", s)
		}
	}
	if missing.publishes() || unknown.publishes() {
		t.Error("something is published to a feed that is not known")
	}
}
