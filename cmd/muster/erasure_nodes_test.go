package main

import (
	"errors"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/events/natstest"
	"github.com/muster-dev/muster/events/personal"
)

// TestErasureThroughAnotherNode erases somebody through one of two nodes. The other one, which has
// the profile and its key in memory, shows nothing from the position of the erasure on, although the
// message that the key is destroyed does not reach it.
func TestErasureThroughAnotherNode(t *testing.T) {
	t.Parallel()
	servers, dirs := t.TempDir(), []string{t.TempDir(), t.TempDir()}
	everywhere := append(slices.Clone(dirs), servers)
	url := natstest.OutsideIn(t, servers).ClientURL()
	p := serving(t, dirs[0], "--nats-url", url, nativeOnly)
	q := serving(t, dirs[1], "--nats-url", url, nativeOnly)
	one, two := p.api, q.api
	s := one.found()
	c, behind := newCanary(), newCanary()
	two.must(200, "GET", "/v1/organizations/"+s.org, "", needs(one.must(201, "POST", s.members(), editor(newCanary().user)).header.Get("Muster-Position"))...)
	c.enter(two, s)
	behind.enter(two, s)
	for _, path := range c.reads(s) {
		one.must(200, "GET", path, "", needs(c.before)...)
	}
	traced(t, []canary{c, behind}, dirs...)
	conn, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := js.Stream(t.Context(), personal.StreamName)
	if err != nil {
		t.Fatal(err)
	}
	paused := 0
	for name := range stream.ConsumerNames(t.Context()).Name() {
		if _, err := stream.PauseConsumer(t.Context(), name, time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		paused++
	}
	if paused != 2 {
		t.Fatalf("%d nodes follow the keys, and there are 2", paused)
	}
	secrets := secretsOn(t, stream)

	c.unshown(two, s, c.asked(one, s))
	c.erase(one, s)
	// Of the other person the node reads at once that they are to be erased and that they were.
	q.signal(syscall.SIGSTOP)
	behind.erase(one, s)
	q.signal(syscall.SIGCONT)
	events := one.history(s)
	last := parseEvent(t, events[len(events)-1])
	if last.Type != "muster.user.erased" {
		t.Fatalf("the last event is %s", last.Type)
	}
	behind.unshown(two, s, last.Sequence)
	c.unshown(two, s, last.Sequence)
	c.erase(two, s)
	history := two.history(s)
	behind.tombstones(t, history)
	if c.tombstones(t, history); !slices.Equal(history, events) {
		t.Error("the other node shows other events")
	}
	secret := secrets[c.keyOf(one, s)]
	if len(secret) != 32 {
		t.Fatal("the key was not there before the erasure")
	}
	for deadline := time.Now().Add(patience); trace(t, [][]byte{[]byte(c.word), []byte(behind.word), secret}, everywhere...) != nil && time.Now().Before(deadline); {
		time.Sleep(50 * time.Millisecond) // the other node erases it on its own
	}
	untraced(t, "running", []canary{c, behind}, everywhere...)
	for _, place := range trace(t, [][]byte{secret}, everywhere...) {
		t.Errorf("the key: %s", place)
	}
	p.stop()
	q.stop()
	untraced(t, "stopped", []canary{c, behind}, everywhere...)
	for _, dir := range dirs {
		verified(t, "--nats-url", url, "--data", dir)
	}
}

// secretsOn returns the keys of everybody that are on servers, by their ids.
func secretsOn(t *testing.T, keys jetstream.Stream) map[string][]byte {
	t.Helper()
	info, err := keys.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	secrets := make(map[string][]byte)
	for sequence := info.State.FirstSeq; sequence <= info.State.LastSeq; sequence++ {
		m, err := keys.GetMsg(t.Context(), sequence)
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if id, ok := strings.CutPrefix(m.Subject, "muster.personal.key."); ok {
			secrets[id] = m.Data
		}
	}
	return secrets
}

// signal sends a signal to the process.
func (p *process) signal(which syscall.Signal) {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.cmd.Process.Signal(which); err != nil {
		p.t.Fatal(err)
	}
}
