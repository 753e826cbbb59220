package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/events/natstest"
	"github.com/muster-dev/muster/events/store"
)

// TestStreamResumes interrupts a client of the event stream again and again while events
// are written. The client resumes with Last-Event-ID and gets each event once.
func TestStreamResumes(t *testing.T) {
	t.Parallel()
	p := serving(t, t.TempDir(), nativeOnly)
	s := p.api.found()
	var clients sync.WaitGroup
	defer clients.Wait()
	const written, each = 1000, 50
	for range written / each {
		clients.Go(func() {
			for range each {
				if r, err := p.api.do("POST", s.members(), editor(uuid.NewString())); err != nil || r.status != http.StatusCreated {
					t.Errorf("%v: %d %s", err, r.status, r.body)
					return
				}
			}
		})
	}
	const all = written + 5 // found has written five
	r := reader{t: t, api: p.api, site: s}
	for i := 0; len(r.events) < all; i++ {
		r.read(min(1+i*7%60, all-len(r.events)))
	}
	clients.Wait()
	if history := p.api.history(s); !slices.Equal(r.events, history) {
		t.Errorf("the stream brought %d events, there are %d, and they are not the same", len(r.events), len(history))
	}
}

// TestFeedDeletedByHand deletes the feed's streams on a running server, while a client
// reads events that are not in memory. The service makes the feed again, and no client
// sees a difference.
func TestFeedDeletedByHand(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := serving(t, dir, nativeOnly)
	s := p.api.found()
	var clients sync.WaitGroup
	for range 16 {
		clients.Go(func() {
			for range 100 {
				if r, err := p.api.do("POST", s.members(), editor(uuid.NewString())); err != nil || r.status != http.StatusCreated {
					t.Errorf("%v: %d %s", err, r.status, r.body)
					return
				}
			}
		})
	}
	clients.Wait()
	before := p.api.history(s)
	p.stop() // so that none of it is in memory

	listen := natstest.Address(t)
	p.args = append(p.args, "--nats-listen", listen)
	p.start()
	p.ready()
	js := inside(t, dir, listen)
	for round := range 6 {
		r := reader{t: t, api: p.api, site: s}
		if round%2 == 0 {
			r.read(100 + 30*round)
		}
		removeFeeds(t, js)
		if round == 5 { // the log grows while the feed is made again
			p.api.must(201, "POST", s.members(), editor(uuid.NewString()))
		}
		if listed := p.api.history(s); !slices.Equal(listed[:min(len(listed), len(before))], before) {
			t.Fatalf("round %d: %d events are listed of %d, or others", round, len(listed), len(before))
		}
		r.read(len(before) - len(r.events))
		if !slices.Equal(r.events, before) {
			t.Fatalf("round %d: the stream brought other events", round)
		}
	}
	after := p.api.history(s)
	if len(after) != len(before)+1 || !slices.Equal(after[:len(before)], before) {
		t.Errorf("%d events before, %d after, or others", len(before), len(after))
	}
	p.stop()
	if log := replayed(t, s, "--data", dir); !slices.Equal(after, log) {
		t.Errorf("the service shows %d events, its log holds %d, and they are not the same", len(after), len(log))
	}
	verified(t, "--data", dir)
}

// inside returns a connection to the NATS server inside a process.
func inside(t *testing.T, dir, listen string) jetstream.JetStream {
	t.Helper()
	token, err := os.ReadFile(filepath.Join(dir, "nats-token"))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := nats.Connect("nats://"+listen, nats.Token(strings.TrimSpace(string(token))))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

// removeFeeds deletes all feeds. There is one, or there will soon be one again.
func removeFeeds(t *testing.T, js jetstream.JetStream) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for removed := 0; removed == 0; time.Sleep(time.Millisecond) {
		for p := range store.PartitionsOutside {
			err := js.DeleteStream(t.Context(), fmt.Sprintf("MUSTER_FEED_%02d", p))
			if err == nil {
				removed++
			}
		}
		if time.Now().After(deadline) {
			t.Fatal("there was no feed to delete")
		}
	}
}

// reader is a client of the event stream that keeps what it gets.
type reader struct {
	t      *testing.T
	api    apiClient
	site   site
	last   string
	events []string
}

// read opens the stream after the last event, reads n events, and closes it.
func (r *reader) read(n int) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.api.url+r.site.events(), nil)
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+r.api.token)
	request.Header.Set("Accept", "text/event-stream")
	if r.last != "" {
		request.Header.Set("Last-Event-ID", r.last)
	}
	response, err := r.api.http.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		r.t.Fatal(response.Status)
	}
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	for id := ""; n > 0; {
		if !lines.Scan() {
			r.t.Fatalf("the stream ended after %d events: %v", len(r.events), lines.Err())
		}
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch name {
		case "id":
			id = value
		case "data":
			e := parseEvent(r.t, value)
			if partition, _, _ := strings.Cut(id, "-"); e.Sequence != id || id != fmt.Sprintf("%s-%d", partition, len(r.events)+1) {
				r.t.Fatalf("after %d events came %s, which says that it is %s", len(r.events), id, e.Sequence)
			}
			r.events, r.last = append(r.events, value), id
			n--
		}
	}
}
