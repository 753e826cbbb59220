package personal

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/events/natstest"
)

// outside is a NATS server as an operator runs it, with the directory of its streams.
type outside struct {
	server *server.Server
	dir    string
}

func startOutside(t testing.TB) outside {
	t.Helper()
	s := natstest.OutsideIn(t, t.TempDir())
	return outside{s, s.StoreDir()}
}

// servers connects to the server.
func (o outside) servers(t testing.TB) Servers {
	t.Helper()
	nc, err := nats.Connect(o.server.ClientURL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return Servers{JS: js, Beside: js.CreateOrUpdateStream}
}

// node opens the keys as another node does.
func (o outside) node(t testing.TB) *Keys {
	t.Helper()
	k, err := Open(within(t), Options{Servers: new(o.servers(t)), Pool: testPool})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = k.Close() })
	return k
}

// testPool keeps tests quick: the server flushes each key.
const testPool = 64

func TestNodesShareKeys(t *testing.T) {
	o := startOutside(t)
	one, two := o.node(t), o.node(t)
	keys := take(t, one, 100)
	for i, key := range keys {
		if i%10 > 0 {
			continue
		}
		found, err := two.Find(within(t), key.id)
		if err != nil || found.secret != key.secret {
			t.Fatalf("%v: %v, %v", key, found, err)
		}
	}
	if one.RequestHash([]byte("body")) != two.RequestHash([]byte("body")) {
		t.Error("the nodes have different secrets for requests")
	}
	unknown := newKey().id
	if _, err := two.Find(within(t), unknown); !errors.Is(err, ErrUnknownKey) || errors.Is(err, ErrErased) {
		t.Errorf("an unknown key: %v", err)
	}
	cached := keys[50]
	if n := sum(occurrences(t, o.dir, []Key{cached})); n != 1 {
		t.Errorf("a key is in the files %d times, so that the search proves nothing", n)
	}
	for range 2 {
		if err := one.Destroy(within(t), cached.id, keys[51].id, unknown); err != nil {
			t.Fatal(err)
		}
	}
	gone(t, o.dir, cached, keys[51])
	for _, id := range []KeyID{cached.id, keys[51].id, unknown} {
		if _, err := one.Find(within(t), id); !errors.Is(err, ErrErased) {
			t.Errorf("a destroyed key: %v", err)
		}
		until(t, func() bool { _, err := two.Find(within(t), id); return errors.Is(err, ErrErased) })
	}
	for _, key := range []Key{keys[0], keys[52]} {
		if _, err := two.Find(within(t), key.id); err != nil {
			t.Error(err)
		}
	}
	closed(t, one)
	closed(t, two)
	natstest.Stop(o.server)
	gone(t, o.dir, cached, keys[51])
}

func sum(counts []int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}

// until waits until the condition holds.
func until(t testing.TB, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not happen")
		}
	}
}

// What was prefetched is found without the servers.
func TestPrefetchedKeys(t *testing.T) {
	o := startOutside(t)
	one := o.node(t)
	keys := take(t, one, 150)
	if err := one.Destroy(within(t), keys[0].id); err != nil {
		t.Fatal(err)
	}
	servers := o.servers(t)
	two, err := Open(within(t), Options{Servers: &servers, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	two.Prefetch(within(t), append(idsOf(keys), newKey().id, keys[1].id)...)
	servers.JS.Conn().Close()
	for i, key := range keys {
		found, err := two.Find(within(t), key.id)
		if i == 0 && !errors.Is(err, ErrErased) || i > 0 && (err != nil || found.secret != key.secret) {
			t.Errorf("key %d: %v", i, err)
		}
	}
	if _, err := two.Find(within(t), newKey().id); err == nil || errors.Is(err, ErrUnknownKey) {
		t.Errorf("the servers are still asked: %v", err)
	}
	closed(t, two)
}

// No key is taken twice, by many nodes at once and over their restarts.
func TestNodesTakeKeysOnce(t *testing.T) {
	o := startOutside(t)
	seen := make(map[KeyID]bool)
	var mu sync.Mutex
	for range 2 {
		var wait sync.WaitGroup
		for range 3 {
			wait.Go(func() {
				k, err := Open(context.Background(), Options{Servers: new(o.servers(t)), Pool: testPool})
				if err != nil {
					t.Error(err)
					return
				}
				for range 100 {
					key, err := k.Take(context.Background())
					if err != nil {
						t.Error(err)
						break
					}
					mu.Lock()
					if seen[key.id] {
						t.Errorf("%v was taken twice", key)
					}
					seen[key.id] = true
					mu.Unlock()
				}
				if err := k.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
	}
	if len(seen) != 2*3*100 {
		t.Errorf("%d keys were taken", len(seen))
	}
	all := 0
	if err := o.node(t).keeper.each(within(t), func(Key, bool) error { all++; return nil }); err != nil {
		t.Fatal(err)
	}
	if all > len(seen)+4*testPool {
		t.Errorf("%d keys were made for %d, so that those that were given back were not used", all, len(seen))
	}
}

// What one node has given back is taken by one of many.
func TestSpareKeysAreClaimedOnce(t *testing.T) {
	o := startOutside(t)
	s := o.node(t).keeper.(*stream)
	keys, err := s.make(within(t), 50)
	if err != nil || len(keys) != 50 {
		t.Fatalf("%d keys, %v", len(keys), err)
	}
	until(t, func() bool { _, pending, _ := s.last(within(t), spareSubject+"*"); return !pending })
	if err := s.giveBack(within(t), keys); err != nil {
		t.Fatal(err)
	}
	taken := make(chan Key, 1000)
	var wait sync.WaitGroup
	for range 6 {
		wait.Go(func() {
			found, err := s.spare(context.Background(), 100)
			if err != nil {
				t.Error(err)
			}
			for _, k := range found {
				taken <- k
			}
		})
	}
	wait.Wait()
	close(taken)
	times := make(map[KeyID]int)
	for k := range taken {
		times[k.id]++
	}
	for _, k := range keys {
		if times[k.id] != 1 {
			t.Errorf("%v was taken %d times", k, times[k.id])
		}
	}
}

// A node that ended between the steps of destroying has not destroyed the key, but nobody reads it any
// more, and destroying again finishes.
func TestHalfDestroyedKeys(t *testing.T) {
	o := startOutside(t)
	one := o.node(t)
	key := take(t, one, 1)[0]
	s := one.keeper.(*stream)
	if ok, err := s.first(within(t), erasedSubject+key.id.String(), nil); err != nil || !ok {
		t.Fatal(ok, err)
	}
	until(t, func() bool { _, err := one.Find(within(t), key.id); return errors.Is(err, ErrErased) })
	two := o.node(t)
	if _, err := two.Find(within(t), key.id); !errors.Is(err, ErrErased) {
		t.Errorf("half destroyed: %v", err)
	}
	if n := sum(occurrences(t, o.dir, []Key{key})); n != 1 {
		t.Errorf("the key is in the files %d times", n)
	}
	var wait sync.WaitGroup
	for _, k := range []*Keys{one, two, one, two} { // at once
		wait.Go(func() {
			if err := k.Destroy(context.Background(), key.id); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	gone(t, o.dir, key)
}

func TestExternalLedger(t *testing.T) {
	o, fresh := startOutside(t), startOutside(t)
	testLedger(t, func() *Ledger {
		l, err := OpenLedgerStream(within(t), o.servers(t), false)
		if err != nil {
			t.Fatal(err)
		}
		return l
	})
	testListedOnce(t, func() *Ledger {
		l, err := OpenLedgerStream(within(t), fresh.servers(t), false)
		if err != nil {
			t.Fatal(err)
		}
		return l
	})
	// Nodes that write at once wait for each other.
	var wait sync.WaitGroup
	for n := range 4 {
		l, err := OpenLedgerStream(within(t), o.servers(t), false)
		if err != nil {
			t.Fatal(err)
		}
		wait.Go(func() {
			for range 10 {
				if err := l.Append(context.Background(), erasure(n)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wait.Wait()
	l, err := OpenLedgerStream(within(t), o.servers(t), true)
	if err != nil {
		t.Fatal(err)
	}
	if all := lines(t, l); len(all) != 70 {
		t.Errorf("%d lines", len(all))
	}
	if err := l.Append(within(t), erasure(1)); !errors.Is(err, ErrReadOnlyLedger) {
		t.Error(err)
	}
}

// Keys move from a file to servers and back, with the marks of erased ones.
func TestKeysMove(t *testing.T) {
	o := startOutside(t)
	first, err := Open(within(t), Options{Dir: t.TempDir(), Pool: 32})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = first.Close() })
	from := first
	keys := take(t, from, 5)
	if err := from.Destroy(within(t), keys[0].id); err != nil {
		t.Fatal(err)
	}
	hash := from.RequestHash(nil)
	to := o.node(t)
	if err := to.Destroy(within(t), keys[1].id); err != nil {
		t.Fatal(err)
	}
	for _, next := range []*Keys{to, open(t, t.TempDir())} {
		moved := copiesOf(t, from)
		for range 2 {
			moved.put(t, next)
		}
		for i, key := range keys {
			found, err := next.Find(within(t), key.id)
			if erased := i < 2; erased && !errors.Is(err, ErrErased) || !erased && found.secret != key.secret {
				t.Errorf("key %d: %v, %v", i, found, err)
			}
		}
		if next.RequestHash(nil) != hash {
			t.Error("the secret for requests has changed")
		}
		from = next
	}
}

func TestStreamsThatAreRefused(t *testing.T) {
	o := startOutside(t)
	servers := o.servers(t)
	k, err := Open(within(t), Options{Servers: &servers, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Find(within(t), newKey().id); !errors.Is(err, ErrUnknownKey) {
		t.Error(err)
	}
	closed(t, k)
	if _, err := servers.JS.Stream(within(t), StreamName); !errors.Is(err, jetstream.ErrStreamNotFound) {
		t.Errorf("reading made the stream: %v", err)
	}
	made, err := servers.JS.CreateStream(within(t), streamConfig)
	if err != nil {
		t.Fatal(err)
	}
	if k, err = Open(within(t), Options{Servers: &servers, ReadOnly: true}); err != nil {
		t.Fatal(err)
	}
	if secret := k.RequestSecret(); [secretSize]byte(secret) != [secretSize]byte{} {
		t.Errorf("a stream without a secret has %x", secret)
	}
	closed(t, k)
	if info, err := made.Info(within(t)); err != nil || info.State.Msgs > 0 {
		t.Errorf("reading wrote %d messages: %v", info.State.Msgs, err)
	}
	servers = startOutside(t).servers(t)
	other := streamConfig
	other.DiscardNewPerSubject, other.Discard = false, jetstream.DiscardOld
	if _, err := servers.JS.CreateStream(within(t), other); err != nil {
		t.Fatal(err)
	}
	servers.Beside = func(ctx context.Context, c jetstream.StreamConfig) (jetstream.Stream, error) {
		return servers.JS.Stream(ctx, c.Name)
	}
	if _, err := Open(within(t), Options{Servers: &servers}); err == nil {
		t.Error("a stream that keeps what was replaced is taken")
	}
}
