package store

import (
	"errors"
	"testing"
)

// Pages, searches and messages of an embedded log are right wherever they begin, in several
// blocks, and also when messages have come since.
func TestReadingInside(t *testing.T) {
	l := largeLog(t)
	s, _ := start(t, l.dir)
	p := s.Partitions[0]
	for range 2 {
		tip := l.all[len(l.all)-1]
		for at := l.all[0]; at != tip; {
			page, err := p.Page(t.Context(), at)
			if err != nil || len(page) == 0 {
				t.Fatalf("after message %d: %d messages, %v", at.Message, len(page), err)
			}
			at = page[len(page)-1].Checkpoint()
			if at != l.all[at.Message] {
				t.Fatalf("%+v is read, and %+v was written", at, l.all[at.Message])
			}
		}
		if page, err := p.Page(t.Context(), tip); err != nil || len(page) != 0 {
			t.Errorf("after the tip: %d messages, %v", len(page), err)
		}
		for i := len(l.all) - 1; i > 0; i -= 5 {
			for _, number := range []uint64{l.all[i-1].Number + 1, l.all[i].Number} {
				if at, ok, err := p.Before(t.Context(), number); err != nil || !ok || at != l.all[i-1] {
					t.Errorf("before event %d: %+v, %t, %v", number, at, ok, err)
				}
			}
			if e, err := p.Message(t.Context(), uint64(i)); err != nil || e.Link() != l.all[i].Hash {
				t.Errorf("message %d: %v", i, err)
			}
		}
		if _, ok, err := p.Before(t.Context(), tip.Number+1); err != nil || ok {
			t.Errorf("before the event that comes: %t, %v", ok, err)
		}
		for _, sequence := range []uint64{0, tip.Message + 1} {
			if _, err := p.Message(t.Context(), sequence); !errors.Is(err, ErrNoMessage) {
				t.Errorf("message %d: %v", sequence, err)
			}
		}
		l.all = append(l.all, write(t, p, 3, 1, 1000)[1:]...)
	}
}
