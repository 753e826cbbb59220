package store

import (
	"context"
	"testing"
	"time"
)

// A call that its caller has given up is no answer: the partition stays silent.
func TestACancelledCallIsNoAnswer(t *testing.T) {
	s, end := start(t, t.TempDir())
	t.Cleanup(func() { _ = end() })
	r := &reach{store: s, patient: mostPatience}
	silent := time.Now()
	r.judge(silent, context.DeadlineExceeded)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_ = r.attempt(ctx, func(ctx context.Context) error { return ctx.Err() })
	if !r.silent.Equal(silent) || r.patient != mostPatience {
		t.Errorf("silent since %s and patient for %s after a call that was cancelled", r.silent, r.patient)
	}
	_ = r.attempt(t.Context(), func(context.Context) error { return nil })
	if !r.silent.IsZero() || r.patient != firstPatience {
		t.Errorf("silent since %s and patient for %s after an answer", r.silent, r.patient)
	}
}
