package events

import (
	"errors"
	"testing"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/feed"
	"github.com/muster-dev/muster/events/natstest"
	"github.com/muster-dev/muster/events/wire"
)

// Whoever has looked at a log as far as an event can ask for its events up to there, and for none
// beyond. Profiles whose keys a running service has are as if they were erased.
func TestLook(t *testing.T) {
	for name, url := range map[string]string{"inside": "", "outside": natstest.Outside(t)} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			n := start(t, Options{Dir: dir, URL: url, Partitions: 1})
			found(t, n)
			first, err := n.Tip(t.Context(), 0)
			if err != nil {
				t.Fatal(err)
			}
			found(t, n)
			l, err := Open(t.Context(), Options{Dir: dir, URL: url, ReadOnly: true, Running: true, Logger: quiet()})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = l.Close() }()
			if (l.Sealed() != nil) != (name == "inside") {
				t.Errorf("the profiles: %v", l.Sealed())
			}
			var seen []wire.Entry
			if err := l.Look(t.Context(), 0, first.Number, func(m wire.Message) error {
				seen = append(seen, m.Entries...)
				return nil
			}); err != nil || uint64(len(seen)) != first.Number {
				t.Fatalf("%d events, %v", len(seen), err)
			}
			sealed := 0
			for i := range seen {
				if set, ok := seen[i].Event.(domain.UserProfileSet); ok {
					if sealed++; set.Erased != (l.Sealed() != nil) || set.Erased != (set.Profile == domain.ProfileFacts{}) {
						t.Errorf("%+v", set)
					}
				}
				event, err := l.EventAt(t.Context(), seen[i].Event.Concerns().Organization, seen[i].Number)
				if err != nil || string(event.Stored) != string(seen[i].Stored) {
					t.Errorf("event %d: %v", i+1, err)
				}
				if at, err := l.TimeAt(t.Context(), wire.Position{Number: seen[i].Number}); err != nil || !at.Equal(seen[i].Time) {
					t.Errorf("event %d: %s, %v", i+1, at, err)
				}
			}
			if sealed == 0 {
				t.Error("there was no profile")
			}
			org := seen[0].Event.Concerns().Organization
			all, next, err := l.Events(t.Context(), feed.Filter{Organization: org}, 0, 1000)
			if err != nil || len(all) != len(seen) || next != first.Number {
				t.Errorf("%d events up to %d, %v", len(all), next, err)
			}
			if last, err := l.NumberAt(t.Context(), 0, time.Now().Add(time.Hour)); err != nil || last != first.Number {
				t.Errorf("the last one is %d, %v", last, err)
			}
			if _, err := l.EventAt(t.Context(), org, first.Number+1); !errors.Is(err, feed.ErrUnknownEvent) {
				t.Errorf("beyond the end: %v", err)
			}
			if tip, err := l.Tip(t.Context(), 0); err != nil || tip != first {
				t.Errorf("the tip is %s, %v", tip, err)
			}
		})
	}
}
