package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	// TicketLife is how long a ticket can be used.
	TicketLife = time.Minute
	// MaxTicket is the most bytes that a ticket's content may have.
	MaxTicket = 64 << 10

	ticketStream  = "MUSTER_TICKETS"
	ticketSubject = "muster.ticket."
	// maxTickets bounds the bytes of all tickets together. They are in the server's memory.
	maxTickets = 16 << 20
)

// ErrNoTicket reports that there is no ticket at the place: there never was one, it is too
// old, or it was taken.
var ErrNoTicket = errors.New("there is no such ticket")

// ticketConfig is the stream that holds the tickets that all nodes share. It is in memory,
// and its messages vanish by themselves: a ticket that is lost is replaced by another one.
func (m marker) ticketConfig(replicas int) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: ticketStream, Subjects: []string{ticketSubject + "*"},
		Description: "Muster's tickets: one message for each, for a minute",
		Storage:     jetstream.MemoryStorage, Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardNew,
		MaxMsgs: -1, MaxBytes: maxTickets, MaxAge: TicketLife, MaxConsumers: -1, MaxMsgsPerSubject: 1, MaxMsgSize: MaxTicket + headerRoom,
		Replicas: replicas, Metadata: m.metadata(),
	}
}

// KeepTicket keeps the content of a ticket for [TicketLife], so that any node can take it.
// The place is one token of a subject that nobody else can guess, and has had no ticket. The
// error wraps [ErrUnavailable] if that cannot be done at the moment.
func (s *Store) KeepTicket(ctx context.Context, place string, content []byte) error {
	_, err := s.publishTicket(ctx, place, content, 0)
	if errors.Is(err, jetstream.ErrNoStreamResponse) { // it is the first one since the server has started
		_, err = makeStream(ctx, s.JS, s.marker.ticketConfig(s.replicas))
		if err == nil || errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			_, err = s.publishTicket(ctx, place, content, 0)
		}
	}
	if err != nil {
		return fmt.Errorf("keeping a ticket: %w", unavailable(err))
	}
	return nil
}

// TakeTicket returns the content of the ticket at the place. Of all who take it, on any
// node, one gets it; the others get [ErrNoTicket]. The error wraps [ErrUnavailable] if that
// cannot be found out at the moment. The ticket may be lost then.
func (s *Store) TakeTicket(ctx context.Context, place string) ([]byte, error) {
	m, err := s.message(ctx, ticketStream, ask{Sequence: 1, Subject: ticketSubject + place})
	switch {
	case errors.Is(err, ErrNoMessage), errors.Is(err, jetstream.ErrStreamNotFound):
		return nil, ErrNoTicket
	case err != nil:
		return nil, fmt.Errorf("taking a ticket: %w", unavailable(err))
	case len(m.Data) == 0: // it was taken
		return nil, ErrNoTicket
	}
	// An empty message takes the place of the ticket, on condition that the ticket is there.
	_, err = s.publishTicket(ctx, place, nil, m.Sequence)
	switch {
	case IsConflict(err):
		return nil, ErrNoTicket
	case err != nil:
		return nil, fmt.Errorf("taking a ticket: %w", unavailable(err))
	}
	return m.Data, nil
}

// publishTicket publishes a message at the place, whose last message must be the one with the
// sequence; 0 if there must be none.
func (s *Store) publishTicket(ctx context.Context, place string, content []byte, sequence uint64) (*jetstream.PubAck, error) {
	return s.JS.Publish(ctx, ticketSubject+place, content, jetstream.WithExpectLastSequencePerSubject(sequence), jetstream.WithRetryAttempts(0))
}

// unavailable wraps the error with [ErrUnavailable] if trying again may help: the server
// cannot be reached, or has no room for more tickets.
func unavailable(err error) error {
	if api, ok := errors.AsType[*jetstream.APIError](err); ok && api.ErrorCode == codeStoreFailed || Unreachable(err) {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return err
}
