package events

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/proof"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// group is the commands that become durable together, with one message.
type group struct {
	process *process
	held    *held
	after   wire.Checkpoint // the tip that the group continues
	payload []byte          // the JSON array of events, without its closing bracket until it is sealed
	entries []wire.Entry    // the events in the payload
	message wire.Envelope   // of the payload, once it is sealed
	end     wire.Checkpoint // what the message leads to
	decided []decided
	closed  bool // the next command does not fit
}

// newGroup returns an empty group with room for as much as the last one had. Its payload
// stays in memory for a while, because the read models and the feed use its events.
func newGroup(p *process, h *held) *group {
	return &group{
		process: p, held: h, after: h.tip,
		payload: make([]byte, 0, h.bytes+h.bytes/4+1<<10), entries: make([]wire.Entry, 0, h.events+h.events/4+2),
	}
}

// groupBytes is the size at which a group stops growing.
const groupBytes = 256 << 10

// decided pairs a request with the result it will get once the group is durable. Until
// then even a refusal is provisional, because the state it was based on may be rolled
// back.
type decided struct {
	request *request
	result  Result
	err     error
}

// full reports whether the group must not grow any more.
func (g *group) full() bool { return g != nil && (g.closed || len(g.payload) >= groupBytes) }

// requests returns the requests that were decided into the group.
func (g *group) requests() []*request {
	requests := make([]*request, len(g.decided))
	for i := range g.decided {
		requests[i] = g.decided[i].request
	}
	return requests
}

// decide decides the request on the state and adds its events to the group. It reports
// false if they do not fit. Then it has only closed the group.
func (g *group) decide(r *request) bool {
	if r.done() { // nobody knew whether it was in the log, and it is not
		return true
	}
	if err := r.ctx.Err(); err != nil {
		r.answer(Result{}, fmt.Errorf("%w: the caller has left: %w", store.ErrUnavailable, err))
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

// errFull reports that the message has no room for the command's events, which an empty
// one would have.
var errFull = errors.New("the message is full")

func (g *group) run(r *request) (Result, error) {
	h, meta := g.held, r.command.Metadata()
	begin := time.Now()
	defer func() { g.process.metrics.decide.Observe(time.Since(begin).Seconds()) }()

	keys, err := h.see(r.command)
	if err != nil {
		return Result{}, err
	}
	if !meta.Request.IsZero() {
		if done := h.state.Done(meta.Organization, meta.ID); done != nil {
			if !g.process.profiles.sameRequest(done.Request, meta.Request) {
				return Result{}, ErrIdempotencyMismatch
			}
			target, outcomes := done.Replay(r.command)
			position := wire.Position{Partition: h.log.Number, Number: done.Number}
			return Result{Position: position, Types: done.Types, State: done.After, Target: target, Outcomes: outcomes, Replayed: true}, nil
		}
	}
	now, at := g.times()
	if r.dry {
		return g.try(keys, now, at, r.command)
	}
	d, err := domain.Decide(&h.state, now, r.command)
	if err != nil {
		return Result{Position: h.tip.Position}, err
	}
	if len(d.Events) == 0 {
		return g.result(r.command, &d, &h.state), nil
	}
	return g.record(at, r.command, &d)
}

// try returns the result that the command would have, and changes nothing. It decides on a
// copy of the state, without the people whom the actor could not read.
func (g *group) try(keys []domain.Key, now, at time.Time, c domain.Command) (Result, error) {
	h := g.held
	state := h.state.Copy(keys)
	for {
		domain.HideUnread(state, c, now)
		missing := slices.DeleteFunc(domain.Needs(state, c), state.Holds)
		if len(missing) == 0 {
			break
		}
		if err := h.load(slices.DeleteFunc(slices.Clone(missing), h.state.Holds)); err != nil {
			return Result{}, fmt.Errorf("%w: loading state: %w", store.ErrUnavailable, err)
		}
		state.CopyFrom(&h.state, missing)
	}
	d, err := domain.Decide(state, now, c)
	if err != nil {
		return Result{Position: h.tip.Position}, err
	}
	entries, _, _, err := g.encode(nil, nil, at, c, d.Events, &sealing{profiles: g.process.profiles, dry: true})
	if err != nil {
		return Result{}, err
	}
	tried := make([]domain.Recorded, len(entries))
	for i := range entries {
		domain.Evolve(state, &entries[i].Recorded)
		tried[i] = entries[i].Recorded
	}
	result := g.result(c, &d, state)
	result.Tried = tried
	return result, nil
}

// result returns the result of a decision whose events are folded into the state.
func (g *group) result(c domain.Command, d *domain.Decision, after *domain.State) Result {
	result := Result{Position: g.held.tip.Position, State: d.Answer(c, after), Target: d.Target, Outcomes: d.Outcomes}
	for _, e := range d.Events {
		result.Types = append(result.Types, e.EventType())
	}
	return result
}

// encode gives the events the numbers and ids that come next, seals them, and appends them to the
// entries and to the payload of a message, which can be empty. Events that would not fit
// into an empty one are [ErrTooLarge], and one that could not be proved is
// [ErrEventTooLarge].
func (g *group) encode(entries []wire.Entry, payload []byte, at time.Time, c domain.Command, events []domain.Event, s *sealing) ([]wire.Entry, []byte, wire.EventIDs, error) {
	h, meta := g.held, c.Metadata()
	meta.Request = s.requestHash(meta.Request)
	before, ids := len(payload), h.ids
	first := len(entries)
	for i, e := range events {
		r := record(meta, at, h.tip.Number+uint64(i)+1, e)
		r.ID = ids.Next(at)
		if i > 0 && meta.Cause == (domain.EventID{}) {
			r.Cause = entries[first].ID
		}
		err := s.seal(g.process.closing, &r)
		if err != nil {
			return nil, nil, ids, err
		}
		begin := len(payload) + 1 // after the bracket or the comma
		if payload, err = wire.Append(payload, h.log.Number, &r); err != nil {
			return nil, nil, ids, err
		}
		if size := len(payload) - begin; size > proof.MaxLeaf {
			return nil, nil, ids, fmt.Errorf("%w: it takes %d bytes of at most %d", ErrEventTooLarge, size, proof.MaxLeaf)
		}
		entries = append(entries, wire.Entry{Recorded: r, Stored: payload[begin:]})
	}
	if size := len(payload) + 1 - before; size > store.MaxPayload { // with the closing bracket
		return nil, nil, ids, tooLarge(c, size)
	}
	return entries, payload, ids, nil
}

// tooLarge returns [ErrTooLarge] for a command whose events take that many bytes. For a
// batch, which is the only command that can have so many events, it says how many
// operations fit.
func tooLarge(c domain.Command, size int) error {
	batch, ok := c.(domain.Batch)
	if !ok {
		return fmt.Errorf("%w: its events take %d bytes of at most %d", ErrTooLarge, size, store.MaxPayload)
	}
	operations := len(batch.Operations)
	fit := max(1, operations*(store.MaxPayload/10*9)/size) // a tenth less, because they are not equally large
	return fmt.Errorf("%w: the events of %d operations take %d bytes of at most %d; send up to %d operations at a time, or a shorter Muster-Reason, which every event repeats",
		ErrTooLarge, operations, size, store.MaxPayload, fit)
}

// record gives the events their numbers and ids, adds them to the message, and
// folds them into the state.
func (g *group) record(at time.Time, c domain.Command, d *domain.Decision) (Result, error) {
	h, meta := g.held, c.Metadata()
	before := len(g.entries)
	entries, payload, ids, err := g.encode(g.entries, g.payload, at, c, d.Events, &sealing{profiles: g.process.profiles})
	if err != nil {
		return Result{}, err
	}
	if len(payload)+1 > store.MaxPayload {
		return Result{}, errFull
	}
	g.payload, g.entries, h.ids = payload, entries, ids
	for i := before; i < len(entries); i++ {
		r := &entries[i].Recorded
		h.tip.Number, h.tip.Time, h.tip.ID = r.Number, at, r.ID
		domain.Evolve(&h.state, r)
	}
	for _, place := range h.seen {
		place.Changed = h.tip.Number
	}
	result := g.result(c, d, &h.state)
	if !meta.Request.IsZero() {
		done := &domain.Done{
			Organization: meta.Organization, Command: meta.ID, Request: entries[before].Request,
			Number: h.tip.Number, Types: result.Types, After: d.Kept(result.State),
		}
		h.state.Put(domain.KeyOf(done), done) // which the command had to see
	}
	return result, nil
}

// record returns the event as it will be read from the log, which does not say what the
// actor's token may be used for.
func record(meta domain.Meta, at time.Time, number uint64, e domain.Event) domain.Recorded {
	actor := meta.Actor
	actor.Credential = domain.Credential{}
	return domain.Recorded{
		Event: e, Number: number, Time: at, Actor: actor, OnBehalfOf: meta.OnBehalfOf,
		Command: meta.ID, Request: meta.Request, Cause: meta.Cause, Reason: meta.Reason,
	}
}

// times returns the time as of which a command is decided, and the time that its events get,
// both in milliseconds. Events never get a time before that of the partition's last event,
// even if the clock goes back, and as a rule the command is decided as of the same time. But
// if the last event is far ahead, a clock was wrong when it was written. Then the command is
// decided as of now: else nobody could be given access that ends before that clock's time.
func (g *group) times() (now, at time.Time) {
	now = g.process.clock.now().UTC().Truncate(time.Millisecond)
	last := g.held.tip.Time
	switch {
	case !now.Before(last):
		return now, now
	case last.Sub(now) > jump:
		return now, last
	}
	return last, last
}

// seal completes the group's message. What is decided from now on follows it.
func (g *group) seal() {
	if len(g.payload) == 0 {
		return
	}
	g.payload = append(g.payload, ']')
	wire.Place(g.payload, g.entries)
	g.held.bytes, g.held.events = len(g.payload), len(g.entries)
	g.message = wire.Next(g.after, g.process.id, g.payload).MadeOf(g.entries)
	tip := &g.held.tip
	tip.Message, tip.Hash = g.message.Sequence, g.message.Link()
	g.end = *tip
}

// answer sends every caller its result, or the error if there is one.
func (g *group) answer(err error) {
	for _, d := range g.decided {
		if err != nil {
			d.request.answer(Result{}, err)
			continue
		}
		d.request.answer(d.result, d.err)
	}
}
