package store

import (
	"bytes"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/muster-dev/muster/events/natstest"
)

// A node that starts before any server does waits for one, and says so once. Whoever only
// reads is told at once.
func TestAServerThatStartsLater(t *testing.T) {
	address, err := net.ResolveTCPAddr("tcp", natstest.Address(t))
	if err != nil {
		t.Fatal(err)
	}
	url := "nats://" + address.String()
	if s, err := Open(t.Context(), Options{URL: url, ReadOnly: true, Logger: quiet()}); err == nil {
		_ = s.Close()
		t.Error("a log without a server is opened")
	}
	started := make(chan *server.Server, 1)
	var logged bytes.Buffer
	waiting := make(chan struct{}, 1)
	go func() {
		<-waiting
		s, err := server.NewServer(&server.Options{Host: address.IP.String(), Port: address.Port, JetStream: true, StoreDir: t.TempDir(), NoSigs: true})
		if err != nil {
			t.Error(err)
			started <- nil
			return
		}
		s.Start()
		started <- s
	}()
	logger := slog.New(slog.NewTextHandler(writer(func(p []byte) (int, error) {
		select {
		case waiting <- struct{}{}:
		default:
		}
		return logged.Write(p)
	}), nil))
	s, err := Open(t.Context(), Options{Dir: t.TempDir(), URL: url, Partitions: 1, Logger: logger})
	outside := <-started
	if outside != nil {
		defer func() { outside.Shutdown(); outside.WaitForShutdown() }()
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if n := strings.Count(logged.String(), "waiting for a NATS server"); n != 1 {
		t.Errorf("it says %d times that it waits:\n%s", n, &logged)
	}
	// What was shown before the connection was made, or long ago, is not believed.
	p, made := s.Partitions[0], *s.connected.Load()
	if p.Lasts(made.Add(-time.Millisecond)) || p.Lasts(time.Now().Add(-proofLasts)) {
		t.Error("an old proof is believed")
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }
