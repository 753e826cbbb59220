package subscription

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/store"
)

// cursorsConfig is the stream of notes. Only the last one of each subscription is kept. Direct
// gets are not allowed, so that the stream's leader responds, and not a replica that lags behind.
var cursorsConfig = jetstream.StreamConfig{
	Name: "MUSTER_CURSORS", Subjects: []string{cursorSubject + "*"},
	Description: "Muster's subscriptions: how far each has come, and how it is doing",
	Storage:     jetstream.FileStorage, Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardOld,
	MaxMsgs: -1, MaxBytes: -1, MaxConsumers: -1, MaxMsgsPerSubject: 1, MaxMsgSize: 64 << 10,
}

const cursorSubject = "muster.cursors."

// note is what is kept of a subscription where it survives that the feed is lost. The numbers
// are those of [Spec] that were followed last.
type note struct {
	Version  uint64 `json:"version"`
	Set      uint64 `json:"set"`
	Epoch    uint64 `json:"epoch"`
	Position uint64 `json:"position"`          // everything up to it that was wanted has been delivered
	Making   bool   `json:"making,omitempty"`  // a node is making the consumer for the epoch
	Deleted  bool   `json:"deleted,omitempty"` // the subscription is gone, for good
	Health   health `json:"health"`

	// Former are the epochs of a webhook's consumers that are deleted before the one for the
	// epoch is made. It is empty once that has been made.
	Former []uint64 `json:"former,omitempty"`

	sequence uint64 // of the note in its stream; 0 if there is none
}

// health is how delivering has gone since the subscription was resumed last.
type health struct {
	Resumed uint64 `json:"resumed"` // the number of that event
	Health
}

// Health says how delivering to an endpoint goes. It is zero if the last attempt succeeded.
type Health struct {
	FailingSince time.Time         `json:"failing_since,omitzero"`   // when the first of the failures was that nothing succeeded after
	Number       uint64            `json:"number,omitempty"`         // of the first event of the last attempt
	Last         uint64            `json:"last,omitempty"`           // of its last event
	Epoch        uint64            `json:"epoch,omitempty"`          // of the last attempt
	Attempts     int               `json:"attempts,omitempty"`       // that have failed for that event
	NextAttempt  time.Time         `json:"next_attempt_at,omitzero"` // not before that time
	Exhausted    domain.PauseCause `json:"exhausted,omitempty"`      // why there is no next attempt
}

// Failing reports whether the last attempt has failed.
func (h Health) Failing() bool { return !h.FailingSince.IsZero() }

// healthOf returns the health of a subscription according to the note.
func (n note) healthOf(s Spec) Health {
	if n.Health.Resumed < s.Resumed {
		return Health{}
	}
	return n.Health.Health
}

// note reads the note of a subscription from the stream's leader. It is zero if there is none.
func (s *Subscriptions) note(ctx context.Context, id domain.SubscriptionID) (n note, err error) {
	ctx, cancel := context.WithTimeout(ctx, store.CallTimeout)
	defer cancel()
	m, err := s.cursors.GetLastMsgForSubject(ctx, cursorSubject+id.String())
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return note{}, nil
	}
	if err != nil {
		return note{}, fmt.Errorf("reading the cursor of subscription %s: %w", id, err)
	}
	if err := json.Unmarshal(m.Data, &n); err != nil {
		return note{}, fmt.Errorf("the cursor of subscription %s: %w", id, err)
	}
	n.sequence = m.Sequence
	return n, nil
}

// errNoted reports that somebody else has written a note since it was read.
var errNoted = errors.New("the note was written by another node")

// write replaces the note that was read. The error wraps errNoted if it is not the last one any
// more.
func (s *Subscriptions) write(ctx context.Context, id domain.SubscriptionID, n note) (note, error) {
	ctx, cancel := context.WithTimeout(ctx, store.CallTimeout)
	defer cancel()
	data, err := json.Marshal(n)
	if err != nil {
		return note{}, err
	}
	ack, err := s.js.Publish(ctx, cursorSubject+id.String(), data, jetstream.WithExpectLastSequencePerSubject(n.sequence))
	if api, ok := errors.AsType[*jetstream.APIError](err); ok && (api.ErrorCode == jetstream.JSErrCodeStreamWrongLastSequence || api.ErrorCode == codeInFlight) {
		return note{}, fmt.Errorf("subscription %s: %w", id, errNoted)
	}
	if err != nil {
		return note{}, fmt.Errorf("noting the cursor of subscription %s: %w", id, err)
	}
	n.sequence = ack.Sequence
	return n, nil
}

// codeInFlight is JetStream's code for an expectation that cannot be judged, because another
// message on the subject is being replicated.
const codeInFlight jetstream.ErrorCode = 10164

// change reads the note, has it changed, and writes it, until nobody else writes in between. If
// the change reports false nothing is written.
func (s *Subscriptions) change(ctx context.Context, id domain.SubscriptionID, change func(*note) bool) (note, error) {
	for {
		n, err := s.note(ctx, id)
		if err != nil || !change(&n) {
			return n, err
		}
		n, err = s.write(ctx, id, n)
		if !errors.Is(err, errNoted) {
			return n, err
		}
		if err := wait(ctx, onceMore); err != nil {
			return note{}, err
		}
	}
}

// onceMore is the pause before something is tried again that another node was faster with.
const onceMore = 20 * time.Millisecond

// wait returns nil after the duration, or the context's error.
func wait(ctx context.Context, long time.Duration) error {
	timer := time.NewTimer(long)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
