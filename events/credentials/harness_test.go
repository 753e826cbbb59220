package credentials

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nkeys"
	"go.uber.org/goleak"

	"github.com/muster-dev/muster/events/natstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience bounds what must happen.
const patience = 10 * time.Second

// house is a NATS server with a log, a feed and two subscribers of different organizations.
type house struct {
	url         string
	owner       *nats.Conn // in the account of the streams
	js          jetstream.JetStream
	door        Door
	own, others string // users
	book        *book
}

// book is who the subscribers are.
type book struct {
	mu      sync.Mutex
	entries map[string]Subscriber
	unknown error                 // if it cannot tell at the moment
	asked   func(user string)     // called by find
	late    map[string]Subscriber // what it does not know before it has caught up
	caught  int                   // how often it has caught up
}

func (b *book) lookup() Lookup { return Lookup{Find: b.find, CatchUp: b.catchUp} }

func (b *book) find(user string) (Subscriber, bool, error) {
	b.mu.Lock()
	asked := b.asked
	b.mu.Unlock()
	if asked != nil {
		asked(user)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	s, ok := b.entries[user]
	return s, ok, b.unknown
}

// say sets why it cannot tell.
func (b *book) say(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.unknown = err
}

// times returns how often it has caught up.
func (b *book) times() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.caught
}

// catchUp makes known what another node has written.
func (b *book) catchUp() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.caught++
	maps.Copy(b.entries, b.late)
	return nil
}

func (b *book) set(user string, change func(*Subscriber)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.entries[user]
	change(&s)
	b.entries[user] = s
}

func (b *book) remove(user string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.entries, user)
}

const (
	feed     = "MUSTER_FEED_00"
	log      = "MUSTER_LOG_00"
	password = "correct horse"
)

func consumerOf(user string) string { return "muster-" + user }

// each runs the test with an embedded server and with external ones.
func each(t *testing.T, test func(*testing.T, *house)) {
	t.Run("embedded", func(t *testing.T) { test(t, embedded(t, true)) })
	t.Run("external", func(t *testing.T) { test(t, external(t, time.Hour)) })
}

// embedded starts a server with a gate.
func embedded(t *testing.T, admit bool) *house {
	g := NewGate("own secret")
	s := natstest.Serve(t, &server.Options{JetStream: true, StoreDir: t.TempDir(), CustomClientAuthentication: g})
	if err := g.Attach(s); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(g.Detach) // before the server is stopped
	return furnish(t, s.ClientURL(), connect(t, s.ClientURL(), nats.Token("own secret")), g, admit)
}

// external starts a server with the documented configuration, and a callout whose credentials
// last that long.
func external(t *testing.T, expires time.Duration) *house {
	keys := newKeys(t)
	s := configured(t, keys.Issuer(), "server_name: one")
	owner := connect(t, s.ClientURL(), nats.UserInfo("muster", "of the owner"))
	c := NewCallout(owner, s.ClientURL(), keys, slog.New(slog.DiscardHandler))
	c.expires = expires
	t.Cleanup(c.Close)
	return furnish(t, s.ClientURL(), owner, c, true)
}

// configured starts a server with the documented configuration.
func configured(t *testing.T, issuer, more string) *server.Server {
	t.Helper()
	documented, err := os.ReadFile("../../deploy/nats/subscribers.conf")
	if err != nil {
		t.Fatal(err)
	}
	return configuredWith(t, documented, issuer, more)
}

// configuredWith starts a server with a configuration like the documented one.
func configuredWith(t *testing.T, documented []byte, issuer, more string) *server.Server {
	t.Helper()
	t.Setenv("MUSTER_NATS_PASSWORD", `"of the owner"`)
	t.Setenv("MUSTER_NATS_CALLOUT_ISSUER", issuer)
	dir := t.TempDir()
	text := fmt.Sprintf("listen: \"127.0.0.1:-1\"\njetstream { store_dir: %q }\n%s\ninclude \"subscribers.conf\"\n", filepath.Join(dir, "store"), more)
	file := filepath.Join(dir, "nats.conf")
	for name, text := range map[string][]byte{filepath.Join(dir, "subscribers.conf"): documented, file: []byte(text)} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o, err := server.ProcessConfigFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return natstest.Serve(t, o)
}

func newKeys(t *testing.T) *Keys {
	t.Helper()
	pair, err := nkeys.CreateAccount()
	if err != nil {
		t.Fatal(err)
	}
	return &Keys{signer: pair}
}

func connect(t *testing.T, url string, o ...nats.Option) *nats.Conn {
	t.Helper()
	nc, err := nats.Connect(url, o...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	return nc
}

// furnish makes the streams and the consumers.
func furnish(t *testing.T, url string, owner *nats.Conn, door Door, admit bool) *house {
	t.Helper()
	js, err := jetstream.New(owner)
	if err != nil {
		t.Fatal(err)
	}
	h := &house{
		url: url, owner: owner, js: js, door: door,
		own: uuid.NewString(), others: uuid.NewString(), book: &book{entries: map[string]Subscriber{}},
	}
	ctx := h.context(t)
	for _, c := range []jetstream.StreamConfig{
		{Name: log, Subjects: []string{"muster.log.00"}, DenyDelete: true, DenyPurge: true, AllowDirect: true},
		{Name: feed, Subjects: []string{"muster.feed.00.>"}, AllowDirect: true},
	} {
		if _, err := js.CreateStream(ctx, c); err != nil {
			t.Fatal(err)
		}
	}
	h.publish(t, "muster.log.00", 3)
	for _, user := range []string{h.own, h.others} {
		h.publish(t, "muster.feed.00."+user, 5)
		if _, err := js.CreateConsumer(ctx, feed, jetstream.ConsumerConfig{
			Durable: consumerOf(user), FilterSubject: "muster.feed.00." + user, AckPolicy: jetstream.AckExplicitPolicy, MaxRequestExpires: MaxExpires,
		}); err != nil {
			t.Fatal(err)
		}
		h.book.set(user, func(s *Subscriber) { *s = Subscriber{Stream: feed, Consumer: consumerOf(user), Secret: Hash(password)} })
	}
	if admit {
		door.Admit(h.book.lookup())
	}
	return h
}

func (h *house) context(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	t.Cleanup(cancel)
	return ctx
}

func (h *house) publish(t *testing.T, subject string, n int) {
	t.Helper()
	for i := range n {
		if _, err := h.js.Publish(t.Context(), subject, fmt.Appendf(nil, `{"number":%d}`, i+1)); err != nil {
			t.Fatal(err)
		}
	}
}

// subscriber connects as a foreign client does that has the user's credentials.
func (h *house) subscriber(t *testing.T, user, password string, o ...nats.Option) *nats.Conn {
	t.Helper()
	return connect(t, h.url, append([]nats.Option{nats.UserInfo(user, password), nats.CustomInboxPrefix(Inbox(user)), nats.Timeout(patience)}, o...)...)
}

// fetch gets messages of the user's consumer.
func (h *house) fetch(t *testing.T, nc *nats.Conn, user string, n int) []jetstream.Msg {
	t.Helper()
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	c, err := js.Consumer(h.context(t), feed, consumerOf(user))
	if err != nil {
		t.Fatal(err)
	}
	batch, err := c.Fetch(n, jetstream.FetchMaxWait(patience))
	if err != nil {
		t.Fatal(err)
	}
	var got []jetstream.Msg
	for m := range batch.Messages() {
		got = append(got, m)
	}
	if batch.Error() != nil {
		t.Fatal(batch.Error())
	}
	return got
}
