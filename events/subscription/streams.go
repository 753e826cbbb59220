package subscription

import "github.com/nats-io/nats.go/jetstream"

// Cursors returns the configuration of the stream of notes, for backups. What is in it belongs to this package.
// The last message of each subject counts, and neither the order of the messages nor their
// sequences.
func Cursors() jetstream.StreamConfig { return cursorsConfig }
