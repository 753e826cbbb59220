package store

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
)

// repeated is the first message of a log as often as it is wanted.
type repeated struct{ original }

func (r repeated) each(ctx context.Context, from, to uint64, use func(storedMessage) error) error {
	return r.original.each(ctx, 1, 1, func(m storedMessage) error {
		for m.Sequence = from; m.Sequence <= to; m.Sequence++ {
			if err := use(m); err != nil {
				return err
			}
		}
		return nil
	})
}

// A copy that fails ends, also if more messages were sent than are waited for at once.
func TestCopyThatFails(t *testing.T) {
	l := taint(t, true, garbage("x"))
	r := l.open()
	defer l.close(r)
	if _, err := l.js.CreateStream(t.Context(), r.copyConfig(repairCopying)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	failing := func(m *storedMessage) (*nats.Msg, error) {
		msg, err := m.wrap()
		if m.Sequence == 2 {
			msg.Header.Set(nats.ExpectedLastSeqHdr, "77")
		}
		return msg, err
	}
	begun := time.Now()
	err := copyTo(ctx, r.store.Conn, repeated{r.old}, copyMessages+1, failing, func(uint64, uint64) {})
	if err == nil || errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "copying message 2") {
		t.Fatalf("after %v: %v", time.Since(begun), err)
	}
}
