package audit

import (
	"testing"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
)

// A window includes both of its ends, whether they are positions or times.
func TestWindow(t *testing.T) {
	at := time.Date(2026, 3, 5, 12, 0, 0, 0, time.UTC)
	org := domain.OrganizationID{1}
	event := func(number uint64, time time.Time) *domain.Recorded {
		return &domain.Recorded{Number: number, Time: time, Event: domain.OrganizationCreated{About: domain.About{Organization: org}}}
	}
	parse := func(text string) moment {
		m, err := parseMoment(text)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	for _, test := range []struct {
		name     string
		from, to string
		in, out  []*domain.Recorded
	}{
		{"positions", "3-5", "3-7", []*domain.Recorded{event(5, at), event(7, at)}, []*domain.Recorded{event(4, at), event(8, at)}},
		{
			"times", "2026-03-05T12:00:00Z", "2026-03-05T13:00:00+01:00",
			[]*domain.Recorded{event(1, at)},
			[]*domain.Recorded{event(1, at.Add(-time.Millisecond)), event(1, at.Add(time.Millisecond))},
		},
		{
			"a day", "2026-03-05", "2026-03-06",
			[]*domain.Recorded{event(1, at)},
			[]*domain.Recorded{event(1, at.AddDate(0, 0, -1)), event(1, at.AddDate(0, 0, 1))},
		},
	} {
		w := window{organization: org, from: parse(test.from), to: parse(test.to)}
		for _, e := range test.in {
			if !w.wants(e) {
				t.Errorf("%s: event %d at %s is left out", test.name, e.Number, e.Time)
			}
		}
		for _, e := range test.out {
			if w.wants(e) {
				t.Errorf("%s: event %d at %s is let in", test.name, e.Number, e.Time)
			}
		}
	}
	if everything := (window{organization: org}); !everything.wants(event(1, at)) {
		t.Error("no window leaves an event out")
	}
	if (&window{organization: domain.OrganizationID{2}}).wants(event(1, at)) {
		t.Error("another organization's event is let in")
	}
	if got := parse("3-1042").position; got != (wire.Position{Partition: 3, Number: 1042}) {
		t.Errorf("a position is read as %s", got)
	}
	for _, wrong := range []string{"", "yesterday", "3-", "2026-3-5", "3-1042 "} {
		if m, err := parseMoment(wrong); err == nil {
			t.Errorf("%q is read as %+v", wrong, m)
		}
	}
}
