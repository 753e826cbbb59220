package store

import (
	"errors"
	"fmt"
	"sync"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// reading is the connection on which history is read in pages. It is opened when
// somebody reads for the first time. What is written has the other connection to
// itself, so that no reader can make the server throw out a writer.
type reading struct {
	mu     sync.Mutex
	dial   func() (*nats.Conn, error)
	conn   *nats.Conn // nil until somebody reads
	js     jetstream.JetStream
	closed bool
}

// open returns JetStream on the connection for reading.
func (r *reading) open() (jetstream.JetStream, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed {
		return nil, fmt.Errorf("opening a connection for reading: %w", nats.ErrConnectionClosed)
	}
	if r.js != nil {
		return r.js, nil
	}
	if r.dial == nil {
		return nil, errors.New("the store is not connected")
	}
	conn, err := r.dial()
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
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	if r.conn != nil {
		r.conn.Close()
	}
}
