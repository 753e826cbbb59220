package events

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/muster-dev/muster/domain"
)

// The ways in which a command can fail that are not the domain's.
var (
	// ErrUnavailable: the command was not done; it can be tried again.
	ErrUnavailable = errors.New("the log cannot be written to now")
	// ErrOutcomeUnknown: nobody knows yet whether the command was done. Trying
	// again with the same idempotency key is safe.
	ErrOutcomeUnknown = errors.New("whether the command was done is not known")
	// ErrIdempotencyMismatch: the idempotency key was used for another request.
	ErrIdempotencyMismatch = errors.New("the idempotency key was used for another request")
	// ErrTooLarge: the command's events do not fit into one message.
	ErrTooLarge = errors.New("the command is too large for one commit: split it")
)

// Result is what came of a command.
type Result struct {
	// Position is that of the command's last event; when it has none, of the last
	// event that it was decided on.
	Position Position
	// Types are the types of its events, in order. None: nothing had to change.
	Types []string
	// State holds copies of the parts that the command named, as it left them.
	State *domain.State
	// Replayed says that the command's idempotency key was seen before: this is
	// the first answer again.
	Replayed bool
}

// Has reports whether the command has an event of the type.
func (r Result) Has(eventType string) bool {
	return slices.Contains(r.Types, eventType)
}

// Run decides the command and appends its events. When it returns without an
// error they are durable: they survive power loss. Two commands of one
// organization never see each other half done. With one of the domain's errors the
// result has the position of the last event that the refusal rests on.
func (l *Log) Run(ctx context.Context, c domain.Command) (Result, error) {
	return l.submit(ctx, c, false)
}

// Try decides the command on the real state, as [Log.Run] would, and writes
// nothing.
func (l *Log) Try(ctx context.Context, c domain.Command) (Result, error) {
	return l.submit(ctx, c, true)
}

func (l *Log) submit(ctx context.Context, c domain.Command, dry bool) (Result, error) {
	w := l.partitions[l.Partition(c.Metadata().Organization)].writer
	if !w.started.Load() {
		return Result{}, fmt.Errorf("%w: still starting", ErrUnavailable)
	}
	r := &request{ctx: ctx, command: c, dry: dry, answered: make(chan struct{})}
	result, err := w.submit(ctx, r)
	l.metrics.command(c.CommandType(), dry, result, err)
	return result, err
}

func (w *writer) submit(ctx context.Context, r *request) (Result, error) {
	select {
	case <-w.stopped:
		return Result{}, fmt.Errorf("%w: shutting down", ErrUnavailable)
	default:
	}
	select {
	case w.queue <- r:
	case <-w.stopped:
		return Result{}, fmt.Errorf("%w: shutting down", ErrUnavailable)
	case <-ctx.Done():
		return Result{}, fmt.Errorf("%w: too many commands are waiting: %w", ErrUnavailable, ctx.Err())
	}
	select {
	case <-r.answered:
		return r.result, r.err
	case <-ctx.Done():
		return Result{}, fmt.Errorf("%w: %w", ErrOutcomeUnknown, ctx.Err())
	}
}

// request is a command that waits for its result.
type request struct {
	ctx      context.Context //nolint:containedctx // a request carries its caller's, so that the writer need not decide for nobody
	command  domain.Command
	dry      bool // decide only
	answered chan struct{}
	result   Result
	err      error
}

// answer answers the caller, who gets one answer: one who has left got it at once,
// and is met again when the group is decided anew.
func (r *request) answer(result Result, err error) {
	select {
	case <-r.answered:
		return
	default:
	}
	r.result, r.err = result, err
	close(r.answered)
}
