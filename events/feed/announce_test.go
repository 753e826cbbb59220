package feed

import (
	"testing"
	"time"

	"github.com/muster-dev/muster/events/natstest"
	"github.com/muster-dev/muster/events/store"
)

// What one node has written is visible on another one as soon as the first one has
// published it. The timer that tells that nobody publishes is not waited for.
func TestAnnouncementsOnOneServer(t *testing.T) {
	url := natstest.Outside(t)
	announcing(t, url, url)
}

// The nodes may be connected to different servers of a cluster.
func TestAnnouncementsInACluster(t *testing.T) {
	servers := natstest.Cluster(t)
	announcing(t, servers[0].ClientURL(), servers[1].ClientURL())
}

func announcing(t *testing.T, one, two string) {
	t.Helper()
	nodes := []*node{
		start(t, store.Options{Dir: t.TempDir(), URL: one}),
		start(t, store.Options{Dir: t.TempDir(), URL: two}),
	}
	exchange := func(rounds int) {
		for i := range rounds {
			from, to := nodes[i%2], nodes[1-i%2]
			to.apply(from.write(t, 3))
			from.seen(t)
			to.seen(t)
		}
	}
	exchange(2) // until both know the feed
	const rounds = 20
	begin := time.Now()
	exchange(rounds)
	if took := time.Since(begin); took > rounds*standstill/2 {
		t.Errorf("%d exchanges took %s: the nodes wait for their timers", rounds, took)
	}
}

// Nodes that write in turn, without waiting for each other's feed, publish in turn.
func TestNodesPublishInTurn(t *testing.T) {
	url := natstest.Outside(t)
	nodes := []*node{start(t, store.Options{Dir: t.TempDir(), URL: url}), start(t, store.Options{Dir: t.TempDir(), URL: url})}
	const rounds, turns = 20, 6
	begin := time.Now()
	for range rounds {
		for i := range turns {
			nodes[1-i%2].apply(nodes[i%2].write(t, 2))
		}
		for _, n := range nodes {
			n.seen(t)
		}
	}
	if took := time.Since(begin); took > rounds*standstill/2 {
		t.Errorf("%d rounds took %s: the nodes wait for their timers", rounds, took)
	}
	for _, n := range nodes {
		n.forget()
		if got := n.all(t, Filter{Organization: testOrg}); len(got) != rounds*turns*2 {
			t.Errorf("%d events", len(got))
		}
	}
}

// When the process that has appended dies before it publishes, another one does.
func TestSomebodyElsePublishes(t *testing.T) {
	url := natstest.Outside(t)
	dead := open(t, store.Options{Dir: t.TempDir(), URL: url}) // it never publishes
	alive := start(t, store.Options{Dir: t.TempDir(), URL: url})
	alive.write(t, 2)
	alive.seen(t)
	dead.tip = alive.tip
	for range 3 {
		alive.apply(dead.write(t, 2))
		alive.seen(t)
	}
	if got := alive.all(t, Filter{Organization: testOrg}); len(got) != 8 {
		t.Errorf("%d events", len(got))
	}
}

// An announcement that is wrong delays nothing for ever and shows nothing that is not
// there.
func TestFalseAnnouncements(t *testing.T) {
	n := start(t, store.Options{Dir: t.TempDir()})
	n.write(t, 2)
	n.seen(t)
	for _, text := range []string{"1000", "x", "", "-1", "1"} {
		if err := n.store.Conn.Publish(store.AnnounceSubject(0), []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := n.store.Conn.Flush(); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		n.write(t, 2)
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		stream, err := n.store.Feed(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		if stream.CachedInfo().State.LastSeq == 8 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("the feed has %d events", stream.CachedInfo().State.LastSeq)
		}
	}
	n.seen(t)
	n.forget()
	if got := n.all(t, Filter{Organization: testOrg}); len(got) != 8 {
		t.Errorf("%d events", len(got))
	}
}
