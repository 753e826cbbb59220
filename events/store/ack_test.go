package store

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// The reply that is recognised without decoding is the one that JetStream sends.
func TestUsualAck(t *testing.T) {
	s, _ := start(t, t.TempDir())
	write(t, s.Partitions[0], 1)
	reply, err := s.Conn.Request(logSubject(0), []byte("x"), time.Second)
	if err != nil {
		t.Fatal(err)
	}
	a := new(acks)
	if err := a.outcome(reply, logStream(0), 2); err != nil || string(a.usual) != string(reply.Data) {
		t.Errorf("%v: the usual reply is %s, and JetStream sent %s", err, a.usual, reply.Data)
	}
}

func TestAckOutcome(t *testing.T) {
	a := new(acks)
	for data, ok := range map[string]bool{
		`{"stream":"S","seq":7}`:                  true,
		`{"stream":"S", "seq": 7}`:                true,
		`{"stream":"S","domain":"hub","seq":7}`:   true,
		`{"stream":"S","seq":8}`:                  false,
		`{"seq":7}`:                               false,
		`{"error":{"code":400},"seq":7}`:          false,
		`{"stream":"S","seq":7`:                   false,
		``:                                        false,
		`{"error":{"code":400,"err_code":10071}}`: false,
	} {
		if err := a.outcome(&nats.Msg{Data: []byte(data)}, "S", 7); (err == nil) != ok {
			t.Errorf("%s: %v", data, err)
		}
	}
	if err := a.outcome(&nats.Msg{Data: []byte(`{"error":{"code":400,"err_code":10071}}`)}, "S", 7); !IsConflict(err) {
		t.Errorf("a conflict: %v", err)
	}
	if err := a.outcome(&nats.Msg{Header: nats.Header{"Status": {"503"}}}, "S", 7); !errors.Is(err, jetstream.ErrNoStreamResponse) {
		t.Errorf("nobody listens: %v", err)
	}
}

// A reply that comes late is not taken for the reply to the next message.
func TestLateAck(t *testing.T) {
	s, _ := start(t, t.TempDir())
	listener, err := s.Conn.SubscribeSync("slow")
	if err != nil {
		t.Fatal(err)
	}
	a := new(acks)
	publish := func(within time.Duration) error {
		ctx, cancel := context.WithTimeout(t.Context(), within)
		defer cancel()
		return a.publish(ctx, s.Conn, nats.NewMsg("slow"), "S", 7)
	}
	if err := publish(time.Millisecond); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("no reply: %v", err)
	}
	go func() {
		for _, reply := range []string{`{"stream":"S","seq":7}`, `{"error":{"code":400,"err_code":10071}}`} {
			if m, err := listener.NextMsg(10 * time.Second); err == nil {
				_ = m.Respond([]byte(reply))
			}
		}
	}()
	if err := publish(10 * time.Second); !IsConflict(err) {
		t.Errorf("the reply to the second message: %v", err)
	}
	if err := a.publish(t.Context(), s.Conn, nats.NewMsg("nobody"), "S", 7); !errors.Is(err, jetstream.ErrNoStreamResponse) {
		t.Errorf("nobody listens: %v", err)
	}
}
