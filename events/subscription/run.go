package subscription

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/feed"
)

const (
	// pullFor is how long a request for the next event may wait at the server.
	pullFor = time.Minute
	// heartbeat is how often the server says that such a request still waits.
	heartbeat = 5 * time.Second
	// firstRetry and mostRetry bound the pause after JetStream could not be used.
	firstRetry = 100 * time.Millisecond
	mostRetry  = 5 * time.Second
	// drainFor bounds how long is waited for what may be on its way when a runner ends.
	drainFor = time.Second
)

// Deliver delivers events, in one request, and returns how that has ended. Events are the
// subscription's next one, or as many as a batch may have. Attempts are counted from 1 for each
// first event. When the context ends, Deliver must return soon. An attempt that is cut short by
// that, and fails without a status, does not count.
type Deliver func(ctx context.Context, events []feed.Event, attempt int) Outcome

// ExhaustedError reports that nothing is delivered any more until the subscription has been
// resumed.
type ExhaustedError struct {
	ID     domain.SubscriptionID
	Reason domain.PauseCause
	Since  time.Time // when the first of the failures was
}

func (e *ExhaustedError) Error() string {
	if e.Reason == domain.PauseGone {
		return fmt.Sprintf("the endpoint of subscription %s says that it is gone", e.ID)
	}
	return fmt.Sprintf("the endpoint of subscription %s has been failing since %s", e.ID, e.Since.UTC().Format(time.RFC3339))
}

// Run delivers the events of a webhook subscription that is not paused, together with the other
// nodes that do, until the context ends. Wake must get a signal whenever an event of the
// organization has become visible on this node. One signal stands for any number, so the
// channel has room for one.
//
// Run returns the context's error, an [ExhaustedError], or an error that wraps [ErrSuperseded]
// or [ErrDeleted]. It gets over everything else. An event that was handed out and not tried is
// given back when Run returns, so that another node can take it at once.
func (s *Subscriptions) Run(ctx context.Context, spec Spec, wake <-chan struct{}, deliver Deliver) error {
	if spec.Kind != domain.SubscriptionWebhook || spec.Paused {
		return fmt.Errorf("subscription %s is not one to be delivered: kind %s, paused %t", spec.ID, spec.Kind, spec.Paused)
	}
	r := &runner{Subscriptions: s, spec: spec, wake: wake, deliver: deliver}
	defer r.keepLast()
	said := ""
	for wait := firstRetry; ; wait = min(2*wait, mostRetry) {
		mended := s.store.Mended()
		err := r.work(ctx)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if _, exhausted := errors.AsType[*ExhaustedError](err); exhausted || errors.Is(err, ErrSuperseded) || errors.Is(err, ErrDeleted) {
			return err
		}
		if r.progress {
			r.progress, wait, said = false, firstRetry, ""
		}
		// A consumer is made again whenever the subscription is changed. That is no news.
		if !errors.Is(err, errLost) && !errors.Is(err, jetstream.ErrConsumerDeleted) && err.Error() != said {
			said = err.Error()
			s.logger.Warn("events of a subscription cannot be delivered at the moment", slog.String("subscription_id", spec.ID.String()), slog.Any("error", err))
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-mended:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// runner is one call of [Subscriptions.Run].
type runner struct {
	*Subscriptions
	spec    Spec
	wake    <-chan struct{}
	deliver Deliver

	position uint64     // everything up to it has been delivered, as far as this node knows
	looked   uint64     // nothing that is wanted is undelivered up to it; at least position
	expected feed.Event // the first visible event after looked that is wanted; without a number if there is none
	unsure   bool       // what is noted must be read before the next attempt
	failing  bool       // the last attempt has failed, as far as this node knows
	dirty    bool       // position has not been noted
	noted    time.Time  // when it was
	progress bool       // something was handed out since the last error
}

// errLost reports that the consumer is not there, or not the one for the spec.
var errLost = errors.New("the consumer was deleted or made again")

// work delivers until it meets an error.
func (r *runner) work(ctx context.Context) error {
	consumer, n, err := r.ensure(ctx, r.spec)
	if err != nil {
		return err
	}
	if h := n.healthOf(r.spec); h.Exhausted != "" {
		return &ExhaustedError{r.spec.ID, h.Exhausted, h.FailingSince}
	}
	r.unsure, r.failing = true, n.healthOf(r.spec).Failing()
	r.position = consumer.CachedInfo().AckFloor.Stream
	r.looked = r.position
	for {
		more, err := r.undelivered(ctx)
		if err != nil {
			return err
		}
		if more {
			err = r.look(ctx)
		} else {
			err = r.idle(ctx)
		}
		if err != nil {
			return err
		}
	}
}

// look looks where the consumer is, and pulls from it unless other nodes have delivered what
// seemed to be undelivered.
func (r *runner) look(ctx context.Context) error {
	calm, stop := r.untilDisturbed(r.spec.consumerName())
	defer stop()
	consumer, err := r.consumer(ctx, r.spec)
	if err != nil {
		return err
	}
	if consumer == nil || epochOf(consumer.CachedInfo()) != r.spec.epoch() {
		return errLost
	}
	if floor := consumer.CachedInfo().AckFloor.Stream; floor > r.looked {
		r.position, r.looked, r.unsure = max(r.position, floor), floor, true
		return nil
	}
	return r.pull(ctx, calm, consumer)
}

// undelivered reports whether an event that is wanted is visible and undelivered, as far as
// this node knows. It asks no server about events that are in memory.
func (r *runner) undelivered(ctx context.Context) (bool, error) {
	e, upto, err := r.next(ctx, r.spec.Filter(), r.looked)
	if err != nil {
		return false, err
	}
	r.looked, r.expected = upto, e
	return e.Number != 0, nil
}

// idle waits until events have become visible. Meanwhile it notes the position.
func (r *runner) idle(ctx context.Context) error {
	for due := noteEvery - time.Since(r.noted); r.dirty; due = mostRetry {
		timer := time.NewTimer(due)
		select {
		case <-r.wake:
			timer.Stop()
			return nil
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
			r.keep(ctx)
		}
	}
	select {
	case <-r.wake:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// pull has events handed out, one after the other, as long as any is undelivered and nothing
// disturbs the calm.
func (r *runner) pull(ctx, calm context.Context, consumer jetstream.Consumer) error {
	messages, err := consumer.Messages(jetstream.PullMaxMessages(1), jetstream.PullExpiry(pullFor), jetstream.PullHeartbeat(heartbeat))
	if err != nil {
		return err
	}
	defer giveBack(messages)
	for {
		once, cancel := context.WithTimeout(ctx, pullFor)
		stop := context.AfterFunc(calm, cancel)
		m, err := messages.Next(jetstream.NextContext(once))
		stop()
		cancel()
		if err != nil && once.Err() != nil && ctx.Err() == nil {
			return nil // the consumer must be looked at; another node may have delivered everything
		}
		if err != nil {
			return err
		}
		r.progress = true
		if err := r.handle(ctx, m); err != nil {
			return err
		}
		if more, err := r.undelivered(ctx); err != nil || !more {
			return err
		}
	}
}

// giveBack ends pulling. What is handed out in this moment is given back.
func giveBack(messages jetstream.MessagesContext) {
	messages.Drain()
	for {
		m, err := messages.Next(jetstream.NextMaxWait(drainFor))
		if err != nil {
			messages.Stop()
			return
		}
		_ = m.Nak() // otherwise it is handed out when it is overdue
	}
}
