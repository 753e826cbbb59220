package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// reading is the connection on which history is read in pages. It is opened when
// somebody reads for the first time. What is written has the other connection to
// itself, so that no reader can make the server throw out a writer.
type reading struct {
	dial func(context.Context) (*nats.Conn, error)
	busy chan struct{} // has one place; whoever has put something in may use the rest

	conn   *nats.Conn // nil until somebody reads
	js     jetstream.JetStream
	closed bool
}

func newReading() reading { return reading{busy: make(chan struct{}, 1)} }

// open returns JetStream on the connection for reading. It returns when the context ends,
// also while it or another caller connects.
func (r *reading) open(ctx context.Context) (jetstream.JetStream, error) {
	select {
	case r.busy <- struct{}{}:
		defer func() { <-r.busy }()
	case <-ctx.Done():
		return nil, fmt.Errorf("opening a connection for reading: %w", context.Cause(ctx))
	}
	if r.closed {
		return nil, fmt.Errorf("opening a connection for reading: %w", nats.ErrConnectionClosed)
	}
	if r.js != nil {
		return r.js, nil
	}
	if r.dial == nil {
		return nil, errors.New("the store is not connected")
	}
	conn, err := r.dial(ctx)
	if err != nil {
		return nil, fmt.Errorf("opening a connection for reading: %w", err)
	}
	js, err := jetstream.New(conn, jetstream.WithDefaultTimeout(CallTimeout))
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("opening a connection for reading: %w", err)
	}
	r.conn, r.js = conn, js
	return js, nil
}

func (r *reading) close() {
	r.busy <- struct{}{}
	defer func() { <-r.busy }()
	r.closed = true
	if r.conn != nil {
		r.conn.Close()
	}
}
