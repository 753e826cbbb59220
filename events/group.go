package events

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/domain"
)

// group is the commands that become durable together, with one message.
type group struct {
	writer  *writer
	after   Checkpoint // the tip that the group continues
	payload []byte     // the JSON array of events, without its closing bracket
	decided []decided
	closed  bool // the next command does not go in
}

func newGroup(w *writer) *group {
	return &group{writer: w, after: w.tip, payload: make([]byte, 0, 16<<10)} // about 32 events
}

// decided is a request with what will be its answer when the group is in the log:
// until then even a refusal may rest on a state that is not the log's any more.
type decided struct {
	request *request
	result  Result
	err     error
}

// full reports whether the group is to grow no more.
func (g *group) full() bool { return g != nil && (g.closed || len(g.payload) >= groupBytes) }

// requests answers those that were decided into the group.
func (g *group) requests() []*request {
	requests := make([]*request, len(g.decided))
	for i := range g.decided {
		requests[i] = g.decided[i].request
	}
	return requests
}

// decide holds the request against the state and adds its events to the group. It
// answers false, and has done nothing but to close the group, when they do not fit.
func (g *group) decide(r *request) bool {
	if err := r.ctx.Err(); err != nil {
		r.answer(Result{}, fmt.Errorf("%w: the caller has left: %w", ErrUnavailable, err))
		return true
	}
	result, err := g.run(r)
	if errors.Is(err, errFull) {
		g.closed = true
		return false
	}
	g.decided = append(g.decided, decided{r, result, err})
	return true
}

// errFull is that the message has no room for the command's events, but another
// one would.
var errFull = errors.New("the message is full")

func (g *group) run(r *request) (Result, error) {
	w, meta := g.writer, r.command.Metadata()
	begin := time.Now()
	defer func() { w.log.metrics.decide.Observe(time.Since(begin).Seconds()) }()

	keys, err := w.see(r.command)
	if err != nil {
		return Result{}, err
	}
	if !meta.Request.IsZero() {
		if done := w.state.Done(meta.Organization, meta.ID); done != nil {
			if done.Request != meta.Request {
				return Result{}, ErrIdempotencyMismatch
			}
			return Result{Position{w.partition.number, done.Number}, done.Types, done.After, true}, nil
		}
	}
	at := w.time()
	events, err := domain.Decide(&w.state, at, r.command)
	if err != nil {
		return Result{Position: w.tip.Position}, err
	}
	if r.dry || len(events) == 0 {
		return g.would(keys, at, meta, events)
	}
	return g.record(keys, at, meta, events)
}

// would answers what the events would lead to, and changes nothing.
func (g *group) would(keys []domain.Key, at time.Time, meta domain.Meta, events []domain.Event) (Result, error) {
	w := g.writer
	records, _, _, err := w.encode(nil, at, meta, events)
	if err != nil {
		return Result{}, err
	}
	result := Result{Position: w.tip.Position, State: w.state.Copy(keys)}
	for i := range records {
		domain.Evolve(result.State, &records[i])
		result.Types = append(result.Types, records[i].Event.EventType())
	}
	return result, nil
}

// encode gives the events the numbers and ids that come next, and appends them to
// the payload of a message, which can be empty. What would not fit into an empty one
// is [ErrTooLarge].
func (w *writer) encode(payload []byte, at time.Time, meta domain.Meta, events []domain.Event) ([]domain.Recorded, []byte, eventIDs, error) {
	before := len(payload)
	records := make([]domain.Recorded, len(events))
	ids := w.ids
	for i, e := range events {
		records[i] = record(meta, at, w.tip.Number+uint64(i)+1, e)
		records[i].ID = ids.next(at)
		if i > 0 {
			records[i].Cause = records[0].ID
		}
		var err error
		if payload, err = encode(append(payload, separator(payload)), w.partition.number, &records[i]); err != nil {
			return nil, nil, ids, err
		}
	}
	if size := len(payload) + 1 - before; size > messageBytes { // with the closing bracket
		return nil, nil, ids, fmt.Errorf("%d events, %d bytes of at most %d: %w", len(events), size, messageBytes, ErrTooLarge)
	}
	return records, payload, ids, nil
}

// record gives the events their numbers and ids, adds them to the message, and
// folds them into the state.
func (g *group) record(keys []domain.Key, at time.Time, meta domain.Meta, events []domain.Event) (Result, error) {
	w := g.writer
	records, payload, ids, err := w.encode(g.payload, at, meta, events)
	if err != nil {
		return Result{}, err
	}
	if len(payload)+1 > messageBytes {
		return Result{}, errFull
	}
	g.payload, w.ids = payload, ids
	types := make([]string, len(records))
	for i := range records {
		w.tip.Number, w.tip.Time, w.tip.ID = records[i].Number, at, records[i].ID
		domain.Evolve(&w.state, &records[i])
		types[i] = records[i].Event.EventType()
	}
	for _, k := range keys {
		w.held.Add(k, w.tip.Number)
	}
	result := Result{Position: w.tip.Position, Types: types, State: w.state.Copy(keys)}
	if !meta.Request.IsZero() {
		w.state.Put(domain.DoneKey(meta.Organization, meta.ID),
			&domain.Done{Request: meta.Request, Number: w.tip.Number, Types: types, After: result.State})
	}
	return result, nil
}

func record(meta domain.Meta, at time.Time, number uint64, e domain.Event) domain.Recorded {
	return domain.Recorded{
		Event: e, Number: number, Time: at, Actor: meta.Actor, OnBehalfOf: meta.OnBehalfOf,
		Command: meta.ID, Request: meta.Request, Reason: meta.Reason,
	}
}

func separator(payload []byte) byte {
	if len(payload) == 0 {
		return '['
	}
	return ','
}

// time is now, in milliseconds, and never before the partition's last event,
// whatever the clock does.
func (w *writer) time() time.Time {
	now := w.log.now().UTC().Truncate(time.Millisecond)
	if now.Before(w.tip.Time) {
		return w.tip.Time
	}
	return now
}

// answer gives every caller what came of their command, or the error.
func (g *group) answer(err error) {
	for _, d := range g.decided {
		if err != nil {
			d.request.answer(Result{}, err)
			continue
		}
		d.request.answer(d.result, d.err)
	}
}

// errConflict is that another process has written to the partition, so that what
// was decided here was decided on the past.
var errConflict = errors.New("another process has written to the partition")

// seal ends the group: what is decided from now on follows its message.
func (g *group) seal() {
	if len(g.payload) == 0 {
		return
	}
	g.payload = append(g.payload, ']')
	tip := &g.writer.tip
	tip.Message++
	tip.Hash = link(g.after.Hash, g.after.Number+1, g.payload)
}

// append makes the sealed group durable. A group without events is held against the
// tip of the log instead: nothing was written after the state that it was decided
// on. It runs beside the writer and leaves what is the writer's alone.
func (g *group) append() error {
	w := g.writer
	if len(g.payload) == 0 {
		return w.unchanged(g.after.Message)
	}
	begin := time.Now()
	if err := w.append(g.after, g.payload); err != nil {
		return err
	}
	w.log.metrics.append.Observe(time.Since(begin).Seconds())
	w.log.metrics.group.Observe(float64(len(g.decided)))
	w.failure.Store(nil)
	return nil
}

// unchanged answers errConflict when the log goes on behind the message.
func (w *writer) unchanged(last uint64) error {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	now, err := w.log.lastMessage(ctx, w.partition.number)
	if err != nil {
		w.failed(err)
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	if now != last {
		return errConflict
	}
	return nil
}

// append publishes the message that follows the checkpoint. It returns nil only
// when it is durable, errConflict when another one stands in its place, and
// otherwise says whether the outcome is known.
func (w *writer) append(after Checkpoint, payload []byte) error {
	msg := message(logSubject(w.partition.number), w.log.writerID, after, payload)
	deadline := time.Now().Add(recoverFor)
	for {
		err := w.publish(msg, after.Message)
		if err == nil {
			return nil
		}
		var refused *jetstream.APIError
		if errors.As(err, &refused) {
			return w.settle(err, after, payload)
		}
		// The answer is lost. Whether the message is in the log, only the log can
		// tell; publishing the same bytes with the same expectation again cannot put
		// them there twice.
		w.log.metrics.unknown.Inc()
		if time.Now().After(deadline) || w.log.conn.IsClosed() {
			w.failed(err)
			return fmt.Errorf("%w: %w", ErrOutcomeUnknown, err)
		}
		time.Sleep(retryAfter)
	}
}

// retryAfter is how long a writer waits before it asks a server again that did
// not answer.
const retryAfter = 100 * time.Millisecond

func (w *writer) publish(msg *nats.Msg, last uint64) error {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	ack, err := w.log.js.PublishMsg(ctx, msg, jetstream.WithRetryAttempts(0),
		jetstream.WithExpectStream(logStream(w.partition.number)), jetstream.WithExpectLastSequence(last))
	if err != nil {
		return err
	}
	if ack.Sequence != last+1 {
		return fmt.Errorf("JetStream stored the message as %d and not as %d", ack.Sequence, last+1)
	}
	return nil
}

// settle says what JetStream's refusal of the message that follows the checkpoint
// means, by looking at what stands in its place. That can be the message itself,
// whose first acknowledgement was lost.
func (w *writer) settle(refusal error, after Checkpoint, payload []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	stored, err := w.log.message(ctx, w.partition.number, after.Message+1)
	switch {
	case err == nil && bytes.Equal(stored.payload, payload) && isConflict(refusal):
		return nil
	case isConflict(refusal) && (err == nil || errors.Is(err, jetstream.ErrMsgNotFound)):
		return errConflict
	case errors.Is(err, jetstream.ErrMsgNotFound):
		w.failed(refusal)
		return fmt.Errorf("%w: %w", ErrUnavailable, refusal)
	default:
		w.failed(refusal)
		return fmt.Errorf("%w: %w", ErrOutcomeUnknown, errors.Join(refusal, err))
	}
}

// isConflict knows both codes: the second is what replicated streams say while
// another message is in flight.
func isConflict(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence ||
		api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequenceConstant)
}
