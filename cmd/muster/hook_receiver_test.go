package main

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// fate is what becomes of a webhook at its receiver.
type fate struct {
	name   string
	hold   time.Duration // how long the receiver takes, if the sender waits that long
	status int           // of the response; 0: the connection is reset
	header [2]string     // of the response, if it has a name
}

var accepted = fate{name: "accepted", status: http.StatusNoContent}

// unanswered is longer than any sender waits.
var unanswered = fate{name: "unanswered", hold: patience, status: http.StatusNoContent}

// takes reports whether the receiver takes the event, unless the sender gives up before.
func (f fate) takes() bool { return f.status/100 == 2 }

// hook is a webhook that was received.
type hook struct {
	fate  fate
	id    string
	body  string
	at    int64  // when it was signed, in seconds
	by    []bool // which of the secrets verify it
	phase int
	took  bool // the receiver has taken it, and the sender was still there
}

// hookReceiver receives webhooks and decides their fates. It verifies them with the library of
// Standard Webhooks.
type hookReceiver struct {
	t        testing.TB
	url      string
	arrivals chan hook     // as soon as they are there
	ended    chan struct{} // closed when the test has ended

	mu      sync.Mutex
	secrets []string
	phase   int
	decide  func() fate
	forced  []fate // of the next ones
	got     []hook // in the order of their arrival
	now     int    // how many are under way
	most    int    // how many were at once
}

// newHookReceiver returns a receiver that takes everything. It ends with the test.
func newHookReceiver(t testing.TB) *hookReceiver {
	r := &hookReceiver{t: t, arrivals: make(chan hook, 10_000), ended: make(chan struct{}), decide: func() fate { return accepted }}
	server := httptest.NewServer(r)
	t.Cleanup(func() {
		close(r.ended)
		server.Close()
	})
	r.url = server.URL + "/hook"
	return r
}

func (r *hookReceiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		return // the sender was killed
	}
	n, f := r.arrive(q.Header, body)
	held := time.NewTimer(f.hold)
	defer held.Stop()
	gone := false
	select {
	case <-held.C:
	case <-q.Context().Done():
		gone = true
	case <-r.ended:
	}
	r.mu.Lock()
	r.got[n].took = f.takes() && !gone
	r.now--
	r.mu.Unlock()
	if f.status == 0 {
		r.reset(w)
		return
	}
	if f.header[0] != "" {
		w.Header().Set(f.header[0], f.header[1])
	}
	w.WriteHeader(f.status)
}

// arrive notes what has arrived, and returns its number and its fate.
func (r *hookReceiver) arrive(header http.Header, body []byte) (int, fate) {
	r.mu.Lock()
	defer r.mu.Unlock()
	h := hook{id: header.Get("webhook-id"), body: string(body), phase: r.phase}
	h.at, _ = strconv.ParseInt(header.Get("webhook-timestamp"), 10, 64)
	for _, secret := range r.secrets {
		verifier, err := standardwebhooks.NewWebhook(secret)
		if err == nil {
			err = verifier.Verify(body, header)
		}
		h.by = append(h.by, err == nil)
	}
	if len(r.forced) > 0 {
		h.fate, r.forced = r.forced[0], r.forced[1:]
	} else {
		h.fate = r.decide()
	}
	r.now++
	r.most = max(r.most, r.now)
	r.got = append(r.got, h)
	r.arrivals <- h
	return len(r.got) - 1, h.fate
}

// reset has the sender's connection end without a response.
func (r *hookReceiver) reset(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		r.t.Error(err)
		return
	}
	_ = conn.(*net.TCPConn).SetLinger(0)
	_ = conn.Close()
}

// force sets the fate of the next one.
func (r *hookReceiver) force(f fate) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forced = append(r.forced, f)
}

// know has a secret given out. Nothing that arrives meanwhile is verified before.
func (r *hookReceiver) know(give func() (secret string)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.secrets = append(r.secrets, give())
	r.phase++
}

// next returns what arrives next.
func (r *hookReceiver) next() hook {
	r.t.Helper()
	select {
	case h := <-r.arrivals:
		return h
	case <-time.After(patience):
		r.t.Fatal("nothing has arrived")
		return hook{}
	}
}

// forget leaves out what has arrived up to now.
func (r *hookReceiver) forget() {
	for len(r.arrivals) > 0 {
		<-r.arrivals
	}
}

// all returns what has arrived.
func (r *hookReceiver) all() []hook {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

// atOnce returns how many webhooks were under way at the same time.
func (r *hookReceiver) atOnce() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.most
}

// check compares what has arrived with the events that had to. Each was taken at least once.
// None arrived before the one before it was taken. What arrived again had the same id and the
// same body.
func (r *hookReceiver) check(events []string) {
	r.t.Helper()
	t := r.t
	number := make(map[string]int) // by id
	for i, text := range events {
		var e struct{ ID string }
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			t.Fatal(err)
		}
		number[e.ID] = i
	}
	took := make([]int, len(events))
	first, again := 0, 0
	for _, h := range r.all() {
		i, known := number[h.id]
		switch {
		case !known:
			t.Errorf("nobody asked for webhook %s: %s", h.id, h.body)
			continue
		case h.body != events[i]:
			t.Errorf("webhook %s is\n%s\nand the event is\n%s", h.id, h.body, events[i])
		case i > first:
			t.Errorf("event %d arrived before event %d", i, first)
		case i < first:
			again++
		case i > 0 && took[i-1] == 0:
			t.Errorf("event %d arrived before event %d was taken", i, i-1)
		}
		first = max(first, i+1)
		if h.took {
			took[i]++
		}
	}
	twice := 0
	for i, n := range took {
		if n == 0 {
			t.Errorf("event %d was never taken: %s", i, events[i])
		}
		if n > 1 {
			twice++
		}
	}
	t.Logf("%d events arrived %d times more than once; %d were taken more than once", len(events), again, twice)
}

// hooked is the subscription of a receiver.
type hooked struct {
	*hookReceiver
	path string
}

// subscribe makes a webhook for everything that happens to members.
func (r *hookReceiver) subscribe(p *process, s site) hooked {
	r.t.Helper()
	path := "/v1/organizations/" + s.org + "/subscriptions"
	r.know(func() string {
		made := p.api.must(201, "POST", path, `{"name":"Provisioning","kind":"webhook","types":["muster.member.*"],"from":"earliest","include":["profile"],"url":"`+r.url+`"}`)
		path += "/" + made.field(r.t, "id")
		return made.field(r.t, "secret")
	})
	return hooked{r, path}
}

// poke has the next attempt made at once.
func (h hooked) poke(p *process) {
	h.t.Helper()
	p.api.must(200, "POST", h.path+"/pause", "")
	p.api.must(200, "POST", h.path+"/resume", "")
}

// standing is what tests read of a subscription.
type standing struct {
	State  string  `json:"state"`
	Reason string  `json:"reason"`
	Lag    *uint64 `json:"lag"`
}

func (h hooked) standing(p *process) (s standing) {
	h.t.Helper()
	if err := json.Unmarshal(p.api.must(200, "GET", h.path, "").body, &s); err != nil {
		h.t.Fatal(err)
	}
	return s
}

// until waits for something that the process shows of the subscription.
func (h hooked) until(what string, holds func() bool) {
	h.t.Helper()
	for deadline := time.Now().Add(patience); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			h.t.Fatalf("never: %s", what)
		}
	}
}

// delivered waits until everything that the process shows is delivered, and returns that.
func (h hooked) delivered(p *process, s site) (events []string) {
	h.t.Helper()
	events = slices.DeleteFunc(p.api.history(s), func(text string) bool {
		return !strings.HasPrefix(parseEvent(h.t, text).Type, "muster.member.")
	})
	h.until("everything is delivered", func() bool {
		now := h.standing(p)
		took := func(got hook) bool { return got.took && got.body == events[len(events)-1] }
		return now.State == "active" && now.Lag != nil && *now.Lag == 0 && slices.ContainsFunc(h.all(), took)
	})
	return events
}
