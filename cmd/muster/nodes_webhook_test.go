package main

import (
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/muster-dev/muster/events/natstest"
)

// takeover is how long it may take until another node delivers what a killed one was about to.
const takeover = 30 * time.Second

// TestTwoNodesDeliverOneSubscription has two services on one external NATS server send the
// webhooks of one subscription. There are never two requests at once. When a node is killed in
// the middle of one, the other takes over.
func TestTwoNodesDeliverOneSubscription(t *testing.T) {
	t.Parallel()
	url := natstest.Outside(t)
	nodes := make([]*process, 2)
	for i := range nodes {
		nodes[i] = serving(t, t.TempDir(), "--nats-url", url, nativeOnly, "--webhook-allow-private")
	}
	s := nodes[0].api.found()
	r := newHookReceiver(t)
	r.decide = func() fate { // long enough to see two at once
		return fate{name: "accepted", hold: 5 * time.Millisecond, status: accepted.status}
	}
	h := r.subscribe(nodes[0], s)
	addThrough(t, nodes, s, 80)
	h.delivered(nodes[1], s)

	var killed *process
	for round := range 2 {
		r.forget()
		r.force(unanswered)
		addThrough(t, nodes, s, 20)
		held := r.next()
		for held.fate.name != unanswered.name {
			held = r.next()
		}
		busy := slices.IndexFunc(nodes, (*process).sendsWebhook)
		if busy < 0 || nodes[1-busy].sendsWebhook() {
			t.Fatalf("of both nodes or of none there is a webhook under way: %d", busy)
		}
		killed = nodes[busy]
		killed.kill()
		begun := time.Now()
		again := r.next()
		t.Logf("round %d: node %d was killed, and the other sent the webhook after %v", round, busy, time.Since(begun).Round(time.Millisecond))
		if took := time.Since(begun); took > takeover || again.id != held.id || again.body != held.body {
			t.Errorf("after %v, webhook %s arrives, want %s", took, again.id, held.id)
		}
		h.delivered(nodes[1-busy], s)
		killed.start()
		killed.ready()
	}
	addThrough(t, nodes, s, 40)
	r.check(h.delivered(killed, s))
	for i, got := range r.all() {
		if !got.by[0] {
			t.Errorf("webhook %d is not verified", i)
		}
	}
	if n := r.atOnce(); n != 1 {
		t.Errorf("%d webhooks arrived at once", n)
	}
	verified(t, "--nats-url", url)
}

// addThrough adds members through all nodes at once, until all nodes show their events.
func addThrough(t *testing.T, nodes []*process, s site, members int) {
	t.Helper()
	var clients sync.WaitGroup
	for i := range members {
		clients.Go(func() {
			r, err := nodes[i%len(nodes)].api.do("POST", s.members(), editor(uuid.NewString()), "Idempotency-Key", uuid.NewString())
			if err != nil || r.status != 201 {
				t.Errorf("%v: %d %s", err, r.status, r.body)
			}
		})
	}
	clients.Wait()
	last := nodes[0].api.must(201, "POST", s.members(), editor(uuid.NewString()))
	for _, n := range nodes {
		n.api.must(200, "GET", s.events(), "", needs(last.header.Get("Muster-Position"))...)
	}
}

var underWay = regexp.MustCompile(`(?m)^muster_webhook_deliveries_in_flight ([0-9]+)$`)

// sendsWebhook reports whether a webhook of the node is under way.
func (p *process) sendsWebhook() bool {
	p.t.Helper()
	shown := underWay.FindSubmatch(p.api.must(200, "GET", "/metrics", "").body)
	if shown == nil {
		p.t.Fatal("the metrics do not say how many webhooks are under way")
	}
	return string(shown[1]) == "1"
}
