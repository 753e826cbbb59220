package subscription

import (
	"slices"
	"testing"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/store"
)

// A changed filter applies to what comes after the change, whenever a node follows it, and if
// several changes are followed as one, to what comes after the first of them.
func TestFilterChangesThatAreFollowedLater(t *testing.T) {
	nothing := all(1)
	nothing.Types = []string{"muster.role.created"}
	everything, workspaces := nothing, nothing
	everything.Types, workspaces.Types = nil, []string{"muster.workspace.created"}
	for name, test := range map[string]struct {
		changes []Spec
		first   uint64
	}{
		"one":                 {[]Spec{everything}, 10},
		"two":                 {[]Spec{workspaces, everything}, 10},
		"two that widen late": {[]Spec{everything, workspaces}, 12},
		"a new name first":    {[]Spec{nothing, everything}, 13},
		"another one's first": {[]Spec{func(s Spec) Spec { s.ID = domain.SubscriptionID{9}; return s }(workspaces), everything}, 13},
		"too many":            {append(slices.Repeat([]Spec{nothing}, mostChanges), everything), 1},
	} {
		t.Run(name, func(t *testing.T) {
			n := start(t, store.Options{Dir: t.TempDir()}, quick())
			n.write(t, 9)
			must(t, n.Ensure(t.Context(), nothing))
			var spec Spec
			for _, s := range test.changes {
				spec = n.update(t, s)
				n.write(t, 2)
			}
			n.write(t, 4)
			resumed := spec
			resumed.Resumed, resumed.Version = n.tip.Number, n.tip.Number
			to := newReceiver()
			n.deliver(t, resumed, to)
			if got := to.until(t, "the first one", func(got []uint64) bool { return len(got) > 0 }); got[0] != test.first {
				t.Errorf("event %d is delivered first, not %d", got[0], test.first)
			}
		})
	}
}
