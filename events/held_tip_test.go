package events

import (
	"context"
	"errors"
	"testing"

	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// Nothing is decided on the end of the log if following the log has not come there: another
// message may stand there than the one that continues it.
func TestTheTipMustHaveBeenFollowed(t *testing.T) {
	n := start(t, Options{Dir: t.TempDir(), Partitions: 1})
	a := found(t, n)
	if err := n.fold.WaitFor(t.Context(), must(t, n, a.add()).Position); err != nil {
		t.Fatal(err)
	}
	tip, err := n.partitions[0].Tip(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	earlier, other := tip, tip
	earlier.Message--
	other.Hash[0] ^= 1
	for name, at := range map[string]wire.Checkpoint{"an earlier message": earlier, "another message": other, "": tip} {
		h := newHeld(n.partitions[0].Partition)
		h.snapshot, h.lost = n.fold, true
		h.followed = func(context.Context) (wire.Checkpoint, error) { return at, nil }
		err := h.catchUp(t.Context())
		if name != "" && (!errors.Is(err, store.ErrUnreadable) || !h.lost) {
			t.Errorf("%s was followed: %v", name, err)
		}
		if name == "" && (err != nil || h.tip != tip) {
			t.Errorf("the end was followed: %+v, %v", h.tip, err)
		}
	}
}
