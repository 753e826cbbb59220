package subscription

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/muster-dev/muster/events/store"
)

const (
	webhookKey = "webhook" // the name of the key
	keySize    = 32
)

// Key returns the 32 random bytes that the secrets of webhooks are made with. All nodes have
// the same. The first call makes the key, and it never changes. A backup without the stream
// MUSTER_KEYS loses it: the secrets that are made with another one are not those that were
// shown.
func (s *Subscriptions) Key(ctx context.Context) ([]byte, error) {
	key, err := s.store.Key(ctx, webhookKey, func() ([]byte, error) {
		key := make([]byte, keySize)
		_, _ = rand.Read(key) // never fails
		return key, nil
	})
	if err == nil && len(key) != keySize {
		err = fmt.Errorf("the key of webhooks has %d bytes, not %d: restore %s from a backup", len(key), keySize, store.Keys.Name)
	}
	return key, err
}
