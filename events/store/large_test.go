package store

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/muster-dev/muster/events/wire"
)

// Reading many messages of almost the largest size does not make the server close the
// connection, as it does when more than 64 MB wait to be sent.
func TestLargeMessagesAreReadInPortions(t *testing.T) {
	s, _ := start(t, t.TempDir())
	p := s.Partitions[0]
	large := make([]int, 100)
	for i := range large {
		large[i] = 1900
	}
	written := write(t, p, large...)
	tip := written[len(written)-1]
	if bytes, messages, err := p.Size(t.Context()); err != nil || bytes/messages < maxMessage*8/10 {
		t.Fatalf("the messages are not large: %d bytes in %d messages, %v", bytes, messages, err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	err := p.source.each(ctx, written[0].Message+1, func(e wire.Envelope) error {
		if e.Sequence == tip.Message {
			return errEnough
		}
		return nil
	})
	if !errors.Is(err, errEnough) {
		t.Error(err)
	}
	if slow, again := s.server.server.NumSlowConsumers(), s.Conn.Stats().Reconnects; slow != 0 || again != 0 {
		t.Errorf("the server took the reader for a slow consumer %d times, and it reconnected %d times", slow, again)
	}
}
