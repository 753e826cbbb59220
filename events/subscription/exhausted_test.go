package subscription

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/feed"
	"github.com/muster-dev/muster/events/store"
)

// clock is a time that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// An endpoint that has been failing for five days is not tried any more, by any node and after
// any restart, until the subscription is resumed. Then it has five days again.
func TestFailingForTooLong(t *testing.T) {
	c := &clock{now: testTime}
	o := quick()
	o.Now = c.Now
	registry := prometheus.NewRegistry()
	o.Registerer = registry
	n := start(t, store.Options{Dir: t.TempDir()}, o)
	n.write(t, 2)
	to := newReceiver()
	to.outcome = func(_ context.Context, _ []feed.Event, attempt int) Outcome {
		c.add(24 * time.Hour)
		return Outcome{Kind: Failed, Status: 500}
	}
	err := n.deliver(t, all(1), to).ended(t)
	exhausted, ok := errors.AsType[*ExhaustedError](err)
	if !ok || exhausted.Reason != domain.PauseFailing || !exhausted.Since.Equal(testTime) || exhausted.ID != (domain.SubscriptionID{1}) {
		t.Fatalf("the run ends with %v", err)
	}
	to.expect(t, 1, 1, 1, 1, 1)
	if p := n.at(t, all(1)); p.Position != 0 || p.Lag != 2 || p.Health.Attempts != 5 || !p.Health.NextAttempt.IsZero() || p.Health.Exhausted != domain.PauseFailing {
		t.Errorf("%+v", p)
	}
	if err := n.deliver(t, all(1), to).ended(t); err == nil || err.Error() != exhausted.Error() {
		t.Errorf("another node: %v", err)
	}
	if err := n.deliver(t, all(1).from(2, 1), to).ended(t); err == nil || err.Error() != exhausted.Error() {
		t.Errorf("after a replay: %v", err)
	}
	to.expect(t, 1, 1, 1, 1, 1)
	resumed := all(1).from(2, 1)
	resumed.Resumed, resumed.Version = 3, 3
	if err := n.deliver(t, resumed, to).ended(t); err == nil || err.Error() == exhausted.Error() {
		t.Errorf("after it was resumed: %v", err)
	}
	to.expect(t, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)
	for name, want := range map[string]float64{
		"muster_webhook_deliveries_total": 10, "muster_webhook_deliveries_in_flight": 0,
	} {
		if got := sum(t, registry, name); got != want {
			t.Errorf("%s is %v, not %v", name, got, want)
		}
	}
}

// sum returns the sum of a metric's series.
func sum(t testing.TB, registry *prometheus.Registry, name string) (total float64) {
	t.Helper()
	families, err := registry.Gather()
	must(t, err)
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			total += m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
		return total
	}
	t.Fatalf("there is no metric %s", name)
	return 0
}

// Failures before a success do not count.
func TestFailingNowAndThen(t *testing.T) {
	c := &clock{now: testTime}
	o := quick()
	o.Now = c.Now
	n := start(t, store.Options{Dir: t.TempDir()}, o)
	n.write(t, 4)
	to := newReceiver()
	to.outcome = func(_ context.Context, _ []feed.Event, attempt int) Outcome {
		c.add(24 * time.Hour)
		if attempt < 4 {
			return Outcome{Kind: Failed, Status: 500}
		}
		return Outcome{Kind: Delivered, Status: 200}
	}
	n.deliver(t, all(1), to)
	to.expect(t, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4)
}

// An endpoint that says that it is gone is not tried again.
func TestGone(t *testing.T) {
	n := start(t, store.Options{Dir: t.TempDir()}, quick())
	n.write(t, 2)
	to := newReceiver()
	to.outcome = func(_ context.Context, events []feed.Event, _ int) Outcome {
		if events[0].Number == 2 {
			return Outcome{Kind: Gone, Status: 410}
		}
		return Outcome{Kind: Delivered, Status: 200}
	}
	err := n.deliver(t, all(1), to).ended(t)
	if exhausted, ok := errors.AsType[*ExhaustedError](err); !ok || exhausted.Reason != domain.PauseGone {
		t.Fatalf("the run ends with %v", err)
	}
	to.expect(t, 1, 2)
	if p := n.at(t, all(1)); p.Position != 1 || p.Health.Exhausted != domain.PauseGone {
		t.Errorf("%+v", p)
	}
}

// The receiver can ask for more time, but not for ever and not for less.
func TestRetryAfter(t *testing.T) {
	c := &clock{now: testTime}
	o := quick()
	o.Now, o.Schedule = c.Now, Schedule
	n := start(t, store.Options{Dir: t.TempDir()}, o)
	n.write(t, 1)
	for id, test := range map[byte]struct{ asked, least, most time.Duration }{
		1: {time.Second, 4 * time.Second, 6 * time.Second},
		2: {time.Hour, time.Hour, time.Hour},
		3: {1000 * time.Hour, 24 * time.Hour, 24 * time.Hour},
	} {
		to := newReceiver()
		to.outcome = func(context.Context, []feed.Event, int) Outcome {
			return Outcome{Kind: Failed, Status: 429, RetryAfter: test.asked}
		}
		n.deliver(t, all(id), to)
		until(t, "the failure is noted", func() bool { return n.at(t, all(id)).Health.Failing() })
		if wait := n.at(t, all(id)).Health.NextAttempt.Sub(testTime); wait < test.least || wait > test.most {
			t.Errorf("%s was asked for, and it waits %s", test.asked, wait)
		}
	}
}

func TestSchedule(t *testing.T) {
	for i, wait := range []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour, time.Hour} {
		least, most := wait, wait
		for range 1000 {
			got := Schedule(i + 1)
			least, most = min(least, got), max(most, got)
		}
		if least < wait*8/10 || least > wait*85/100 || most > wait*12/10 || most < wait*115/100 {
			t.Errorf("after attempt %d it waits %s to %s", i+1, least, most)
		}
	}
	if got := Schedule(1000); got < 48*time.Minute || got > 72*time.Minute {
		t.Errorf("after attempt 1000 it waits %s", got)
	}
}
