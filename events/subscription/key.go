package subscription

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/events/store"
)

// keysConfig is the stream of keys. Nothing in it can be deleted.
var keysConfig = jetstream.StreamConfig{
	Name: "MUSTER_KEYS", Subjects: []string{"muster.keys.*"},
	Description: "Muster's keys: keep them secret, and keep them with the log",
	Storage:     jetstream.FileStorage, Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardNew,
	MaxMsgs: -1, MaxBytes: -1, MaxConsumers: -1, MaxMsgsPerSubject: -1, MaxMsgSize: 4 << 10,
	DenyDelete: true, DenyPurge: true,
}

const (
	webhookKey = "muster.keys.webhook"
	keySize    = 32
)

// Key returns the 32 random bytes that the secrets of webhooks are made with. All nodes have
// the same. The first call makes the key, and it never changes. A backup without the stream
// MUSTER_KEYS loses it: the secrets that are made with another one are not those that were
// shown.
func (s *Subscriptions) Key(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, store.AskFor)
	defer cancel()
	stream, err := s.js.Stream(ctx, keysConfig.Name)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", keysConfig.Name, err)
	}
	for {
		m, err := stream.GetLastMsgForSubject(ctx, webhookKey)
		if err == nil {
			if len(m.Data) != keySize {
				return nil, fmt.Errorf("the key of webhooks has %d bytes, not %d: restore %s from a backup", len(m.Data), keySize, keysConfig.Name)
			}
			return m.Data, nil
		}
		if !errors.Is(err, jetstream.ErrMsgNotFound) {
			return nil, fmt.Errorf("reading the key of webhooks: %w", err)
		}
		key := make([]byte, keySize)
		_, _ = rand.Read(key) // never fails
		_, err = s.js.Publish(ctx, webhookKey, key, jetstream.WithExpectLastSequencePerSubject(0))
		if err == nil {
			if err := s.store.FlushBeside(keysConfig.Name); err != nil {
				return nil, err
			}
			continue // what is in the stream counts
		}
		// Another node may have made it, or the outcome may be unknown. Then it is read again.
		if err := wait(ctx, onceMore); err != nil {
			return nil, fmt.Errorf("making the key of webhooks: %w", err)
		}
	}
}
