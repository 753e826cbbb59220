package credentials

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"github.com/muster-dev/muster/events/natstest"
)

// Connections to external servers end with their credentials, and clients connect again, as
// often as that happens. The credentials last at least three seconds, which is longer than the two
// that the server gives a login. If they ended during a login, the client would be refused twice
// in a row for the same reason, and would give up.
func TestExpiry(t *testing.T) {
	h := external(t, 4*time.Second)
	again := make(chan struct{}, 8)
	nc := h.subscriber(t, h.own, password, nats.ReconnectWait(time.Millisecond), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}),
		nats.ReconnectHandler(func(*nats.Conn) { again <- struct{}{} }),
		nats.ClosedHandler(func(nc *nats.Conn) { close(again) }))
	for range 2 {
		select {
		case _, ok := <-again:
			if !ok {
				t.Fatal("the client has given up:", nc.LastError())
			}
		case <-time.After(patience):
			t.Fatal("the connection did not end")
		}
	}
}

// Any number of nodes serve the same servers, and one that ends leaves them to the others.
func TestNodes(t *testing.T) {
	keys := newKeys(t)
	s := configured(t, keys.Issuer(), "")
	owner := connect(t, s.ClientURL(), nats.UserInfo("muster", "of the owner"))
	first := NewCallout(owner, s.ClientURL(), keys, slog.New(slog.DiscardHandler))
	h := furnish(t, s.ClientURL(), owner, first, true)
	second := NewCallout(connect(t, s.ClientURL(), nats.UserInfo("muster", "of the owner")), s.ClientURL(), keys, slog.New(slog.DiscardHandler))
	second.Admit(h.book.lookup())
	t.Cleanup(second.Close)
	for range 5 {
		h.subscriber(t, h.own, password)
	}
	first.Close()
	first.Admit(h.book.lookup()) // has no effect
	if err := owner.Flush(); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		h.subscriber(t, h.own, password)
	}
}

// Disconnect reaches connections to every server of a cluster.
func TestDisconnectInCluster(t *testing.T) {
	keys := newKeys(t)
	routes := []string{natstest.Address(t), natstest.Address(t), natstest.Address(t)}
	var servers []*server.Server
	for n, at := range routes {
		servers = append(servers, configured(t, keys.Issuer(), fmt.Sprintf(
			"server_name: n%d\ncluster { name: c, listen: %q, routes: [ \"nats://%s\" ] }", n, at, strings.Join(routes, "\", \"nats://"))))
	}
	owner := connect(t, servers[0].ClientURL(), nats.UserInfo("muster", "of the owner"), nats.MaxReconnects(-1))
	c := NewCallout(owner, servers[0].ClientURL(), keys, slog.New(slog.DiscardHandler))
	t.Cleanup(c.Close)
	var h *house
	for deadline := time.Now().Add(3 * patience); ; {
		if servers[0].JetStreamIsCurrent() && servers[0].NumRoutes() > 0 && ready(owner) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the cluster is not ready")
		}
		time.Sleep(10 * time.Millisecond)
	}
	h = furnish(t, servers[0].ClientURL(), owner, c, true)
	var gone []<-chan struct{}
	for _, s := range servers {
		o, ended := ends()
		h.url = s.ClientURL()
		nc := h.subscriber(t, h.own, password, o...)
		if len(h.fetch(t, nc, h.own, 1)) != 1 {
			t.Error("nothing comes through", s.Name())
		}
		gone = append(gone, ended)
	}
	h.book.remove(h.own)
	if err := c.Disconnect(h.own); err != nil {
		t.Fatal(err)
	}
	for n, ended := range gone {
		waitFor(t, ended, fmt.Sprintf("the connection to server %d was not closed", n))
	}
	if err := c.CanIssue(); err != nil {
		t.Error(err)
	}
}

// ready reports whether the cluster has a leader that makes streams.
func ready(nc *nats.Conn) bool {
	m, err := nc.Request("$JS.API.INFO", nil, time.Second)
	return err == nil && !bytes.Contains(m.Data, []byte(`"error"`))
}

// Servers that are not configured as documented are noticed before credentials are issued, and
// the error says what is wrong.
func TestCanIssue(t *testing.T) {
	keys := newKeys(t)
	documented, err := os.ReadFile("../../deploy/nats/subscribers.conf")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, old, replacement, want string }{
		{"another issuer", "issuer: $MUSTER_NATS_CALLOUT_ISSUER", "issuer: " + newKeys(t).Issuer(), "must have the issuer " + keys.Issuer()},
		{"no callout", string(documented[bytes.Index(documented, []byte("authorization {")):]), "", "must have the issuer"},
		{"no imports", `{ service: { account: MUSTER, subject: "$JS.API.CONSUMER.INFO.*.*" } }`, "", "cannot be reached from the account SUBSCRIBERS"},
		{"no account", "SUBSCRIBERS", "OTHERS", "must have the issuer"},
		{"no import of $JS.API.INFO", `{ service: { account: MUSTER, subject: "$JS.API.INFO" } }`, "", "JetStream not enabled for account"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if !bytes.Contains(documented, []byte(c.old)) {
				t.Fatal("the documented configuration has changed")
			}
			s := configuredWith(t, bytes.ReplaceAll(documented, []byte(c.old), []byte(c.replacement)), keys.Issuer(), "")
			owner := connect(t, s.ClientURL(), nats.UserInfo("muster", "of the owner"))
			callout := NewCallout(owner, s.ClientURL(), keys, slog.New(slog.DiscardHandler))
			t.Cleanup(callout.Close)
			furnish(t, s.ClientURL(), owner, callout, true)
			if err := callout.CanIssue(); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, not %q", err, c.want)
			}
		})
	}
	for _, reason := range []error{ErrNoCallout, ErrNotListening} {
		door := Closed(reason)
		door.Admit(Lookup{})
		if err := door.Disconnect("x"); err != nil || !errors.Is(door.CanIssue(), reason) {
			t.Error(err, door.CanIssue())
		}
		door.Close()
	}
}

// If Muster may not close connections, it says so.
func TestDisconnectIsNotConfigured(t *testing.T) {
	keys := newKeys(t)
	documented, err := os.ReadFile("../../deploy/nats/subscribers.conf")
	if err != nil {
		t.Fatal(err)
	}
	s := configuredWith(t, bytes.ReplaceAll(documented, []byte(`to: "muster.servers.`), []byte(`to: "elsewhere.`)), keys.Issuer(), "")
	var said bytes.Buffer
	c := NewCallout(connect(t, s.ClientURL(), nats.UserInfo("muster", "of the owner")), s.ClientURL(), keys, slog.New(slog.NewTextHandler(&said, nil)))
	if err := c.Disconnect("x"); err != nil || !strings.Contains(said.String(), "stay until they expire") {
		t.Errorf("%v, %s", err, said.String())
	}
}

// heard is a log that can be read while it is written.
type heard struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (h *heard) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.Write(b)
}

func (h *heard) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.String()
}

// Servers that encrypt logins are served if Muster has the curve seed, and it says so if not.
func TestEncryptedLogins(t *testing.T) {
	curve, err := nkeys.CreateCurveKeys()
	if err != nil {
		t.Fatal(err)
	}
	public, err := curve.PublicKey()
	if err != nil {
		t.Fatal(err)
	}
	documented, err := os.ReadFile("../../deploy/nats/subscribers.conf")
	if err != nil {
		t.Fatal(err)
	}
	keys := newKeys(t)
	s := configuredWith(t, bytes.Replace(documented, []byte("issuer:"), []byte("xkey: "+public+"\nissuer:"), 1), keys.Issuer(), "")
	owner := connect(t, s.ClientURL(), nats.UserInfo("muster", "of the owner"))
	var said heard
	without := NewCallout(owner, s.ClientURL(), keys, slog.New(slog.NewTextHandler(&said, nil)))
	h := furnish(t, s.ClientURL(), owner, without, true)
	if nc, err := nats.Connect(h.url, nats.UserInfo(h.own, password), nats.Timeout(patience)); err == nil {
		nc.Close()
		t.Error("a login that Muster cannot read was let in")
	}
	for begin := time.Now(); !strings.Contains(said.String(), "no curve seed"); time.Sleep(10 * time.Millisecond) {
		if time.Since(begin) > 20*time.Second {
			t.Fatalf("said: %s", said.String())
		}
	}
	if strings.Contains(said.String(), password) {
		t.Error(said.String())
	}
	without.Close()
	keys.curve = curve
	c := NewCallout(owner, s.ClientURL(), keys, slog.New(slog.DiscardHandler))
	t.Cleanup(c.Close)
	c.Admit(h.book.lookup())
	if len(h.fetch(t, h.subscriber(t, h.own, password), h.own, 5)) != 5 {
		t.Error("messages are missing")
	}
}
