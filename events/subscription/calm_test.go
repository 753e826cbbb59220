package subscription

import (
	"testing"

	"github.com/muster-dev/muster/events/store"
)

// Only those are disturbed who use the consumer that may have been lost.
func TestWhoIsDisturbed(t *testing.T) {
	n := start(t, store.Options{Dir: t.TempDir()}, quick())
	first, stopFirst := n.untilDisturbed("first")
	again, stopAgain := n.untilDisturbed("first")
	second, stopSecond := n.untilDisturbed("second")
	n.disturb("first")
	n.disturb("unknown")
	if first.Err() == nil || again.Err() == nil || second.Err() != nil {
		t.Errorf("disturbed: %v, %v, %v", first.Err(), again.Err(), second.Err())
	}
	stopFirst()
	n.disturbAll()
	if second.Err() == nil {
		t.Error("not all are disturbed")
	}
	stopAgain()
	stopSecond()
	if len(n.calms) != 0 {
		t.Errorf("%v is kept", n.calms)
	}
}

// A change of one subscription has nothing asked for another one.
func TestAChangeConcernsNobodyElse(t *testing.T) {
	n := start(t, store.Options{Dir: t.TempDir()}, quick())
	n.write(t, 1)
	must(t, n.Ensure(t.Context(), all(1)))
	changed, stop := n.untilDisturbed(all(1).consumerName())
	defer stop()
	other, stop := n.untilDisturbed(all(2).consumerName())
	defer stop()
	must(t, n.Ensure(t.Context(), all(1).later(2)))
	until(t, "it is told", func() bool { return changed.Err() != nil })
	if other.Err() != nil || len(n.lost) != 0 {
		t.Errorf("another one is told: %v, %d", other.Err(), len(n.lost))
	}
}
