package subscription

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// What is kept of attempts.
const (
	MostAttempts = 500                 // the last ones of each subscription
	AttemptsFor  = 30 * 24 * time.Hour // and no longer
	MostAnswer   = 1024                // bytes of a response
)

// deliveriesConfig is the stream of attempts. It need not survive a power cut. A stream without
// the metadata has responses of receivers of profiles.
var deliveriesConfig = jetstream.StreamConfig{
	Name: "MUSTER_DELIVERIES", Subjects: []string{deliverySubject + "*"},
	Description: "Muster's subscriptions: the last attempts to deliver",
	Storage:     jetstream.FileStorage, Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardOld,
	MaxMsgs: -1, MaxBytes: -1, MaxConsumers: -1, MaxMsgsPerSubject: MostAttempts, MaxMsgSize: 64 << 10, MaxAge: AttemptsFor,
	AllowDirect: true, PersistMode: jetstream.AsyncPersistMode,
	Metadata: map[string]string{metaResponses: "without profiles"},
}

const metaResponses = "muster-responses"

// openDeliveries opens the stream of attempts, or makes it. One that may have profiles is deleted
// first: they could not be erased from it.
func openDeliveries(ctx context.Context, s *store.Store, logger *slog.Logger) error {
	stream, err := s.Beside(ctx, deliveriesConfig)
	if err != nil || stream.CachedInfo().Config.Metadata[metaResponses] != "" {
		return err
	}
	logger.Info("the attempts to deliver that were kept are deleted, because they may have profiles")
	bounded, cancel := context.WithTimeout(ctx, store.CallTimeout)
	defer cancel()
	if err := s.JS.DeleteStream(bounded, deliveriesConfig.Name); err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
		return fmt.Errorf("deleting stream %s: %w", deliveriesConfig.Name, err)
	}
	_, err = s.Beside(ctx, deliveriesConfig)
	return err
}

const deliverySubject = "muster.deliveries."

// OutcomeKind says how an attempt has ended.
type OutcomeKind string

// The outcomes.
const (
	Delivered OutcomeKind = "delivered" // the receiver has accepted it
	Failed    OutcomeKind = "failed"    // it is tried again
	Gone      OutcomeKind = "gone"      // the receiver wants no more (410)
	Refused   OutcomeKind = "refused"   // the address is not one to connect to; it is tried again
)

// Outcome is how an attempt has ended. What it says of the receiver is kept as it is, at most
// [MostAnswer] bytes of each text.
type Outcome struct {
	Kind       OutcomeKind
	Status     int // of HTTP; 0 if there was no response
	Latency    time.Duration
	RetryAfter time.Duration // what the receiver has asked for; 0 if it has not
	Error      string        // why it was not delivered
	Answer     string        // the beginning of the response
}

// Attempt is one attempt to deliver events. No payload is kept.
type Attempt struct {
	ID       string         `json:"id"`
	At       time.Time      `json:"at"`
	Position *wire.Position `json:"position,omitempty"`      // of the event, or the first of a batch; nil for a ping
	Last     *wire.Position `json:"last_position,omitempty"` // of the last event of a batch; nil for one event
	EventID  domain.EventID `json:"event_id"`                // of the event, or the first of a batch
	Type     string         `json:"type"`                    // of the same event
	Attempt  int            `json:"attempt"`                 // counted from 1 for each event
	Outcome  OutcomeKind    `json:"outcome"`
	Status   int            `json:"status,omitempty"` // of HTTP; 0 if there was no response
	Latency  time.Duration  `json:"latency"`
	Error    string         `json:"error,omitempty"`
	Answer   string         `json:"answer,omitempty"`
	Next     time.Time      `json:"next_attempt_at,omitzero"` // zero if there is none

	Sequence uint64 `json:"-"` // for the next page: see [Subscriptions.Deliveries]
}

// NewAttempt returns the attempt that has ended like this at the time.
func NewAttempt(at time.Time, o Outcome) Attempt {
	return Attempt{
		ID: uuid.Must(uuid.NewV7()).String(), At: at, Attempt: 1, Outcome: o.Kind, Status: o.Status, Latency: o.Latency,
		Error: cut(o.Error), Answer: cut(o.Answer),
	}
}

// cut returns the beginning of a text.
func cut(s string) string { return strings.ToValidUTF8(s[:min(len(s), MostAnswer)], "") }

// Record keeps an attempt. [Subscriptions.Run] records its own.
func (s *Subscriptions) Record(ctx context.Context, id domain.SubscriptionID, a Attempt) error {
	ctx, cancel := context.WithTimeout(ctx, store.CallTimeout)
	defer cancel()
	data, err := json.Marshal(a)
	if err != nil {
		return err
	}
	if _, err := s.js.Publish(ctx, deliverySubject+id.String(), data); err != nil {
		return fmt.Errorf("keeping an attempt of subscription %s: %w", id, err)
	}
	return nil
}

// record is Record without waiting. An attempt that cannot be kept is no reason not to go on.
func (s *Subscriptions) record(id domain.SubscriptionID, a Attempt) {
	if data, err := json.Marshal(a); err == nil {
		_, _ = s.js.PublishAsync(deliverySubject+id.String(), data)
	}
}

// Deliveries returns at most limit attempts of the subscription, the last one first. If before
// is not 0, it returns those before the attempt with that [Attempt.Sequence]. There are no more
// if fewer than limit are returned.
func (s *Subscriptions) Deliveries(ctx context.Context, id domain.SubscriptionID, before uint64, limit int) ([]Attempt, error) {
	page, err := s.store.BesidePage(ctx, deliveriesConfig.Name, deliverySubject+id.String(), 1, MostAttempts)
	if err != nil {
		return nil, err
	}
	attempts := make([]Attempt, 0, limit)
	for i := len(page) - 1; i >= 0 && len(attempts) < limit; i-- {
		if before != 0 && page[i].Sequence >= before {
			continue
		}
		a := Attempt{Sequence: page[i].Sequence}
		if err := json.Unmarshal(page[i].Data, &a); err != nil {
			return nil, fmt.Errorf("attempt %d of subscription %s: %w", page[i].Sequence, id, err)
		}
		attempts = append(attempts, a)
	}
	return attempts, nil
}

// forgetAttempts deletes all attempts of a subscription.
func (s *Subscriptions) forgetAttempts(ctx context.Context, id domain.SubscriptionID) error {
	ctx, cancel := context.WithTimeout(ctx, store.CallTimeout)
	defer cancel()
	stream, err := s.js.Stream(ctx, deliveriesConfig.Name)
	if err == nil {
		err = stream.Purge(ctx, jetstream.WithPurgeSubject(deliverySubject+id.String()))
	}
	if err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
		return fmt.Errorf("deleting the attempts of subscription %s: %w", id, err)
	}
	return nil
}
