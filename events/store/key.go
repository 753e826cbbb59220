package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Keys is the stream of the keys that all nodes share. Nothing in it can be deleted.
// [Store.Beside] opens it.
var Keys = jetstream.StreamConfig{
	Name: "MUSTER_KEYS", Subjects: []string{keySubject + "*"},
	Description: "Muster's keys: keep them secret, and keep them with the log",
	Storage:     jetstream.FileStorage, Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardNew,
	MaxMsgs: -1, MaxBytes: -1, MaxConsumers: -1, MaxMsgsPerSubject: -1, MaxMsgSize: 4 << 10,
	DenyDelete: true, DenyPurge: true,
}

const keySubject = "muster.keys."

// keyAgain is how long to wait before a key is looked for again that may just have been made.
const keyAgain = 50 * time.Millisecond

// Key returns the key with the name, which all nodes share. The first call anywhere has it
// made, and it never changes. A key that nothing can be signed or read with is the caller's to
// refuse. Key waits up to two minutes for external servers that are electing a leader, as the
// streams of the log are waited for.
func (s *Store) Key(ctx context.Context, name string, make func() ([]byte, error)) ([]byte, error) {
	patience := AskFor
	if !s.inside {
		patience = openFor
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		key, err := s.keyOnce(ctx, name, make)
		// Another node may have made it, or the outcome may be unknown. Then it is read again.
		if err == nil || !errors.Is(err, errKeyAgain) && !Unreachable(err) {
			return key, err
		}
		select {
		case <-time.After(keyAgain):
		case <-ctx.Done():
			return nil, fmt.Errorf("making the key %s: %w: %w", name, context.Cause(ctx), err)
		}
	}
}

// errKeyAgain reports that a key is to be looked for again.
var errKeyAgain = errors.New("the key may be there by now")

// keyOnce returns the key if it is there. If not, it makes one.
func (s *Store) keyOnce(ctx context.Context, name string, make func() ([]byte, error)) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, AskFor)
	defer cancel()
	key, err := s.FindKey(ctx, name)
	if !errors.Is(err, ErrNoMessage) {
		return key, err
	}
	if key, err = make(); err != nil {
		return nil, err
	}
	if _, err = s.JS.Publish(ctx, keySubject+name, key, jetstream.WithExpectLastSequencePerSubject(0)); err != nil {
		return nil, fmt.Errorf("%w: %w", errKeyAgain, err)
	}
	if err := s.FlushBeside(Keys.Name); err != nil {
		return nil, err
	}
	return s.FindKey(ctx, name) // what is in the stream counts
}

// FindKey returns the key with the name. The error wraps [ErrNoMessage] if it was never made.
func (s *Store) FindKey(ctx context.Context, name string) ([]byte, error) {
	stream, err := s.JS.Stream(ctx, Keys.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil, fmt.Errorf("%s: %w", Keys.Name, ErrNoMessage)
	}
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", Keys.Name, err)
	}
	m, err := stream.GetLastMsgForSubject(ctx, keySubject+name)
	if err != nil {
		return nil, fmt.Errorf("reading the key %s: %w", name, err)
	}
	return m.Data, nil
}

// Embedded reports whether the log is in the data directory, and not on an external server.
func (s *Store) Embedded() bool { return s.inside }
