package native

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// A subscriber fetches its events from NATS with the credentials of its subscription, in order.
// They are worthless once the secret was rotated or the subscription deleted.
func TestNATSSubscription(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	path := "/v1/organizations/" + x.org + "/subscriptions"
	made := s.as(x.token, "POST", path, `{"name":"Pull","kind":"nats","types":["muster.member.*"],"from":"earliest"}`).want(201)
	one := path + "/" + made.get("id")
	connect := func(secret string) (*nats.Conn, error) {
		return nats.Connect(s.log.ClientURL(), nats.UserInfo(made.get("connection", "user"), secret),
			nats.CustomInboxPrefix(made.get("connection", "inbox_prefix")), nats.NoReconnect())
	}
	nc, err := connect(made.get("secret"))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	consumer, err := js.Consumer(t.Context(), made.get("connection", "stream"), made.get("connection", "consumer"))
	if err != nil {
		t.Fatal(err)
	}
	events := s.as(x.token, "GET", "/v1/organizations/"+x.org+"/events?page_size=200&type=muster.member.*", "").want(200)
	for i := range events.count() {
		m, err := consumer.Next(jetstream.FetchMaxWait(10 * time.Second))
		if err != nil {
			t.Fatal(err)
		}
		if got := (arrival{body: string(m.Data())}).field(t, "id"); got != events.get("items", i, "id") {
			t.Errorf("event %d is %s", i, m.Data())
		}
		if err := m.DoubleAck(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.as(x.token, "GET", one, "").want(200); got.get("lag") != "0" || got.get("position") != events.get("items", events.count()-1, "sequence") {
		t.Errorf("%s", got.body)
	}
	if _, err := js.Publish(t.Context(), "muster.log.00", nil); err == nil {
		t.Error("the subscriber has written to the log")
	}
	s.as(x.token, "POST", one+"/ping", "").want(422)

	rotated := s.as(x.token, "POST", one+"/rotate-secret", "").want(200)
	s.eventually(nc.IsClosed)
	if nc, err := connect(made.get("secret")); err == nil {
		nc.Close()
		t.Error("the former secret was accepted")
	}
	again, err := connect(rotated.get("secret"))
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	s.as(x.token, "DELETE", one, "").want(204)
	s.eventually(again.IsClosed)
	if nc, err := connect(rotated.get("secret")); err == nil {
		nc.Close()
		t.Error("a subscriber that was deleted was let in")
	}
}

// A webhook whose secret was lost is paused, instead of being signed with one that the receiver
// does not know.
func TestLostSecret(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir)
	x := s.tenant("Acme")
	r := newReceiver(t)
	one := "/v1/organizations/" + x.org + "/subscriptions"
	made := s.as(x.token, "POST", one, `{"name":"Hook","kind":"webhook","url":"`+r.URL+`","types":["muster.member.*"]}`).want(201)
	one += "/" + made.get("id")
	token, err := os.ReadFile(filepath.Join(dir, "nats-token"))
	if err != nil {
		t.Fatal(err)
	}
	nc, err := nats.Connect(strings.Replace(s.log.ClientURL(), "//", "//"+strings.TrimSpace(string(token))+"@", 1))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	if err := js.DeleteStream(t.Context(), "MUSTER_KEYS"); err != nil {
		t.Fatal(err)
	}
	nc.Close()
	s.stop()
	s = start(t, dir)
	s.as(x.token, "PUT", "/v1/workspaces/"+x.ws+"/members/"+newText(), `{"role":"viewer"}`).want(201)
	s.eventually(func() bool { return s.as(x.token, "GET", one, "").want(200).get("state") == "paused" })
	if got := s.as(x.token, "GET", one, "").want(200).get("reason"); !strings.HasPrefix(got, "secret: ") {
		t.Errorf("the reason is %s", got)
	}
	s.as(x.token, "POST", one+"/ping", "").want(409, "secret_lost")
	if len(r.requests) > 0 {
		t.Errorf("something was sent: %+v", <-r.requests)
	}
	rotated := s.as(x.token, "POST", one+"/rotate-secret", "").want(200)
	r.with(func(int) int { return 204 }, rotated.get("secret"))
	s.as(x.token, "POST", one+"/resume", "").want(200)
	if got := r.next(); got.verified != 1 {
		t.Errorf("%+v", got)
	}
}
