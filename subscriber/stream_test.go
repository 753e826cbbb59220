package subscriber

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// history is a service with a number of events that cuts every stream after some of them,
// in the middle of one.
type history struct {
	*httptest.Server
	events int

	mu       sync.Mutex
	requests []string // their paths and queries
}

const eventsPath = "/v1/organizations/" + organization + "/events"

func serveHistory(t *testing.T, events int) *history {
	h := &history{events: events}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/self", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"organization_id":%q}`, organization)
	})
	mux.HandleFunc("GET "+eventsPath, h.follow)
	h.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.mu.Lock()
		h.requests = append(h.requests, r.Header.Get("Authorization")+" "+r.URL.String())
		h.mu.Unlock()
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(h.Close)
	return h
}

func (h *history) follow(w http.ResponseWriter, r *http.Request) {
	after := r.URL.Query().Get("after")
	if r.Header.Get("Accept") == "application/json" {
		fmt.Fprintf(w, `{"items":[],"next_cursor":null,"position":"0-%d"}`, h.events)
		return
	}
	number := 0
	if after != "earliest" {
		number, _ = strconv.Atoi(strings.TrimPrefix(after, "0-"))
	}
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	fmt.Fprint(w, "retry: 1\n\n: muster\n\n")
	for range rand.N(7) {
		if number++; number > h.events {
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
			return
		}
		fmt.Fprintf(w, "id: 0-%d\nevent: muster.member.added\ndata: %s\n\n", number, eventText(number))
		if rand.N(5) == 0 {
			fmt.Fprint(w, ":\n\n")
		}
	}
	if rand.N(2) == 0 {
		fmt.Fprintf(w, "id: 0-%d\nevent: muster.member.added\ndata: %s", number+1, eventText(number + 1)[:100])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

// client returns a client of the service with connections of its own, which are closed with
// the test.
func (h *history) client(t *testing.T, options ...Option) *Client {
	own := &http.Transport{}
	t.Cleanup(own.CloseIdleConnections)
	return New(h.URL+"/", "tot_x", append(options, HTTPClient(&http.Client{Transport: own}))...)
}

// The stream is cut again and again, and each event comes once and in its place. Closing
// the service waits until its last connection has ended, so the loop has left none.
func TestEventsResume(t *testing.T) {
	const events = 200
	h := serveHistory(t, events)
	next := 1
	for e, err := range h.client(t).Events(t.Context(), After(Position{})) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Position != (Position{0, uint64(next)}) || e.ID != eventID(next) {
			t.Fatalf("event %d is %v", next, e.Position)
		}
		if next++; next > events {
			break
		}
	}
	if len(h.requests) < 10 {
		t.Errorf("the stream was cut %d times", len(h.requests))
	}
	if h.requests[0] != "Bearer tot_x /v1/self" || h.requests[1] != "Bearer tot_x "+eventsPath+"?after=earliest" {
		t.Errorf("it began with %v", h.requests[:2])
	}
}

// Where a stream begins, and its filters, are in each request.
func TestEventsQuery(t *testing.T) {
	h := serveHistory(t, 5)
	for e, err := range h.client(t, Organization(organization)).Events(t.Context(), After(Position{0, 3}), Types("muster.member.*", "muster.user.profile_set"), Workspace("w"), User("u")) {
		if err != nil || e.Position.Number < 4 {
			t.Fatalf("%v, %v", e.Position, err)
		}
		if e.Position.Number == 5 {
			break
		}
	}
	for i, request := range h.requests {
		query := "&type=muster.member.%2A&type=muster.user.profile_set&user_id=u&workspace_id=w"
		if !strings.HasPrefix(request, "Bearer tot_x "+eventsPath+"?after=0-") || !strings.HasSuffix(request, query) {
			t.Errorf("request %d is %s", i, request)
		}
	}
}

// A stream from the end of history on begins there, even if the first connections bring
// nothing and the end has moved meanwhile.
func TestEventsLatest(t *testing.T) {
	h := serveHistory(t, 17)
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	served := h.Config.Handler
	cuts := 0
	h.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if cuts++; cuts == 3 || cuts == 4 {
			h.events++
			w.Header().Set("Content-Type", "text/event-stream")
			fmt.Fprint(w, "retry: 1\n\n")
			return
		}
		served.ServeHTTP(w, r)
	})
	var got []uint64
	enough := errors.New("enough")
	for e, err := range h.client(t).Events(ctx, Latest) {
		if err != nil {
			if !errors.Is(err, enough) {
				t.Error(err)
			}
			break
		}
		if got = append(got, e.Position.Number); len(got) == 2 {
			cancel(enough)
		}
	}
	if !slices.Equal(got, []uint64{18, 19}) {
		t.Errorf("events %v", got)
	}
}

// What a service that repeats itself sends twice is seen once.
func TestEventsRepeated(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for _, number := range []int{5, 5, 4, 6} {
			fmt.Fprintf(w, "data: %s\n\n", eventText(number))
		}
	}))
	defer server.Close()
	defer http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	var got []uint64
	for e, err := range New(server.URL, "t", Organization("o")).Events(t.Context(), Earliest) {
		if err != nil {
			t.Fatal(err)
		}
		if got = append(got, e.Position.Number); e.Position.Number == 6 {
			break
		}
	}
	if !slices.Equal(got, []uint64{5, 6}) {
		t.Errorf("events %v", got)
	}
}

// Errors that another try does not change end the stream, each with one pair.
func TestEventsRefused(t *testing.T) {
	problem := func(status int, code string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(status)
			fmt.Fprintf(w, `{"status":%d,"code":%q,"detail":"no","errors":[{"pointer":"query.after","detail":"bad"}]}`, status, code)
		}
	}
	text := func(kind, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			_, _ = io.WriteString(w, body)
		}
	}
	for _, c := range []struct {
		handler http.HandlerFunc
		want    string
	}{
		{problem(401, "invalid_token"), "the service answered 401 invalid_token: no; query.after: bad"},
		{problem(403, "insufficient_scope"), "the service answered 403 insufficient_scope: no; query.after: bad"},
		{problem(404, "not_found"), "the service answered 404 not_found: no; query.after: bad"},
		{problem(422, "unknown_position"), "the service answered 422 unknown_position: no; query.after: bad"},
		{http.NotFound, "the service answered 404 Not Found"},
		{text("text/html", "<html>"), `is not Muster: its events are "text/html" and not a stream`},
		{text("text/event-stream", "id: 0-1\ndata: {}\n\n"), `event "0-1" of the stream cannot be read`},
	} {
		server := httptest.NewServer(c.handler)
		pairs := 0
		for e, err := range New(server.URL, "t", Organization("o")).Events(t.Context(), Earliest) {
			if pairs++; err == nil || !strings.Contains(err.Error(), c.want) || e.ID != "" {
				t.Errorf("%v, %v, not %s", e, err, c.want)
			}
			if p := (*Problem)(nil); strings.Contains(c.want, " 4") && (!errors.As(err, &p) || p.Status < 400) {
				t.Errorf("%v is not a problem", err)
			}
		}
		if pairs != 1 {
			t.Errorf("%s: %d pairs", c.want, pairs)
		}
		server.Close()
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}

// A client that was made wrong says so.
func TestEventsOfWrongClient(t *testing.T) {
	for want, c := range map[string]*Client{
		`"muster.example" is not the address of a service`: New("muster.example", "t"),
		"the token is empty": New("http://127.0.0.1:1", ""),
		"a silence of 0s":    New("http://127.0.0.1:1", "t", Silence(0)),
	} {
		for _, err := range c.Events(t.Context(), Earliest) {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v, not %s", err, want)
			}
		}
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"organization_id":null}`)
	}))
	defer server.Close()
	defer http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	for _, err := range New(server.URL, "root").Events(t.Context(), Earliest) {
		if err == nil || !strings.Contains(err.Error(), "the token belongs to no organization") {
			t.Error(err)
		}
	}
}
