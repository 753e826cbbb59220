package store

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/muster-dev/muster/events/wire"
)

// Reading many messages of almost the largest size does not make the server close the
// connection, as it does when more than 64 MB wait to be sent.
func TestLargeMessagesAreReadInPortions(t *testing.T) {
	s, _ := start(t, t.TempDir())
	p := s.Partitions[0]
	const messages = 150
	payload := bytes.Repeat([]byte{' '}, MaxPayload)
	for i := range uint64(messages) {
		if err := p.Append(t.Context(), wire.Envelope{Sequence: i + 1, Payload: payload}); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	read, err := p.stream.consume(ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer read.Stop()
	defer context.AfterFunc(ctx, read.Stop)()
	for i := range uint64(messages) {
		msg, err := read.Next()
		if err != nil {
			t.Fatalf("after %d messages: %v", i, err)
		}
		if meta, err := msg.Metadata(); err != nil || meta.Sequence.Stream != i+1 {
			t.Fatalf("message %+v in place of %d: %v", meta, i+1, err)
		}
		time.Sleep(time.Millisecond)
	}
	if slow, again := s.server.server.NumSlowConsumers(), s.Conn.Stats().Reconnects; slow != 0 || again != 0 {
		t.Errorf("the server took the reader for a slow consumer %d times, and it reconnected %d times", slow, again)
	}
}
