package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/subscription"
)

// The keys of age that the tests use.
const (
	backupRecipient = "age1fc000nd486sr8czvk6afwpf6my68ahsyw47mx5hq6tq7spse8s0sj69pes"
	backupIdentity  = "AGE-SECRET-KEY-1TXHWH0RNM2ZMDJTMC9PYA4KQ75U5GYEXGKWY94GVVD9T07U3R0CS5D4AQJ\n"
)

// memberLoad writes members from several clients at once, until stop is called.
type memberLoad struct {
	clients sync.WaitGroup
	end     context.CancelFunc

	mu   sync.Mutex
	done []string // users that were acknowledged
}

func writing(t *testing.T, p *process, s site) *memberLoad {
	ctx, end := context.WithCancel(t.Context())
	l := &memberLoad{end: end}
	for range 4 {
		l.clients.Go(func() {
			for ctx.Err() == nil {
				user := uuid.NewString()
				if r, err := p.api.do("POST", s.members(), editor(user)); err != nil || r.status != 201 {
					t.Errorf("%v: %d %s", err, r.status, r.body)
					return
				}
				l.mu.Lock()
				l.done = append(l.done, user)
				l.mu.Unlock()
			}
		})
	}
	t.Cleanup(l.stop)
	return l
}

func (l *memberLoad) acknowledged() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.done)
}

func (l *memberLoad) stop() {
	l.end()
	l.clients.Wait()
}

// TestOutgrowOneMachine backs up an embedded service while it writes and sends webhooks, and
// makes its log again on three servers. The history is the same, the webhooks go on, and there
// is a way back.
func TestOutgrowOneMachine(t *testing.T) {
	t.Parallel()
	old, work := t.TempDir(), t.TempDir()
	file, identity := filepath.Join(work, "backup.tar"), filepath.Join(work, "identity")
	writeFile(t, identity, []byte(backupIdentity))
	p := serving(t, old, nativeOnly, "--webhook-allow-private", "--partitions", "2")
	s := p.api.found()
	r := newHookReceiver(t)
	h := r.subscribe(p, s)
	addThrough(t, []*process{p}, s, 20)
	settled := h.noted(old, h.delivered(p, s))
	writes := writing(t, p, s)
	for range 100 {
		h.next()
	}
	before := writes.acknowledged()
	does(t, "backup", "--data", old, "--out", file, "--keys-for", backupRecipient)
	for range 50 {
		h.next()
	}
	writes.stop()
	h.delivered(p, s)
	p.stop()
	does(t, "backup", "verify", file)

	c := newCluster(t)
	restore := []string{"restore", file, "--nats-url", c.url(), "--keys-identity", identity, "--no-erasures"}
	killedWhen(t, "restoring the log", restore...)
	refusedAsUnfinished(t, c.url(), restore)
	does(t, append(restore, "--again")...)
	c.verified(t)

	// What was acknowledged before the backup is in it, and is the beginning of what was there.
	former, restored := replayed(t, s, "--data", old), replayed(t, s, "--nats-url", c.url())
	if len(restored) > len(former) || !slices.Equal(restored, former[:len(restored)]) {
		t.Fatalf("of %d events %d were restored, and they are not the first ones", len(former), len(restored))
	}
	text := strings.Join(restored, "\n")
	for _, user := range before {
		if !strings.Contains(text, user) {
			t.Fatalf("user %s was acknowledged before the backup, and is not in it", user)
		}
	}
	t.Logf("%d events of %d were restored", len(restored), len(former))

	h.startAgain()
	dir := t.TempDir()
	nodes := []*process{
		serving(t, dir, "--nats-url", c.url(), nativeOnly, "--webhook-allow-private"),
		serving(t, t.TempDir(), "--nats-url", c.url(), nativeOnly, "--webhook-allow-private"),
	}
	if shown := nodes[0].api.history(s); !slices.Equal(shown, restored) {
		t.Errorf("the service shows %d events, and %d were restored", len(shown), len(restored))
	}
	if key, was := readFile(t, filepath.Join(dir, "proof", "key.pub")), readFile(t, filepath.Join(old, "proof", "key.pub")); string(key) != string(was) {
		t.Errorf("checkpoints are signed with another key:\n%snot\n%s", key, was)
	}
	addThrough(t, nodes, s, 20)
	events := h.delivered(nodes[1], s)
	h.wentOn(settled, events)
	c.verified(t)

	// And back to one machine.
	back := filepath.Join(work, "back")
	does(t, "backup", "--nats-url", c.url(), "--out", filepath.Join(work, "cluster.tar"), "--keys-for", backupRecipient)
	does(t, "restore", filepath.Join(work, "cluster.tar"), "--data", back, "--keys-identity", identity, "--no-erasures")
	verified(t, "--data", back)
	there, here := replayed(t, s, "--nats-url", c.url()), replayed(t, s, "--data", back)
	if !slices.Equal(there, here) {
		t.Errorf("the cluster has %d events, the directory %d, and they are not the same", len(there), len(here))
	}
	p = serving(t, back, nativeOnly)
	p.api.must(201, "POST", s.members(), editor(uuid.NewString()))
	p.stop()
	verified(t, "--data", back)
}

// noted waits until the cursor is noted where all events are delivered, and returns how many those
// are.
func (h hooked) noted(dir string, events []string) int {
	h.t.Helper()
	last := parseEvent(h.t, events[len(events)-1]).Sequence
	h.until("the cursor is noted", func() bool {
		s, err := store.Open(h.t.Context(), store.Options{Dir: dir, ReadOnly: true, Running: true, Logger: slog.New(slog.DiscardHandler)})
		if err != nil {
			h.t.Fatal(err)
		}
		defer s.Close()
		notes, err := s.Latest(h.t.Context(), subscription.Cursors().Name)
		if err != nil {
			h.t.Fatal(err)
		}
		for _, m := range notes {
			var note struct {
				Position uint64 `json:"position"`
			}
			if err := json.Unmarshal(m.Data, &note); err != nil {
				h.t.Fatal(err)
			}
			if _, number, _ := strings.Cut(last, "-"); fmt.Sprint(note.Position) == number {
				return true
			}
		}
		return false
	})
	return len(events)
}

// startAgain forgets what has arrived.
func (h hooked) startAgain() {
	h.mu.Lock()
	h.got = nil
	h.mu.Unlock()
	h.forget()
}

// wentOn fails the test unless the webhooks go on after the cursor in the backup: those that
// arrive are the last ones of the events, without a gap, and none of those arrives again that were
// delivered when the cursor was noted.
func (h hooked) wentOn(settled int, events []string) {
	h.t.Helper()
	again := h.all()
	if len(again) > len(events)-settled {
		h.t.Fatalf("%d webhooks arrive, and %d of %d events were delivered before the backup", len(again), settled, len(events))
	}
	for i, got := range again {
		if !got.by[0] {
			h.t.Errorf("webhook %d is signed with another secret", i)
		}
		if wanted := events[len(events)-len(again)+i]; got.body != wanted {
			h.t.Fatalf("webhook %d is %s, and the event is %s", i, got.body, wanted)
		}
	}
	h.t.Logf("%d of %d events were sent by the restored service, and %d were settled before", len(again), len(events), settled)
}

// does runs muster, which must succeed.
func does(t testing.TB, args ...string) {
	t.Helper()
	if status, text := says(t, args...); status != 0 {
		t.Fatalf("muster %s exits with %d:\n%s", strings.Join(args, " "), status, text)
	}
}

// killedWhen runs muster, and kills it when it has logged the text.
func killedWhen(t testing.TB, text string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := muster(ctx, args...)
	stderr, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(stderr); lines.Scan() && !strings.Contains(lines.Text(), text); {
	}
	_ = cmd.Process.Kill()
	_, _ = io.Copy(io.Discard, stderr)
	if cmd.Wait() == nil {
		t.Fatalf("muster %s has ended before it could be killed", strings.Join(args, " "))
	}
}

// refusedAsUnfinished fails the test unless nothing uses what an interrupted restore has left.
func refusedAsUnfinished(t *testing.T, url string, restore []string) {
	t.Helper()
	for _, args := range [][]string{
		{"serve", "--listen", "127.0.0.1:0", "--data", t.TempDir(), "--nats-url", url},
		{"audit", "verify", "--nats-url", url},
		{"backup", "--nats-url", url, "--out", filepath.Join(t.TempDir(), "b.tar")},
		restore,
	} {
		if status, text := says(t, args...); status == 0 || !strings.Contains(text, "a restore has not come to its end here") {
			t.Fatalf("muster %s exits with %d:\n%s", strings.Join(args, " "), status, text)
		}
	}
}
