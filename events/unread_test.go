package events

import (
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/events/natstest"
	"github.com/muster-dev/muster/events/store"
)

// A node that can ask for the log's tip but gets no messages does not follow the log. It is
// not ready, and takes no commands, until it is sent messages again.
func TestANodeThatCannotReadIsNotReady(t *testing.T) {
	s := natstest.OutsideIn(t, t.TempDir())
	n := start(t, Options{Dir: t.TempDir(), URL: s.ClientURL(), Partitions: 1})
	a := found(t, n)
	before := must(t, n, a.add())
	if err := n.fold.WaitFor(t.Context(), before.Position); err != nil {
		t.Fatal(err)
	}

	release := withoutConsumers(t, s, "MUSTER_LOG_00")
	eventually(t, "it is not ready", func() bool { return n.Ready(t.Context()) != nil })
	for until := time.Now().Add(2 * time.Second); time.Now().Before(until); time.Sleep(time.Millisecond) {
		if n.Ready(t.Context()) == nil {
			t.Fatal("it is ready again, and still cannot read")
		}
	}
	if _, err := n.Run(t.Context(), a.add()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("a command: %v", err)
	}
	release()
	eventually(t, "it is ready", func() bool { return n.Ready(t.Context()) == nil })
	if err := n.fold.WaitFor(t.Context(), must(t, n, a.add()).Position); err != nil {
		t.Fatal(err)
	}
}

// withoutConsumers ends the consumers of the stream, and makes the server refuse new ones
// until release is called.
func withoutConsumers(t *testing.T, s *server.Server, stream string) (release func()) {
	t.Helper()
	conn, err := nats.Connect(s.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	log, err := js.Stream(t.Context(), stream)
	if err != nil {
		t.Fatal(err)
	}
	const only = "the-only-one"
	if _, err := log.CreateConsumer(t.Context(), jetstream.ConsumerConfig{Durable: only, AckPolicy: jetstream.AckNonePolicy}); err != nil {
		t.Fatal(err)
	}
	limits := func(consumers int) {
		account := s.GlobalAccount()
		limit := server.JetStreamAccountLimits{MaxMemory: -1, MaxStore: -1, MaxStreams: -1, MaxConsumers: consumers, MaxAckPending: -1, MemoryMaxStreamBytes: -1, StoreMaxStreamBytes: -1}
		if err := account.UpdateJetStreamLimits(map[string]server.JetStreamAccountLimits{"": limit}); err != nil {
			t.Fatal(err)
		}
	}
	limits(1)
	for name := range log.ConsumerNames(t.Context()).Name() {
		if name == only {
			continue
		}
		if err := log.DeleteConsumer(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	return func() { limits(-1) }
}

// eventually waits until the condition holds, for longer than reading is tried again
// before it is given up.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(3 * store.AskFor); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within %s: %s", 3*store.AskFor, what)
		}
	}
}
