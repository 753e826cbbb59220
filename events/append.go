package events

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// errConflict reports that another process has written to the partition. What was
// decided here was decided on a state of the past.
var errConflict = errors.New("another process has written to the partition")

// appender makes the groups of one partition durable.
type appender struct {
	*process
	log    *store.Partition
	health *health
}

// append makes a sealed group durable. For a group without events it only checks that
// nothing was written after the state that the group was decided on. It runs in a
// goroutine of its own and does not touch the fields of the writer's goroutine.
func (a *appender) append(g *group) error {
	if len(g.payload) == 0 {
		return a.unchanged(g.after.Message)
	}
	begin := time.Now()
	if err := a.publish(g.message()); err != nil {
		return err
	}
	a.metrics.append.Observe(time.Since(begin).Seconds())
	a.metrics.group.Observe(float64(len(g.decided)))
	a.health.appending.Store(nil)
	return nil
}

// unchanged returns errConflict if the log goes on behind the message.
func (a *appender) unchanged(last uint64) error {
	ctx, cancel := context.WithTimeout(context.Background(), store.CallTimeout)
	defer cancel()
	now, err := a.log.Last(ctx)
	if err != nil {
		a.failed(err)
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	if now != last {
		return errConflict
	}
	return nil
}

// publish appends a message to the log. It returns nil only if the message is durable, and
// errConflict if another one is in its place. Any other error is around
// [store.ErrUnavailable] if the message is not in the log, and around
// [ErrOutcomeUnknown] if it may be.
func (a *appender) publish(e wire.Envelope) error {
	deadline := time.Now().Add(recoverFor)
	for tried := false; ; {
		err := a.log.Append(context.Background(), e)
		if err == nil {
			return nil
		}
		if store.Refused(err) {
			return a.settle(err, e)
		}
		if errors.Is(err, store.ErrDisk) {
			return a.unwritten(err, tried)
		}
		tried = true
		// The acknowledgement is lost, and only the log can tell whether the message is
		// there. Publishing the same bytes on the same condition again cannot put them
		// there twice.
		a.metrics.unknown.Inc()
		if time.Now().After(deadline) || a.log.Closed() {
			a.failed(err)
			return fmt.Errorf("%w: %w", ErrOutcomeUnknown, err)
		}
		time.Sleep(retryAfter)
	}
}

// unwritten returns the error for a message that the disk does not take. Whether it is in
// the log is known only if it was never tried.
func (a *appender) unwritten(err error, tried bool) error {
	a.failed(err)
	if !tried && errors.Is(err, store.ErrUnavailable) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrOutcomeUnknown, err)
}

// recoverFor bounds how long commands wait for a log that does not answer, before they
// are answered with an error.
const recoverFor = 10 * time.Second

// retryAfter is how long a writer waits before it asks a server again that did not
// answer.
const retryAfter = 100 * time.Millisecond

// settle finds out what JetStream's refusal of a message means, by looking at what is in
// its place. That can be the message itself, if its first acknowledgement was lost.
func (a *appender) settle(refusal error, e wire.Envelope) error {
	stored, err := a.log.Message(context.Background(), e.Sequence)
	switch {
	case err == nil && bytes.Equal(stored.Payload, e.Payload) && store.IsConflict(refusal):
		return nil
	case store.IsConflict(refusal) && (err == nil || errors.Is(err, store.ErrNoMessage)):
		return errConflict
	case errors.Is(err, store.ErrNoMessage):
		a.failed(refusal)
		return fmt.Errorf("%w: %w", store.ErrUnavailable, refusal)
	default:
		a.failed(refusal)
		return fmt.Errorf("%w: %w", ErrOutcomeUnknown, errors.Join(refusal, err))
	}
}

func (a *appender) failed(err error) {
	a.health.appending.Store(&failure{err, a.now()})
	a.logger.Error("appending to the log failed", slog.Int("partition", a.log.Number), slog.Any("error", err))
}
