package store

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/muster-dev/muster/events/wire"
)

// follow reads the partition from the checkpoint on into the channel until the test ends.
func follow(t *testing.T, p *Partition, from wire.Checkpoint) <-chan wire.Message {
	t.Helper()
	out, ended := make(chan wire.Message, 1), make(chan error, 1)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { ended <- p.Read(ctx, from, nil, out) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	return out
}

// A reader gets what this process appends as it was decoded before, and everything else
// from the log: what was appended before it began, what was too much to be kept in memory,
// and what came into the log unnoticed.
func TestOwnMessages(t *testing.T) {
	s, _ := start(t, t.TempDir())
	p := s.Partitions[0]
	var tip wire.Checkpoint
	var entries []wire.Entry
	others := &Partition{store: s, source: p.stream, stream: p.stream, reach: p.reach} // tells no reader
	write := func(told bool, events int) {
		t.Helper()
		e := following(t, tip, events)
		m, err := e.Decode(tip)
		if err != nil {
			t.Fatal(err)
		}
		entries, tip = m.Entries, m.Checkpoint()
		if told {
			err = p.Append(t.Context(), e.MadeOf(entries))
		} else {
			err = others.Append(t.Context(), e)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		write(true, 1)
	}
	read := follow(t, p, wire.Checkpoint{})
	at := wire.Checkpoint{}
	take := func() wire.Message {
		t.Helper()
		m := <-read
		stored, err := p.Message(t.Context(), m.Sequence)
		if err != nil || m.Sequence != at.Message+1 || m.Hash != stored.Link() || !bytes.Contains(stored.Payload, m.Entries[0].Stored) {
			t.Fatalf("message %d after %d, %v", m.Sequence, at.Message, err)
		}
		at = m.Checkpoint()
		return m
	}
	for at.Message < 3 {
		take()
	}
	write(true, 1)
	if m := take(); &m.Entries[0] != &entries[0] {
		t.Error("an own message was decoded again")
	}
	write(false, 2)
	write(true, 1)
	for at.Message < tip.Message {
		take()
	}
	for written := 0; written < 3*ownBytes; written += 500 * 400 {
		write(true, 500)
	}
	for at.Message < tip.Message {
		take()
	}
}
