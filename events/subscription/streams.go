package subscription

import (
	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/events/store"
)

// Cursors returns the configuration of the stream of notes, for backups. What is in it belongs to this package.
// The last message of each subject counts, and neither the order of the messages nor their
// sequences.
func Cursors() jetstream.StreamConfig { return cursorsConfig }

// WebhookKeys returns the configuration of the stream with the key that the secrets of webhooks are
// made with, for backups. The same goes for it as for [Cursors].
func WebhookKeys() jetstream.StreamConfig { return store.Keys }
