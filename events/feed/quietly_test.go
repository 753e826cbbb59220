package feed

import (
	"context"
	"errors"
	"testing"
	"time"
)

// A feed that rests between two pages of a scrub keeps no other feed from being checked, but
// keeps others from being scrubbed.
func TestARestHoldsUpOnlyItsKind(t *testing.T) {
	h := NewHistory()
	h.scrubPause = time.Hour
	ctx, cancel := context.WithCancel(t.Context())
	stepped, rested := make(chan struct{}), make(chan error, 1)
	go func() {
		rested <- h.quietly(ctx, &h.scrubs, func() error { close(stepped); return nil })
	}()
	<-stepped
	soon, end := context.WithTimeout(t.Context(), 10*time.Second)
	defer end()
	if err := h.quietly(soon, &h.checks, func() error { return nil }); err != nil {
		t.Errorf("a check: %v", err)
	}
	now, end := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer end()
	err := h.quietly(now, &h.scrubs, func() error { t.Error("two feeds are scrubbed at once"); return nil })
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("another scrub: %v", err)
	}
	cancel()
	if err := <-rested; !errors.Is(err, context.Canceled) {
		t.Errorf("a rest that was ended: %v", err)
	}
}

// A scrub makes way for commands.
func TestAScrubRestsLongerWhileThereAreCommands(t *testing.T) {
	h := NewHistory()
	if rest := h.scrubs.rest(0); rest != scrubPause {
		t.Errorf("at rest: %s", rest)
	}
	h.busy()
	if rest := h.scrubs.rest(0); rest != busyScrubs*scrubPause {
		t.Errorf("with commands: %s", rest)
	}
}
