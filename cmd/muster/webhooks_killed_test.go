package main

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
)

const (
	hookKills  = 20
	hookBad    = 18 // kills until the receiver is good
	hookRotate = 2  // the kill before which the secret is rotated
	hookHang   = 9  // the kill before which the receiver does not respond at all
	hookGone   = 13 // the kill before which it wants no more
	hookMost   = 8  // arrivals between two kills, at most
	// hookOverlap ends before the receiver that does not respond has been given up.
	hookOverlap = 12 * time.Second
	// hookSlack is how many seconds may pass between the choice of the secrets and the signature.
	hookSlack = 3
)

// TestWebhooksSurviveKills kills a service again and again while it sends webhooks to a receiver
// that is as bad as receivers are. No event is lost, skipped or changed, and all are in order.
func TestWebhooksSurviveKills(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := serving(t, dir, nativeOnly, "--webhook-allow-private")
	s := p.api.found()
	elsewhere, visitors := unvisited(t)
	random := rand.New(rand.NewPCG(11, 20))
	r := newHookReceiver(t)
	r.decide = badly(random, elsewhere)
	h := r.subscribe(p, s)
	k := &hookKiller{t: t, process: p, hooked: h, site: s, random: rand.New(rand.NewPCG(20, 11))}
	for n := range hookKills {
		if n == hookBad {
			r.mu.Lock()
			r.decide = func() fate { return accepted }
			r.mu.Unlock()
		}
		k.round(n)
		p.kill()
		p.start()
	}
	p.ready() // and from here on it gets over everything by itself
	r.check(h.delivered(p, s))
	k.checkSignatures()
	seen := make(map[string]int)
	for _, got := range r.all() {
		seen[got.fate.name]++
	}
	t.Logf("the fates: %v", seen)
	if kinds := len(fates(elsewhere)) + 3; len(seen) != kinds {
		t.Errorf("the receiver has seen %d fates of %d", len(seen), kinds)
	}
	if n := visitors.Load(); n != 0 {
		t.Errorf("redirects were followed %d times", n)
	}
	if n := r.atOnce(); n != 1 {
		t.Errorf("%d webhooks arrived at once", n)
	}
	p.stop()
	verified(t, "--data", dir)
}

// fates returns how a bad receiver does not take an event, and one that is slow to.
func fates(elsewhere string) []fate {
	return []fate{
		{name: "slow", hold: 400 * time.Millisecond, status: http.StatusOK},
		{name: "reset"},
		{name: "failed", status: http.StatusInternalServerError},
		{name: "forbidden", status: http.StatusForbidden},
		{name: "too many", status: http.StatusTooManyRequests, header: [2]string{"Retry-After", "1"}},
		{name: "moved", status: http.StatusPermanentRedirect, header: [2]string{"Location", elsewhere}},
		{name: "found", status: http.StatusFound, header: [2]string{"Location", elsewhere}},
	}
}

// badly returns a random choice of fates, each of which comes up again and again.
func badly(random *rand.Rand, elsewhere string) func() fate {
	var deck []fate
	return func() fate {
		if len(deck) == 0 {
			deck = fates(elsewhere)
			for range len(deck) {
				deck = append(deck, accepted)
			}
			random.Shuffle(len(deck), func(i, j int) { deck[i], deck[j] = deck[j], deck[i] })
		}
		f := deck[0]
		deck = deck[1:]
		return f
	}
}

// unvisited returns a URL that nobody should connect to, and how many have.
func unvisited(t *testing.T) (url string, visitors *atomic.Int64) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	visitors = new(atomic.Int64)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			visitors.Add(1)
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		<-ended
	})
	return "http://" + listener.Addr().String() + "/hook", visitors
}

// hookKiller is what goes on between two kills.
type hookKiller struct {
	t testing.TB
	*process
	hooked
	site   site
	random *rand.Rand

	rotated, expiry time.Time // of the first secret
	settled         time.Time // from when on both must be used: the process was killed after the rotation
	paused          int       // how many had arrived when the receiver wanted no more
}

// round waits until the process is ready, and returns when it is to be killed.
func (k *hookKiller) round(n int) {
	k.t.Helper()
	k.ready()
	switch n {
	case hookHang:
		k.force(unanswered)
	case hookGone:
		k.force(fate{name: "gone", status: http.StatusGone})
	case hookGone + 1:
		if s := k.standing(k.process); s.State != "paused" || len(k.all()) != k.paused {
			k.t.Errorf("after the kill it is %+v, and %d webhooks have arrived", s, len(k.all())-k.paused)
		}
	}
	k.forget()
	k.poke(k.process)
	switch n {
	case hookRotate:
		k.rotate()
	case hookRotate + 1:
		k.settled = time.Now()
	}
	for range hookMost {
		k.api.must(201, "POST", k.site.members(), editor(uuid.NewString()))
	}
	switch n {
	case hookHang:
		k.until("an attempt is given up", func() bool {
			return bytes.Contains(k.api.must(200, "GET", k.path+"/deliveries?page_size=1", "").body, []byte("there was no answer within 15s"))
		})
		k.forget()
		k.poke(k.process)
	case hookGone:
		k.until("the receiver is gone", func() bool {
			s := k.standing(k.process)
			return s.State == "paused" && strings.HasPrefix(s.Reason, "gone")
		})
		k.paused = len(k.all())
		return
	}
	for left := k.random.IntN(hookMost); ; left-- {
		f := k.next().fate
		if left == 0 {
			break
		}
		if !f.takes() {
			k.poke(k.process)
		}
	}
	time.Sleep(time.Duration(k.random.IntN(5_000)) * time.Microsecond) // anywhere in an attempt
}

// rotate gives the subscription another secret.
func (k *hookKiller) rotate() {
	k.t.Helper()
	k.know(func() string {
		rotated := k.api.must(200, "POST", k.path+"/rotate-secret", fmt.Sprintf(`{"overlap_seconds":%d}`, int(hookOverlap.Seconds())))
		var err error
		if k.expiry, err = time.Parse(time.RFC3339, rotated.field(k.t, "former_secret_expires_at")); err != nil {
			k.t.Fatal(err)
		}
		k.rotated = time.Now()
		return rotated.field(k.t, "secret")
	})
}

// checkSignatures fails the test unless every webhook was signed with the secrets of its time.
func (k *hookKiller) checkSignatures() {
	k.t.Helper()
	old, both, late := 0, 0, 0
	for i, got := range k.all() {
		by := append(got.by, false)
		switch {
		case got.phase == 1:
			old++
			if !by[0] {
				k.t.Errorf("webhook %d is not verified", i)
			}
		case got.at+1 <= k.expiry.Unix(): // it is signed in this second
			if by[0] && by[1] {
				both++
			}
			if !by[0] || !by[1] && got.at > k.settled.Unix() {
				k.t.Errorf("webhook %d, %v before the end of the overlap, is verified by %v", i, k.expiry.Unix()-got.at, by)
			}
		case got.at > k.expiry.Unix()+hookSlack:
			late++
			if by[0] || !by[1] {
				k.t.Errorf("webhook %d, after the overlap, is verified by %v", i, by)
			}
		case !by[1]:
			k.t.Errorf("webhook %d is not verified", i)
		}
	}
	k.t.Logf("signed before the rotation: %d, with two secrets: %d, after the overlap: %d", old, both, late)
	if old == 0 || both == 0 || late == 0 {
		k.t.Error("the test saw no rotation")
	}
}
