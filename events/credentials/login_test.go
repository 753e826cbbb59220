package credentials

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
)

// Only the right secret of a subscriber that exists is let in.
func TestLogin(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		nobody, blank, odd := uuid.NewString(), uuid.NewString(), uuid.NewString()
		h.book.set(blank, func(s *Subscriber) { s.Stream, s.Consumer = feed, "blank" })
		h.book.set(odd, func(s *Subscriber) { *s = Subscriber{Stream: feed, Consumer: "*", Secret: Hash(password)} })
		for _, name := range []string{"muster", probeUser, ">", "", "*"} {
			h.book.set(name, func(s *Subscriber) { *s = Subscriber{Stream: feed, Consumer: "x", Secret: Hash(password)} })
		}
		for _, c := range []struct{ name, user, password string }{
			{"a wrong password", h.own, "wrong"},
			{"an empty password", h.own, ""},
			{"the hash as the password", h.own, hashText()},
			{"an unknown user", nobody, password},
			{"an unknown user without a password", nobody, ""},
			{"a subscriber without a secret", blank, ""},
			{"a consumer that is a wildcard", odd, password},
			{"another spelling", strings.ToUpper(h.own), password},
			{"an id with braces", "{" + h.own + "}", password},
			{"an id without dashes", strings.ReplaceAll(h.own, "-", ""), password},
			{"the nil id", uuid.Nil.String(), password},
			{"a name that is no id", "muster", password},
			{"the probe", probeUser, password},
			{"a wildcard", ">", password},
		} {
			nc, err := nats.Connect(h.url, nats.UserInfo(c.user, c.password))
			if !errors.Is(err, nats.ErrAuthorization) {
				t.Errorf("%s: %v", c.name, err)
			}
			if nc != nil {
				nc.Close()
			}
		}
		for _, o := range []nats.Option{nats.Token(password), nats.Token(""), nats.Name("nobody")} {
			if nc, err := nats.Connect(h.url, o); !errors.Is(err, nats.ErrAuthorization) {
				nc.Close()
				t.Error(err)
			}
		}
		h.subscriber(t, h.own, password)
	})
}

func hashText() string {
	text, _ := Hash(password).MarshalText()
	return string(text)
}

// ends returns options and what is closed when a connection that does not reconnect ends.
func ends() ([]nats.Option, <-chan struct{}) {
	gone := make(chan struct{})
	return []nats.Option{nats.NoReconnect(), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}), nats.ClosedHandler(func(*nats.Conn) { close(gone) })}, gone
}

func waitFor(t *testing.T, gone <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-gone:
	case <-time.After(patience):
		t.Fatal(what)
	}
}

// The connections of a subscriber are closed, and those of others stay.
func TestDisconnect(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		o, gone := ends()
		h.subscriber(t, h.own, password, o...)
		o2, gone2 := ends()
		h.subscriber(t, h.own, password, o2...)
		other := h.subscriber(t, h.others, password)
		h.book.remove(h.own)
		if err := h.door.Disconnect(h.own); err != nil {
			t.Fatal(err)
		}
		waitFor(t, gone, "the connection was not closed")
		waitFor(t, gone2, "the second connection was not closed")
		if nc, err := nats.Connect(h.url, nats.UserInfo(h.own, password), nats.Timeout(patience)); !errors.Is(err, nats.ErrAuthorization) {
			nc.Close()
			t.Error(err)
		}
		if len(h.fetch(t, other, h.others, 5)) != 5 || other.Stats().Reconnects != 0 {
			t.Error("another subscriber was disconnected")
		}
		if err := h.door.Disconnect(uuid.NewString()); err != nil {
			t.Error(err)
		}
	})
}

// After a rotation with an overlap, both secrets are good. A connection that was made with the
// former one ends with the overlap.
func TestRotation(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		until := time.Now().Add(5 * time.Second)
		h.book.set(h.own, func(s *Subscriber) { s.Former, s.FormerUntil, s.Secret = s.Secret, until, Hash("next") })
		o, gone := ends()
		h.subscriber(t, h.own, password, o...)
		next := h.subscriber(t, h.own, "next")
		waitFor(t, gone, "the connection with the former secret stays")
		if time.Now().Before(until.Add(-time.Second)) {
			t.Error("the connection with the former secret has ended too early")
		}
		h.book.set(h.own, func(s *Subscriber) { s.FormerUntil = time.Now() })
		if nc, err := nats.Connect(h.url, nats.UserInfo(h.own, password), nats.Timeout(patience)); !errors.Is(err, nats.ErrAuthorization) {
			nc.Close()
			t.Error(err)
		}
		if len(h.fetch(t, next, h.own, 5)) != 5 || next.Stats().Reconnects != 0 {
			t.Error("the connection with the current secret has ended")
		}
	})
}

// A login waits until subscribers are admitted, and is not refused meanwhile.
func TestAdmit(t *testing.T) {
	h := embedded(t, false)
	connected, asked := make(chan error, 1), make(chan struct{})
	go func() {
		nc, err := nats.Connect(h.url, nats.UserInfoHandler(func() (string, string) {
			close(asked)
			return h.own, password
		}), nats.Timeout(patience))
		if err == nil {
			nc.Close()
		}
		connected <- err
	}()
	select {
	case err := <-connected:
		t.Fatal("the login did not wait:", err)
	case <-asked:
	}
	h.door.Admit(h.book.lookup())
	if err := <-connected; err != nil {
		t.Error(err)
	}
}

// A login is not refused if nobody is admitted in time: the connection fails otherwise, and
// clients try again.
func TestNotAdmitted(t *testing.T) {
	h := embedded(t, false)
	nc, err := nats.Connect(h.url, nats.UserInfo(h.own, password), nats.Timeout(patience))
	if err == nil {
		nc.Close()
	}
	if err == nil || errors.Is(err, nats.ErrAuthorization) {
		t.Error(err)
	}
}

// A subscriber has a bounded number of connections, and gets a place back for each that ends.
func TestConnections(t *testing.T) {
	h := embedded(t, true)
	var last *nats.Conn
	for range MaxConnections {
		last = h.subscriber(t, h.own, password)
	}
	if nc, err := nats.Connect(h.url, nats.UserInfo(h.own, password), nats.Timeout(patience)); !errors.Is(err, nats.ErrAuthorization) {
		nc.Close()
		t.Error(err)
	}
	h.subscriber(t, h.others, password)
	last.Close()
	deadline := time.Now().Add(patience)
	for {
		nc, err := nats.Connect(h.url, nats.UserInfo(h.own, password))
		if err == nil {
			nc.Close()
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}
