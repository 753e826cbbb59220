package subscription

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/feed"
	"github.com/muster-dev/muster/events/store"
)

const (
	// noteEvery is the least time between two notes of the position.
	noteEvery = time.Second
	// tooEarly is how much earlier than planned an attempt may be made.
	tooEarly = time.Second
	// mostBatchBytes bounds the bytes of a batch of more than one event.
	mostBatchBytes = 1 << 20
	// mostReads bounds how often the history is read for one batch.
	mostReads = 4
	// acknowledgements is how often an acknowledgement is tried.
	acknowledgements = 3
)

// handle delivers what was handed out, unless it is not to be delivered now, and tells JetStream
// how to go on.
func (r *runner) handle(ctx context.Context, m jetstream.Msg) error {
	t, err := r.read(ctx, m)
	if ctx.Err() != nil { // another node can take it at once
		_ = m.Nak()
		return ctx.Err()
	}
	if err != nil {
		return errors.Join(err, m.NakWithDelay(schedule[0]))
	}
	if meta, err := m.Metadata(); err != nil || meta.NumDelivered > 1 || r.unsure {
		if done, err := r.consult(ctx, t); done || err != nil {
			return err
		}
	}
	if t.number == t.handed {
		t.events = r.following(ctx, t.events[0], t.last)
	}
	t.last = t.events[len(t.events)-1].Number

	r.metrics.inFlight.Inc()
	release := sync.OnceFunc(r.hold(m))
	defer release() // after it was acknowledged
	t.at = r.options.Now()
	outcome := r.deliver(ctx, t.events, t.attempt)
	r.metrics.inFlight.Dec()
	if outcome.Kind != Delivered {
		release() // it would undo how long the consumer is told to wait
	}
	if outcome.Kind != Delivered && outcome.Status == 0 && ctx.Err() != nil { // it was cut short
		_ = m.Nak()
		return ctx.Err()
	}
	r.metrics.deliveries.WithLabelValues(string(outcome.Kind)).Inc()
	if outcome.Kind == Delivered {
		r.record(r.spec.ID, t.record(r.spec.Partition, outcome))
		return r.delivered(ctx, t)
	}
	return r.failed(ctx, t, outcome)
}

// consult reads what is noted of an event that has been handed out before. It reports true if
// there is nothing to be done with it now.
func (r *runner) consult(ctx context.Context, t *trial) (done bool, err error) {
	n, err := r.note(ctx, r.spec.ID)
	if err != nil {
		_ = t.m.Nak()
		return false, err
	}
	h := n.healthOf(r.spec)
	switch {
	case n.Deleted:
		err = fmt.Errorf("subscription %s: %w", r.spec.ID, ErrDeleted)
	case n.Version > r.spec.Version:
		err = fmt.Errorf("subscription %s at version %d: %w", r.spec.ID, r.spec.Version, ErrSuperseded)
	case h.Exhausted != "":
		_ = t.m.NakWithDelay(time.Hour)
		return false, &ExhaustedError{r.spec.ID, h.Exhausted, h.FailingSince}
	case n.Epoch == r.spec.epoch() && n.Position >= t.number:
		// A node has delivered it and died before it could acknowledge it.
		t.last = n.Position
		return true, r.delivered(ctx, t)
	}
	if err != nil {
		_ = t.m.Nak()
		return false, err
	}
	r.unsure, r.failing = false, h.Failing()
	if h.Number == t.number && h.Epoch == r.spec.epoch() {
		t.attempt, t.last = h.Attempts+1, h.Last
		// JetStream may have forgotten how long to wait, for example with the consumer.
		if wait := h.NextAttempt.Sub(t.at); wait > tooEarly {
			return true, t.m.NakWithDelay(wait)
		}
	}
	return false, nil
}

// following returns the event and those that are to be delivered together with it. If a batch
// has been tried before, which ended with the number, this one ends there too.
func (r *runner) following(ctx context.Context, first feed.Event, last uint64) []feed.Event {
	events := []feed.Event{first}
	most := min(r.spec.Batch, domain.MaxBatch)
	if most <= 1 || !r.resets {
		return events
	}
	bytes := len(first.Stored)
	for after, reads := first.Number, 0; len(events) < most && reads < mostReads; reads++ {
		found, upto, err := r.options.Events(ctx, r.spec.Filter(), after, most-len(events))
		if err != nil || upto == after {
			break // what there is can be delivered
		}
		for _, e := range found {
			if bytes += len(e.Stored); bytes > mostBatchBytes || last != 0 && e.Number > last {
				return events
			}
			events = append(events, e)
		}
		after = upto
	}
	return events
}

// hold keeps other nodes from getting the message, until release is called.
func (r *runner) hold(m jetstream.Msg) (release func()) {
	released, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		every := time.NewTicker(r.options.AckWait / 3)
		defer every.Stop()
		for {
			select {
			case <-every.C:
				_ = m.InProgress()
			case <-released:
				return
			}
		}
	}()
	return func() {
		close(released)
		<-ended
	}
}

// delivered moves the cursor behind what was delivered.
func (r *runner) delivered(ctx context.Context, t *trial) error {
	r.position, r.dirty = max(r.position, t.last), true
	r.looked = max(r.looked, t.last)
	err := r.acknowledge(ctx, t)
	if err != nil || r.failing || time.Since(r.noted) >= noteEvery {
		r.keep(ctx)
	}
	return err
}

// acknowledge has the consumer go on behind the trial's last event. It waits for that even if
// the context ends.
func (r *runner) acknowledge(ctx context.Context, t *trial) (err error) {
	for range acknowledgements {
		once, cancel := context.WithTimeout(context.WithoutCancel(ctx), store.CallTimeout)
		if t.last != t.handed && r.resets {
			err = r.advance(once, t.last)
		} else {
			err = t.m.DoubleAck(once)
		}
		cancel()
		if !store.Unreachable(err) {
			break
		}
	}
	if errors.Is(err, jetstream.ErrConsumerNotFound) || errors.Is(err, nats.ErrNoResponders) {
		err = errors.Join(errLost, err) // or JetStream is not there, which is noticed next
	}
	if err != nil {
		return fmt.Errorf("acknowledging event %d of subscription %s: %w", t.last, r.spec.ID, err)
	}
	return nil
}

// advance sets the consumer behind the number. It never sets it back: this node may have stood
// still for so long that others have gone on.
func (r *runner) advance(ctx context.Context, last uint64) error {
	consumer, err := r.consumer(ctx, r.spec)
	if err != nil {
		return err
	}
	if consumer == nil {
		return errLost
	}
	if consumer.CachedInfo().AckFloor.Stream >= last {
		return nil
	}
	_, err = r.js.ResetConsumerToSequence(ctx, r.spec.stream(), r.spec.consumerName(), last+1)
	return err
}

// keep notes the position, and that the endpoint is well if it failed before that. If it cannot,
// it is tried again later: an older note is no harm.
func (r *runner) keep(ctx context.Context) {
	r.noted = time.Now()
	_, err := r.change(context.WithoutCancel(ctx), r.spec.ID, func(n *note) bool {
		if n.Deleted || n.Epoch != r.spec.epoch() {
			return false
		}
		// Another node may have failed with a later event meanwhile.
		h := n.healthOf(r.spec)
		well := h.Failing() && (h.Epoch != r.spec.epoch() || h.Number <= r.position)
		if n.Position >= r.position && !well {
			return false
		}
		if well {
			n.Health = health{Resumed: r.spec.Resumed}
		}
		n.Position = max(n.Position, r.position)
		return true
	})
	if err != nil {
		r.logger.Warn("the cursor of a subscription could not be noted", slog.String("subscription_id", r.spec.ID.String()), slog.Any("error", err))
		return
	}
	r.dirty, r.failing = false, false
}

// keepLast notes the position when the runner ends.
func (r *runner) keepLast() {
	if r.dirty {
		r.keep(context.Background())
	}
}

// failed notes the failure, and has the event handed out again when it is time.
func (r *runner) failed(ctx context.Context, t *trial, o Outcome) error {
	r.failing = true
	var h Health
	wait := max(r.options.Schedule(t.attempt), min(o.RetryAfter, LongestRetryAfter))
	_, err := r.change(context.WithoutCancel(ctx), r.spec.ID, func(n *note) bool {
		if n.Deleted || n.Epoch != r.spec.epoch() {
			return false
		}
		now := r.options.Now()
		h = n.healthOf(r.spec)
		if !h.Failing() {
			h.FailingSince = t.at
		}
		h.Number, h.Last, h.Epoch, h.Attempts, h.NextAttempt = t.number, t.last, r.spec.epoch(), t.attempt, now.Add(wait)
		switch {
		case o.Kind == Gone:
			h.Exhausted, h.NextAttempt = domain.PauseGone, time.Time{}
		case now.Sub(h.FailingSince) >= FailingFor:
			h.Exhausted, h.NextAttempt = domain.PauseFailing, time.Time{}
		}
		n.Health, n.Position = health{r.spec.Resumed, h}, max(n.Position, r.position)
		return true
	})
	r.dirty = r.dirty && err != nil
	if h.Exhausted != "" {
		wait = time.Hour // should the command that pauses it fail
	}
	a := t.record(r.spec.Partition, o)
	a.Next = h.NextAttempt
	r.record(r.spec.ID, a)
	if err := errors.Join(err, t.m.NakWithDelay(wait)); err != nil {
		return err
	}
	if h.Exhausted != "" {
		return &ExhaustedError{r.spec.ID, h.Exhausted, h.FailingSince}
	}
	return nil
}
