package native

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/muster-dev/muster/events/wire"
)

// stream is a client's view of an event stream.
type stream struct {
	t      testing.TB
	lines  *bufio.Scanner
	cancel context.CancelFunc
	body   *http.Response
}

type received struct{ id, kind, data string }

func (s *service) follow(token, path string, more ...string) *stream {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	request.Header.Set("Accept", "text/event-stream")
	for i := 0; i < len(more); i += 2 {
		request.Header.Set(more[i], more[i+1])
	}
	response, err := s.Client().Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	if response.StatusCode != 200 || response.Header.Get("Content-Type") != "text/event-stream" {
		s.t.Fatalf("%s: %s %v", path, response.Status, response.Header)
	}
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	f := &stream{s.t, lines, cancel, response}
	s.t.Cleanup(f.close)
	return f
}

func (f *stream) close() {
	f.cancel()
	_ = f.body.Body.Close()
}

// next returns the next event. If the stream has ended, ok is false.
func (f *stream) next() (e received, ok bool) {
	for f.lines.Scan() {
		name, value, _ := strings.Cut(f.lines.Text(), ": ")
		switch name {
		case "id":
			e.id = value
		case "event":
			e.kind = value
		case "data":
			e.data = value
		case "":
			if e.id != "" {
				return e, true
			}
		}
	}
	return e, false
}

func TestStream(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	path := "/v1/organizations/" + x.org + "/events"
	all := s.as(x.token, "GET", path, "").want(200)
	f := s.follow(x.token, path+"?after=earliest")
	for i := range all.count() {
		e, ok := f.next()
		var data struct{ Sequence, Type string }
		if err := json.Unmarshal([]byte(e.data), &data, json.MatchCaseInsensitiveNames(true)); err != nil || !ok {
			t.Fatalf("%v: %s", err, e.data)
		}
		if e.id != data.Sequence || e.kind != data.Type || e.id != all.get("items", i, "sequence") {
			t.Errorf("%+v", e)
		}
	}
	// The stream goes on with new events, and only with those that pass its filter.
	only := s.follow(x.token, path+"?after=latest&type=muster.member.removed")
	s.as(x.token, "PATCH", "/v1/workspaces/"+x.ws+"/members/"+x.member, `{"role":"viewer"}`).want(200)
	s.as(x.token, "DELETE", "/v1/workspaces/"+x.ws+"/members/"+x.member, "").want(204)
	if e, _ := f.next(); e.kind != "muster.member.role_changed" {
		t.Errorf("%+v", e)
	}
	if e, _ := only.next(); e.kind != "muster.member.removed" {
		t.Errorf("%+v", e)
	}
	// Last-Event-ID takes precedence over after.
	resumed := s.follow(x.token, path+"?after=latest", "Last-Event-ID", all.get("items", 0, "sequence"))
	if e, _ := resumed.next(); e.id != all.get("items", 1, "sequence") {
		t.Errorf("%+v", e)
	}
	s.as(x.token, "GET", path, "", "Accept", "text/event-stream", "Last-Event-ID", "x").want(422, "invalid_value")
	// Events without names are what a browser's onmessage hears.
	unnamed := s.follow(x.token, path+"?after=earliest&named=false")
	if e, _ := unnamed.next(); e.kind != "" || e.id != all.get("items", 0, "sequence") || !strings.Contains(e.data, `"type":"muster.organization.created"`) {
		t.Errorf("%+v", e)
	}
	if got := s.as(x.token, "HEAD", path, "", "Accept", "text/event-stream").want(200); got.header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("%v", got.header)
	}
}

// Clients that are cut off again and again, while others write, and that resume with
// their last id get every event once and in order.
func TestStreamResumes(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	path := "/v1/organizations/" + x.org + "/events?type=muster.member.added&after="
	const writes = 1000
	after := s.as(x.token, "GET", "/v1/organizations/"+x.org+"/events", "").want(200).get("position")

	got := make(chan []string)
	go func() {
		var ids []string
		last := after
		for cut := 7; len(ids) < writes; cut = cut*3%101 + 1 {
			f := s.follow(x.token, path+after, "Last-Event-ID", last)
			for range cut { // then cut off, with more events on their way
				e, ok := f.next()
				if !ok {
					break
				}
				ids, last = append(ids, e.id), e.id
				if len(ids) == writes {
					break
				}
			}
			f.close()
		}
		got <- ids
	}()

	written := make(map[string]bool)
	var mu sync.Mutex
	var writers sync.WaitGroup
	for range 20 {
		writers.Go(func() {
			for range writes / 20 {
				position := s.as(x.token, "PUT", "/v1/workspaces/"+x.ws+"/members/"+newText(), `{"role":"viewer"}`).want(201).header.Get("Muster-Position")
				mu.Lock()
				written[position] = true
				mu.Unlock()
			}
		})
	}
	writers.Wait()
	var last uint64
	for _, id := range <-got {
		position, err := wire.ParsePosition(id)
		if err != nil {
			t.Fatal(err)
		}
		if position.Number <= last {
			t.Errorf("%s came after %d", id, last)
		}
		last = position.Number
		if !written[id] {
			t.Errorf("%s came, which nobody was told of", id)
		}
		delete(written, id)
	}
	if len(written) != 0 {
		t.Errorf("%d events were never received", len(written))
	}
}

// A stream ends when its token ends, and when the service stops.
func TestStreamEnds(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	path := "/v1/organizations/" + x.org + "/events?after=latest"

	revoked, id := s.issue(x.org, `"scopes":["events:read"]`)
	f := s.follow(revoked, path)
	s.as(x.token, "DELETE", "/v1/organizations/"+x.org+"/tokens/"+id, "").want(204)
	if e, ok := f.next(); ok {
		t.Errorf("after the token was revoked came %+v", e)
	}

	expiring, _ := s.issue(x.org, fmt.Sprintf(`"scopes":["events:read"],"expires_at":%q`, time.Now().Add(time.Hour).Format(time.RFC3339)))
	f = s.follow(expiring, path)
	s.clock.Store(int64(2 * time.Hour))
	s.as(x.token, "PUT", "/v1/workspaces/"+x.ws+"/members/"+newText(), `{"role":"viewer"}`).want(201)
	if e, ok := f.next(); ok {
		t.Errorf("after the token expired came %+v", e)
	}

	// Nothing need happen for that: the stream knows when its token ends.
	short, _ := s.issue(x.org, fmt.Sprintf(`"scopes":["events:read"],"expires_at":%q`, s.now().Add(time.Second).Format(time.RFC3339Nano)))
	f = s.follow(short, path)
	begin := time.Now()
	if e, ok := f.next(); ok || time.Since(begin) >= heartbeat {
		t.Errorf("after the token expired came %+v, %s later", e, time.Since(begin))
	}

	// The secret from before a rotation ends with its overlap, also for streams.
	rotated, id := s.issue(x.org, `"scopes":["events:read"]`)
	f = s.follow(rotated, path)
	begin = time.Now()
	s.as(x.token, "POST", "/v1/organizations/"+x.org+"/tokens/"+id+"/rotate", `{"overlap_seconds":1}`).want(200)
	if e, ok := f.next(); !ok || e.kind != "muster.token.rotated" {
		t.Errorf("%+v", e)
	}
	if e, ok := f.next(); ok || time.Since(begin) >= heartbeat || time.Since(begin) < 900*time.Millisecond {
		t.Errorf("after the overlap came %+v, %s later", e, time.Since(begin))
	}

	f = s.follow(x.token, path)
	s.api.Drain()
	if e, ok := f.next(); ok {
		t.Errorf("after the service stopped came %+v", e)
	}
}

// Followers are told to come back at different times.
func TestStreamsSayWhenToComeBack(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	seen := make(map[string]bool)
	for range 10 {
		f := s.follow(x.token, "/v1/organizations/"+x.org+"/events?after=latest")
		f.lines.Scan()
		f.lines.Scan()
		value, ok := strings.CutPrefix(f.lines.Text(), "retry: ")
		wait, err := strconv.Atoi(value)
		if !ok || err != nil || wait < 1000 || wait >= 5000 {
			t.Errorf("%q: a time from 1 to 5 seconds is expected", f.lines.Text())
		}
		seen[value] = true
		f.close()
	}
	if len(seen) < 3 {
		t.Errorf("10 followers come back at %d different times", len(seen))
	}
}

// A list of events is a stream only for those who prefer a stream to JSON.
func TestAccept(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	path := "/v1/organizations/" + x.org + "/events"
	for accept, stream := range map[string]bool{
		"":                                    false,
		"*/*":                                 false,
		"application/json":                    false,
		"text/event-stream":                   true,
		"Text/Event-Stream":                   true,
		"text/*":                              true,
		"application/json, text/event-stream": false,
		"text/event-stream, application/json": false,
		"text/event-stream, */*":              false,
		"text/event-stream, */*;q=0.1":        true,
		"text/event-stream;q=0.5, application/json;q=0.4":                            true,
		"text/event-stream;q=0.4, application/json; q=0.5":                           false,
		"text/event-stream;q=0.5, */*":                                               false,
		"text/event-stream;q=0, */*;q=0":                                             false,
		"text/event-stream;charset=utf-8;q=0.2, application/json;q=0.1":              true,
		"application/json;q=0.1, */*":                                                true,
		"text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8": false,
		"nonsense, text/event-stream;q=x":                                            false,
	} {
		got := s.as(x.token, "HEAD", path, "", "Accept", accept).want(200).header.Get("Content-Type")
		if (got == "text/event-stream") != stream {
			t.Errorf("Accept %q: %s", accept, got)
		}
	}
}
