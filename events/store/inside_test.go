package store

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
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

// A message that is being written is no damage to whoever searches among those before it.
func TestSearchMeetsUnfinishedMessage(t *testing.T) {
	l := largeLog(t)
	s, _ := start(t, l.dir)
	p := s.Partitions[0]
	tip := l.all[len(l.all)-1]
	files, err := filepath.Glob(filepath.Join(s.files(0).Dir, "msgs", "*.blk"))
	if err != nil || len(files) < 2 {
		t.Fatal(files, err)
	}
	last := slices.MaxFunc(files, func(a, b string) int { return len(a) - len(b) + bytes.Compare([]byte(a), []byte(b)) })
	f, err := os.OpenFile(last, os.O_WRONLY|os.O_APPEND, 0)
	if err == nil {
		_, err = f.Write(bytes.Repeat([]byte{0xff}, 1000))
		err = errors.Join(err, f.Close())
	}
	if err != nil {
		t.Fatal(err)
	}
	damaged := false
	p.OnDamage(func(error) { damaged = true })
	if _, ok, err := p.Before(t.Context(), tip.Number); err != nil || !ok || damaged {
		t.Errorf("before the last event: %t, %v, damaged: %t", ok, err, damaged)
	}
}
