package events

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// The ways in which a command can fail that are not the domain's. A command that fails
// with [store.ErrUnavailable] was not done and can be tried again.
var (
	// ErrOutcomeUnknown: it is not known yet whether the command was done. Trying again
	// with the same idempotency key is safe.
	ErrOutcomeUnknown = errors.New("it is not known whether the command was carried out")
	// ErrIdempotencyMismatch: the idempotency key was used for another request.
	ErrIdempotencyMismatch = errors.New("the idempotency key was used for another request")
	// ErrTooLarge: the command's events do not fit into one message.
	ErrTooLarge = errors.New("the command is too large for one commit")
	// ErrEventTooLarge: one event of the command would have more bytes than a leaf of the
	// Merkle tree can have.
	ErrEventTooLarge = errors.New("an event of the command is too large to be proved later")
)

// Result is the outcome of a command.
type Result struct {
	// Position is that of the command's last event. If it has none, it is that of the
	// last event that the decision rests on.
	Position wire.Position
	// Types are the types of its events, in order. There are none if nothing had to
	// change.
	Types []string
	// State holds copies of the parts that the answer to the command shows, as the
	// command left them; see [domain.Decision.Answer].
	State *domain.State
	// Target is what the command was about, and what the first one was about if this is
	// a replay.
	Target domain.Key
	// Outcomes has one entry for each operation of a batch; nil for other commands.
	Outcomes []domain.Outcome
	// Tried are the events that the command would have had, as they would be read from the
	// log. Only [Log.Try] returns them. Their ids, numbers and times are not final.
	Tried []domain.Recorded
	// Replayed says that the command's idempotency key was seen before. The result is
	// then the first one again.
	Replayed bool
}

// Has reports whether the command has an event of the type.
func (r Result) Has(eventType string) bool {
	return slices.Contains(r.Types, eventType)
}

// request is a command that waits for its result.
type request struct {
	ctx      context.Context //nolint:containedctx // a request carries its caller's, so that the writer need not decide it when the caller has gone
	command  domain.Command
	dry      bool // decide only
	answered chan struct{}
	result   Result
	err      error
}

// after returns the result of a request whose writer has ended.
func (r *request) after() (Result, error) {
	select {
	case <-r.answered:
		return r.result, r.err
	default: // it came too late to be taken
		return Result{}, fmt.Errorf("%w: shutting down", store.ErrUnavailable)
	}
}

// done reports whether the caller was answered.
func (r *request) done() bool {
	select {
	case <-r.answered:
		return true
	default:
		return false
	}
}

// answer sends the caller its result, at most once. A caller whose context ended was
// answered then, but its request can still be in a group and is seen again when that
// group is decided again.
func (r *request) answer(result Result, err error) {
	if r.done() {
		return
	}
	r.result, r.err = result, err
	close(r.answered)
}
