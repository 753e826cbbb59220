package credentials

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/muster-dev/muster/events/natstest"
)

// All connections of a subscriber are closed, also if a server lists them on several pages.
func TestDisconnectMany(t *testing.T) {
	h := external(t, time.Hour)
	h.door.(*Callout).page = 2
	var gone []<-chan struct{}
	for range 5 {
		o, ended := ends()
		h.subscriber(t, h.own, password, o...)
		gone = append(gone, ended)
	}
	if err := h.door.Disconnect(h.own); err != nil {
		t.Fatal(err)
	}
	for i, ended := range gone {
		waitFor(t, ended, fmt.Sprintf("connection %d of %d was not closed", i+1, len(gone)))
	}
}

// A connection that cannot be closed keeps no other one open.
func TestDisconnectWhatCannotBe(t *testing.T) {
	s := natstest.Serve(t, &server.Options{})
	nc := connect(t, s.ClientURL())
	var mu sync.Mutex
	var kicked []uint64
	serve := func(subject string, reply func(*nats.Msg)) {
		if _, err := nc.Subscribe(subject, reply); err != nil {
			t.Fatal(err)
		}
	}
	serve(connectionsSubject, func(m *nats.Msg) { // as three servers reply, of which the first has ended since
		for _, text := range []string{
			`{"server":{"id":"ENDED"},"data":{"connections":[{"cid":1},{"cid":2}]}}`,
			`damaged`,
			`{"server":{"id":"RUNS"},"data":{"connections":[{"cid":3},{"cid":4}]}}`,
		} {
			_ = m.Respond([]byte(text))
		}
	})
	serve(kickSubject+"RUNS", func(m *nats.Msg) {
		var k struct {
			ID uint64 `json:"cid"`
		}
		_ = json.Unmarshal(m.Data, &k)
		mu.Lock()
		kicked = append(kicked, k.ID)
		mu.Unlock()
		_ = m.Respond([]byte("{}"))
	})
	if err := nc.Flush(); err != nil {
		t.Fatal(err)
	}
	c := NewCallout(connect(t, s.ClientURL()), s.ClientURL(), newKeys(t), slog.New(slog.DiscardHandler))
	err := c.Disconnect("x")
	if err == nil || !strings.Contains(err.Error(), "2 of 2 connections to server ENDED") || !strings.Contains(err.Error(), "reading a list") {
		t.Error(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if slices.Sort(kicked); !slices.Equal(kicked, []uint64{3, 4}) {
		t.Errorf("%d were closed", kicked)
	}
}
