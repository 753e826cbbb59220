package store

import (
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/events/natstest"
)

// A stream that is made empty again and again is made each time, and is empty, although the server
// still removes the files of the one before.
func TestMakeEmpty(t *testing.T) {
	conn, err := nats.Connect(natstest.Outside(t))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	s := &Store{JS: js}
	for round := range 200 {
		if err := s.makeEmpty(t.Context(), jetstream.StreamConfig{Name: "ONE", Subjects: []string{"one"}}); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		if ack, err := js.Publish(t.Context(), "one", nil); err != nil || ack.Sequence != 1 {
			t.Fatalf("round %d: %+v, %v", round, ack, err)
		}
	}
}
