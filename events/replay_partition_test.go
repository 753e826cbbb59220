package events

import (
	"errors"
	"slices"
	"testing"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/natstest"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// A partition is replayed up to the message with an event and no further, on a server and from
// the files of a process that goes on. A log that ends before is not believed.
func TestReplayPartition(t *testing.T) {
	for name, url := range map[string]string{"inside": "", "outside": natstest.Outside(t)} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			n := start(t, Options{Dir: dir, URL: url, Partitions: 1})
			found(t, n)
			found(t, n)
			end, err := n.Tip(t.Context(), 0)
			if err == nil {
				err = n.fold.WaitFor(t.Context(), end)
			}
			if err != nil {
				t.Fatal(err)
			}
			tip := end.Number
			n.fold.mu.Lock()
			all := slices.Clone(n.fold.entries)
			n.fold.mu.Unlock()
			l, err := Open(t.Context(), Options{Dir: dir, URL: url, ReadOnly: true, Running: true, Logger: quiet()})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = l.Close() }()
			for until := range tip + 1 {
				var got []domain.EventID
				last := uint64(0)
				err := l.ReplayPartition(t.Context(), 0, until, func(m wire.Message) error {
					if last >= until {
						t.Errorf("message %d comes after event %d of %d", m.Sequence, last, until)
					}
					for i := range m.Entries {
						got = append(got, m.Entries[i].ID)
					}
					last = m.Last()
					return nil
				})
				if err != nil || last < until {
					t.Fatalf("up to %d: %d, %v", until, last, err)
				}
				if !slices.EqualFunc(got, all[:last], func(id domain.EventID, e wire.Entry) bool { return id == e.ID }) {
					t.Errorf("up to %d: %d other events", until, len(got))
				}
			}
			if err := l.ReplayPartition(t.Context(), 0, tip+1, func(wire.Message) error { return nil }); !errors.Is(err, store.ErrTruncated) {
				t.Errorf("beyond the end: %v", err)
			}
			refused := errors.New("refused")
			if err := l.ReplayPartition(t.Context(), 0, tip, func(wire.Message) error { return refused }); !errors.Is(err, refused) {
				t.Errorf("refused: %v", err)
			}
		})
	}
}
