package store

import (
	"errors"
	"testing"

	"github.com/muster-dev/muster/events/wire"
)

// A message that a consumer cannot read is read from the leader. What the leader does not
// have either stays unreadable.
func TestTheLeaderIsAskedForWhatCannotBeRead(t *testing.T) {
	s, end := start(t, t.TempDir())
	t.Cleanup(func() { _ = end() })
	p := s.Partitions[0]
	tips := write(t, p, 1, 1)
	out := make(chan wire.Message, 2)
	use := func(_ wire.Envelope, m wire.Message) error {
		out <- m
		return nil
	}
	r := reader{use: use}
	damaged := errors.Join(ErrUnreadable, wire.ErrDamaged)
	if err := p.askLeader(t.Context(), &r, damaged); !errors.Is(err, errInterrupted) || r.at.Message != 1 || len(out) != 1 {
		t.Fatalf("%d messages were read, up to %d: %v", len(out), r.at.Message, err)
	}
	r.until = &tips[len(tips)-1]
	if err := p.askLeader(t.Context(), &r, damaged); !errors.Is(err, errEnough) || r.at != *r.until {
		t.Fatalf("read up to %d: %v", r.at.Message, err)
	}
	if err := p.askLeader(t.Context(), &r, damaged); errors.Is(err, errInterrupted) || !errors.Is(err, ErrUnreadable) {
		t.Fatalf("behind the end: %v", err)
	}
	r = reader{use: use, at: wire.Checkpoint{Hash: [32]byte{1}}}
	if err := p.askLeader(t.Context(), &r, damaged); !errors.Is(err, ErrUnreadable) || r.at.Message != 0 {
		t.Fatalf("the leader's message continues another chain: %v", err)
	}
}
