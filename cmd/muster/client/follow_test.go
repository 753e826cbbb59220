package client

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// follows follows a stream until that event, and returns the events and what was said.
func follows(t *testing.T, c *Client, last string) (said []string, err error) {
	t.Helper()
	end := errors.New("the end")
	err = c.Follow(t.Context(), &Following{
		Path: "/events", Query: url.Values{"after": {"0-1"}},
		Event: func(event string) error {
			if said = append(said, event); event == last {
				return end
			}
			return nil
		},
		Idle:  func() error { return nil },
		Lost:  func(why string) { said = append(said, "lost: "+why) },
		Again: func() { said = append(said, "again") },
	})
	if errors.Is(err, end) {
		err = nil
	}
	return said, err
}

// A stream goes on after the last event when its connection breaks, in the middle of an event
// or while the service has no time. What comes after the end is left.
func TestFollow(t *testing.T) {
	asked := 0
	c := serving(t, func(w http.ResponseWriter, r *http.Request) {
		asked++
		last := "0-2"
		if asked == 1 {
			last = ""
		}
		if got := r.Header.Get("Last-Event-ID"); got != last || r.URL.Query().Get("after") != "0-1" || r.Header.Get("Authorization") != "Bearer a token" {
			t.Errorf("request %d has Last-Event-ID %q and the URL %s", asked, got, r.URL)
		}
		switch asked {
		case 2, 3:
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprint(w, `{"status":503,"code":"not_ready","detail":"starting"}`)
		case 4:
			w.WriteHeader(http.StatusBadGateway)
		default:
			w.Header().Set("Content-Type", "text/event-stream")
			if fmt.Fprint(w, ": muster\nretry: 10\n\n:\n\n"); asked == 1 {
				fmt.Fprint(w, "id: 0-2\nevent: a\ndata: {\"a\":2}\n\nid: 0-3\ndata: {")
				return
			}
			fmt.Fprint(w, "id: 0-3\nevent: b\ndata: {\"a\":3}\n\nid: 0-4\ndata: {\"a\":4}\n\n")
		}
	})
	said, err := follows(t, c, `{"a":3}`)
	want := []string{`{"a":2}`, "lost: the service at " + c.URL + " closed it", "again", `{"a":3}`}
	if err != nil || !slices.Equal(said, want) {
		t.Errorf("%v: %q, not %q", err, said, want)
	}
}

// A stream ends when the service refuses the request, or is not Muster.
func TestFollowRefused(t *testing.T) {
	for _, status := range []int{200, 204, 400, 401, 403, 404, 422} {
		asked := 0
		c := serving(t, func(w http.ResponseWriter, _ *http.Request) {
			asked++
			w.WriteHeader(status)
			if status != http.StatusNoContent {
				fmt.Fprintf(w, `{"status":%d,"code":"refused","detail":"no"}`, status)
			}
		})
		said, err := follows(t, c, "")
		want := "refused: no"
		if status < 300 {
			want = "the service at " + c.URL + " is not Muster (--url)"
		}
		if err == nil || err.Error() != want || said != nil || asked != 1 {
			t.Errorf("%d: %v, %q, after %d requests", status, err, said, asked)
		}
	}
}

// silentBody has something to read at first, and then nothing until it is closed.
type silentBody struct {
	io.Reader
	closed chan struct{}
}

func (b silentBody) Read(p []byte) (int, error) {
	if n, err := b.Reader.Read(p); err == nil {
		return n, nil
	}
	<-b.closed
	return 0, errors.New("closed")
}

func (b silentBody) Close() error {
	close(b.closed)
	return nil
}

// A connection on which nothing arrives is given up, but not one with a heartbeat.
func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		idle := 0
		b := watchedBody{
			ReadCloser: silentBody{strings.NewReader(":"), make(chan struct{})},
			idle:       func() error { idle++; return nil },
			end:        func(error) {},
		}
		begin := time.Now()
		if n, err := b.Read(make([]byte, 10)); n != 1 || err != nil {
			t.Error(n, err)
		}
		if _, err := b.Read(make([]byte, 10)); !errors.Is(err, errSilent) || time.Since(begin) != silence || idle != 2 {
			t.Errorf("%v after %s", err, time.Since(begin))
		}
	})
}
