package personal

import (
	"context"
	"errors"

	"github.com/nats-io/nats.go/jetstream"
)

// Servers are external servers that nodes share.
type Servers struct {
	JS jetstream.JetStream
	// Beside opens a stream beside the log, or makes it.
	Beside func(context.Context, jetstream.StreamConfig) (jetstream.Stream, error)
}

func openStream(context.Context, Servers, bool, func(...KeyID)) (keeper, error) {
	return nil, errors.New("keys on external servers: not yet")
}
