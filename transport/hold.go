package transport

import (
	"context"
	"time"

	"github.com/muster-dev/muster/events"
)

// heldAfter is the time after which a request counts as held, even if nothing says that it
// waits: it may have waited for its body, for a connection or for the feed.
const heldAfter = 10 * time.Millisecond

// Reauthorize checks whether the request would still be admitted. Since the [Call] was
// admitted its token may have expired or been revoked, or its user may have been suspended
// or removed. A handler that sends its answer itself, piece by piece, must call it before
// each piece. For all other queries the engine does it: see [Call.release].
func (c *Call) Reauthorize() error {
	who, err := c.authenticate()
	if err != nil {
		return err
	}
	if err := c.permit(who); err != nil || !c.route.reads {
		return err
	}
	if err := c.awaitShown(events.Withdrawals, who.Organization); err != nil {
		return err
	}
	c.bearer = who // the secret may end now, because the token was rotated
	return c.mayRead(who)
}

// release returns an error if a held query must not be answered. A command is not held
// back once it is done: its answer shows what it did itself, at the moment when it was
// allowed to.
func (c *Call) release() error {
	if !c.route.reads {
		return nil
	}
	return c.reauthorizeHeld()
}

// reauthorizeHeld is [Call.Reauthorize] for a request that was held.
func (c *Call) reauthorizeHeld() error {
	if c.bearer == nil || !c.held && time.Since(c.checked) < heldAfter {
		return nil
	}
	return c.Reauthorize()
}

// Patiently runs a wait for something that this node will soon show, with a context that
// ends after the duration. If the wait fails it returns the problem read_model_behind with
// the detail. The request then counts as held, so a caller that need not wait must not
// call it.
func (c *Call) Patiently(most time.Duration, detail string, wait func(context.Context) error) error {
	c.held = true
	ctx, cancel := context.WithTimeout(c, most)
	defer cancel()
	if err := wait(ctx); err != nil {
		p := readModelBehind.Problem(detail).retryable()
		p.cause = err
		return p
	}
	return nil
}

// WhileServing returns a context that ends with the call, after the duration, or when the
// service stops, whichever comes first. It is for waits: the request counts as held.
func (c *Call) WhileServing(most time.Duration) (context.Context, context.CancelFunc) {
	c.held = true
	ctx, cancel := context.WithTimeout(c, most)
	stop := context.AfterFunc(c.engine.serving, cancel)
	return ctx, func() { stop(); cancel() }
}
