package store

import (
	"context"
	"errors"
	"testing"

	"github.com/nats-io/nats.go"
)

// Who waits for the connection for reading can leave, also while another caller connects.
func TestWaitingForTheConnectionIsInterrupted(t *testing.T) {
	r := newReading()
	dialing := make(chan struct{})
	r.dial = func(ctx context.Context) (*nats.Conn, error) {
		close(dialing)
		<-ctx.Done()
		return nil, ctx.Err()
	}
	first, endFirst := context.WithCancel(t.Context())
	defer endFirst()
	ended := make(chan error, 1)
	go func() {
		_, err := r.open(first)
		ended <- err
	}()
	<-dialing
	second, endSecond := context.WithCancel(t.Context())
	endSecond()
	if _, err := r.open(second); !errors.Is(err, context.Canceled) {
		t.Errorf("while another caller connects: %v", err)
	}
	endFirst()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("while connecting: %v", err)
	}
	r.close()
	if _, err := r.open(t.Context()); !errors.Is(err, nats.ErrConnectionClosed) {
		t.Errorf("after the end: %v", err)
	}
}

// A start that checks the files can be interrupted.
func TestCheckingIsInterrupted(t *testing.T) {
	k := killedAfter(t, 4, 3)
	d, err := openDirectory(k.dir, true)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.close() }()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := (&Store{dir: d}).files(0).end(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
