package proof

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// What was waiting when hashing failed is hashed later, without reading it from the log.
func TestHashingIsInterrupted(t *testing.T) {
	for name, after := range map[string]int{"at the end": 0, "and more comes": 2} {
		t.Run(name, func(t *testing.T) {
			p, next := quietPartition(t)
			p.follow(next())
			p.work(t.Context())
			if last := p.keeper.last[0].N; last != 1 || !p.compared {
				t.Fatalf("a checkpoint of %d events was signed, not of 1", last)
			}
			p.follow(next())
			p.follow(next())
			stopped, stop := context.WithCancel(t.Context())
			stop()
			if err := p.grow(stopped); !errors.Is(err, context.Canceled) || p.tree.Size() != 1 {
				t.Fatalf("hashing was not interrupted: %d events: %v", p.tree.Size(), err)
			}
			for range after {
				p.follow(next())
			}
			p.finish(t.Context())
			if want, last := int64(3+after), p.keeper.last[0].N; last != want {
				t.Errorf("the last checkpoint has %d events, not %d", last, want)
			}
		})
	}
}

// What does not follow what comes later, or is too much to wait, is read from the log instead.
func TestWhatIsNotPutBackIsRead(t *testing.T) {
	p, next := quietPartition(t)
	p.follow(next())
	p.work(t.Context())
	first, missed, last := next(), next(), next()
	p.follow(first)
	p.waiting, p.bytes = nil, 0 // as grow takes them
	p.follow(missed)
	p.waiting, p.bytes = nil, 0 // as if too much had waited
	p.follow(last)
	p.putBack([]wire.Message{first})
	if len(p.waiting) != 1 || p.waiting[0].First() != last.First() {
		t.Fatalf("%d messages wait, with a gap in between", len(p.waiting))
	}
	p.waiting, p.bytes = nil, waitBytes
	p.putBack([]wire.Message{last})
	if len(p.waiting) != 0 {
		t.Fatal("more waits than may")
	}
	p.bytes = 0
	if err := p.grow(t.Context()); err != nil || p.tree.Size() != 4 {
		t.Errorf("the tree has %d events of 4: %v", p.tree.Size(), err)
	}
}

// A tree that was found damaged is made again from the whole log, but not while the process waits to
// end.
func TestDamageIsNotMendedAtTheEnd(t *testing.T) {
	p, next := quietPartition(t)
	p.follow(next())
	p.work(t.Context())
	p.follow(next())
	p.damaged = true // as a reader finds it
	p.finish(t.Context())
	if last := p.keeper.last[0].N; last != 1 || !p.damaged {
		t.Errorf("a checkpoint of %d events was signed at the end", last)
	}
}

// Who wants a proof of what is not followed yet keeps nobody else waiting.
func TestWantedBeyondTheEnd(t *testing.T) {
	p, next := quietPartition(t)
	p.follow(next())
	p.work(t.Context())
	p.want = 9
	if p.wanted() {
		t.Error("there is nothing to sign")
	}
	p.follow(next())
	if !p.wanted() {
		t.Error("the second event is not signed")
	}
}

// quietPartition returns a partition that only does what the test calls, and a function that
// appends a message of one event to its log.
func quietPartition(t *testing.T) (*partition, func() wire.Message) {
	t.Helper()
	logger := slog.New(slog.DiscardHandler)
	s, err := store.Open(t.Context(), store.Options{Dir: t.TempDir(), Partitions: 1, Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	c, err := Open(t.Context(), s, Options{Logger: logger})
	t.Cleanup(func() {
		if c != nil {
			err = errors.Join(err, c.Close())
		}
		if err := errors.Join(err, s.Close()); err != nil {
			t.Error(err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	p := c.partitions[0]
	tip, err := s.Partitions[0].Tip(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p.start(tip)
	var ids wire.EventIDs
	return p, func() wire.Message {
		t.Helper()
		at := time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC)
		payload, err := wire.Append(nil, 0, &domain.Recorded{
			Event:  domain.OrganizationRenamed{About: domain.About{Organization: domain.OrganizationID(uuid.New())}, Name: domain.Change[string]{To: "Acme"}},
			Number: tip.Number + 1, Time: at, ID: ids.Next(at), Actor: domain.Actor{Kind: domain.ActorToken, ID: "root"}, Command: domain.CommandID(uuid.New()),
		})
		if err != nil {
			t.Fatal(err)
		}
		e := wire.Next(tip, "test", append(payload, ']'))
		if err := s.Partitions[0].Append(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		m, err := e.DecodeAlone(0)
		if err != nil {
			t.Fatal(err)
		}
		tip = m.Checkpoint()
		s.SetMark(tip)
		return m
	}
}
