package delivery

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"sync/atomic"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/feed"
	"github.com/muster-dev/muster/events/subscription"
)

// retry is how long to wait after something could not be done that has no event to wait for.
const retry = 5 * time.Second

// worker delivers the events of one webhook.
type worker struct {
	current atomic.Pointer[domain.Subscription]
	spec    subscription.Spec // that it was started with
	stop    context.CancelFunc
	done    chan struct{} // closed when it has ended
	err     error         // why it has ended by itself; set before done is closed
}

// over reports whether it has ended.
func (w *worker) over() bool {
	select {
	case <-w.done:
		return true
	default:
		return false
	}
}

// Run delivers events until the context ends. It follows the subscriptions of the read models:
// nothing else has to tell it that one was made, changed or deleted.
func (d *Deliverer) Run(ctx context.Context) {
	defer d.work.Wait()
	d.Log.Door().Admit(d.subscriber(ctx))
	d.work.Go(func() {
		for ctx.Err() == nil {
			if err := d.cursors.Watch(ctx, d.lost.add); err != nil && ctx.Err() == nil {
				d.Logger.Warn("what happens to cursors cannot be heard at the moment", slog.Any("error", err))
				wait(ctx, retry)
			}
		}
	})
	_, more := d.Models.ChangedSubscriptions() // all are read now
	for ctx.Err() == nil {
		err := d.Models.EachSubscription(ctx, func(s domain.Subscription) { d.follow(ctx, s) })
		if err == nil {
			break
		}
		d.Logger.Warn("the subscriptions cannot be read at the moment", slog.Any("error", err))
		wait(ctx, retry)
	}
	d.work.Go(func() { d.sweep(ctx) })
	for {
		select {
		case <-ctx.Done():
			return
		case w := <-d.ended:
			d.hasEnded(ctx, w)
		case <-d.lost.some:
			for _, s := range d.lost.take(d.nats) {
				d.ensure(ctx, s)
			}
		case <-more:
			var ids []domain.SubscriptionID
			ids, more = d.Models.ChangedSubscriptions()
			for _, id := range ids {
				d.changed(ctx, id)
			}
		}
	}
}

// hasEnded forgets a worker that has ended by itself. If it has ended because its cursor has
// followed a newer change, and that change is known by now, another one takes its place.
func (d *Deliverer) hasEnded(ctx context.Context, w *worker) {
	s := w.current.Load()
	if d.running[s.ID] != w {
		return
	}
	delete(d.running, s.ID)
	switch {
	case errors.Is(w.err, subscription.ErrSuperseded) && s.Version > w.spec.Version:
		d.follow(ctx, *s)
	case errors.Is(w.err, subscription.ErrSuperseded):
		d.Logger.Debug("a subscription has been changed; its events are delivered again once this node knows of the change", slog.String("subscription_id", s.ID.String()))
	}
}

// sweep deletes the consumers that are of no use any more and that no node has seen to.
func (d *Deliverer) sweep(ctx context.Context) {
	for ctx.Err() == nil {
		err := d.cursors.Sweep(ctx, func(id domain.SubscriptionID) (subscription.Spec, bool, error) {
			s, err := d.Models.AnySubscription(id)
			return d.spec(&s), !s.DeletedAt.IsZero(), err
		})
		if err == nil || ctx.Err() != nil {
			return
		}
		d.Logger.Warn("consumers of subscriptions that are of no use any more cannot be deleted at the moment", slog.Any("error", err))
		wait(ctx, retry)
	}
}

// wait waits, or until the context ends.
func wait(ctx context.Context, long time.Duration) {
	select {
	case <-time.After(long):
	case <-ctx.Done():
	}
}

// changed follows the subscription as it is now.
func (d *Deliverer) changed(ctx context.Context, id domain.SubscriptionID) {
	s, err := d.Models.AnySubscription(id)
	if err != nil { // the read models are damaged or closed, and the node ends
		d.Logger.Warn("a subscription cannot be read", slog.String("subscription_id", id.String()), slog.Any("error", err))
		return
	}
	d.follow(ctx, s)
}

// follow has the subscription worked on as it wants.
func (d *Deliverer) follow(ctx context.Context, s domain.Subscription) {
	switch {
	case !s.DeletedAt.IsZero():
		d.end(s.ID)
		delete(d.nats, s.ID)
		d.disconnect(s)
		d.delete(ctx, s)
	case s.Kind == domain.SubscriptionNATS:
		before, known := d.nats[s.ID]
		d.nats[s.ID] = s
		if known && before.Generation != s.Generation {
			d.disconnect(s)
		}
		d.ensure(ctx, s)
	case !s.PausedAt.IsZero():
		d.end(s.ID)
		d.ensure(ctx, s) // so that no node that lags behind goes on delivering
	default:
		d.deliver(ctx, s)
	}
}

// end ends the worker of the subscription, if it has one, and waits for that.
func (d *Deliverer) end(id domain.SubscriptionID) {
	if w := d.running[id]; w != nil {
		w.stop()
		<-w.done
		delete(d.running, id)
	}
}

// disconnect ends the connections of a subscriber whose secret has changed, or that is gone.
func (d *Deliverer) disconnect(s domain.Subscription) {
	if s.Kind != domain.SubscriptionNATS {
		return
	}
	d.work.Go(func() { // external servers are given time to say who is connected
		if err := d.Log.Door().Disconnect(s.ID.String()); err != nil {
			d.Logger.Warn("a subscriber could not be disconnected from NATS", slog.String("subscription_id", s.ID.String()), slog.Any("error", err))
		}
	})
}

// ensure has the consumer of a subscriber made as the subscription wants it.
func (d *Deliverer) ensure(ctx context.Context, s domain.Subscription) {
	d.try(ctx, s, d.cursors.Ensure)
}

// delete deletes the cursor of a subscription that was deleted.
func (d *Deliverer) delete(ctx context.Context, s domain.Subscription) {
	d.try(ctx, s, d.cursors.Delete)
}

// try does something beside Run, until it has been done or somebody else has done more.
func (d *Deliverer) try(ctx context.Context, s domain.Subscription, do func(context.Context, subscription.Spec) error) {
	d.work.Go(func() {
		for ctx.Err() == nil {
			err := d.awaitFeed(ctx, &s)
			if err == nil {
				err = do(ctx, d.spec(&s))
			}
			if err == nil || errors.Is(err, subscription.ErrSuperseded) || errors.Is(err, subscription.ErrDeleted) || ctx.Err() != nil {
				return
			}
			d.Logger.Warn("the cursor of a subscription cannot be changed at the moment", slog.String("subscription_id", s.ID.String()), slog.Any("error", err))
			wait(ctx, retry)
		}
	})
}

// deliver has a worker deliver the events of a webhook. A worker that is there already goes on,
// unless the change is one for its cursor.
func (d *Deliverer) deliver(ctx context.Context, s domain.Subscription) {
	spec := d.spec(&s)
	if w := d.running[s.ID]; w != nil {
		same := spec
		same.Version = w.spec.Version
		if !w.over() && reflect.DeepEqual(same, w.spec) {
			w.current.Store(&s)
			return
		}
		d.end(s.ID)
	}
	working, stop := context.WithCancel(ctx)
	w := &worker{spec: spec, stop: stop, done: make(chan struct{})}
	w.current.Store(&s)
	d.running[s.ID] = w
	d.work.Go(func() {
		defer stop()
		w.err = d.run(working, w)
		close(w.done)
		select {
		case d.ended <- w:
		case <-working.Done():
		}
	})
}

// run delivers until the context ends, or until nothing more is to be delivered.
func (d *Deliverer) run(ctx context.Context, w *worker) error {
	wake, stop := d.Log.Watch(w.spec.Organization)
	defer stop()
	var lost *OtherSecretError
	for { // what Muster itself lacks is no failure of the receiver
		_, err := d.secretKey(ctx)
		if err == nil {
			err = d.awaitFeed(ctx, w.current.Load())
		}
		if err == nil || ctx.Err() != nil {
			break
		}
		wait(ctx, retry)
	}
	working, cancel := context.WithCancel(ctx)
	defer cancel()
	err := d.cursors.Run(working, w.spec, wake, func(ctx context.Context, list []feed.Event, _ int) subscription.Outcome {
		to, err := d.endpoint(ctx, w.current.Load())
		if errors.As(err, &lost) {
			cancel()
		}
		if err != nil {
			return subscription.Outcome{Kind: subscription.Failed, Error: "the request could not be signed"}
		}
		shown, err := d.show(ctx, list)
		if err != nil { // it was cut short
			return subscription.Outcome{Kind: subscription.Failed}
		}
		result, err := d.sender.Send(ctx, to, shown)
		if err != nil { // it was cut short
			return subscription.Outcome{Kind: subscription.Failed}
		}
		if result.Cause != nil {
			d.Logger.Debug("a webhook was not delivered", slog.String("subscription_id", w.spec.ID.String()), slog.Any("error", result.Cause))
		}
		return outcome(&to, &result)
	})
	var exhausted *subscription.ExhaustedError
	switch {
	case lost != nil:
		return d.pause(ctx, lost.of, domain.PauseSecret, lost.Error())
	case errors.As(err, &exhausted):
		return d.pause(ctx, w.current.Load(), exhausted.Reason, exhausted.Error())
	}
	return err
}

// show returns the events as the receiver gets them. It is called anew for each attempt, so that
// an event that was pending when its person was erased is delivered with a tombstone. What
// Muster cannot read is no failure of the receiver, so it is tried until it can be read. The
// error is that of the context.
func (d *Deliverer) show(ctx context.Context, list []feed.Event) ([][]byte, error) {
	shown := make([][]byte, len(list))
	for i := 0; i < len(list); {
		var err error
		if shown[i], err = d.Log.Show(ctx, list[i]); err == nil {
			i++
			continue
		}
		if ctx.Err() == nil {
			d.Logger.Error("an event cannot be delivered, because its personal data cannot be read; trying again", slog.Any("error", err))
			wait(ctx, retry)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	return shown, nil
}

// pause pauses a subscription that cannot deliver. It tries until that is done. If somebody has
// changed the subscription so that it may deliver now, the error wraps
// [subscription.ErrSuperseded].
func (d *Deliverer) pause(ctx context.Context, s *domain.Subscription, cause domain.PauseCause, detail string) error {
	said := []any{
		slog.String("organization_id", s.Organization.String()), slog.String("subscription_id", s.ID.String()),
		slog.String("cause", string(cause)), slog.String("detail", detail),
	}
	for ctx.Err() == nil {
		result, err := d.Log.Run(ctx, domain.PauseSubscription{
			Meta: domain.Meta{
				ID: d.NewID(), Organization: s.Organization,
				Actor: domain.Actor{Kind: domain.ActorSystem, ID: "muster"},
			},
			ID: s.ID, Cause: cause, Detail: detail, Judged: s,
		})
		switch {
		case errors.Is(err, domain.ErrUnknownSubscription):
			return err
		case err == nil && result.Has(domain.SubscriptionPaused{}.EventType()):
			d.paused.WithLabelValues(string(cause)).Inc()
			d.Logger.Error("a subscription was paused, because it cannot deliver", said...)
			return nil
		case err == nil:
			return subscription.ErrSuperseded
		}
		if ctx.Err() == nil {
			d.Logger.Warn("a subscription that cannot deliver could not be paused", append(said, slog.Any("error", err))...)
			wait(ctx, retry)
		}
	}
	return ctx.Err()
}
