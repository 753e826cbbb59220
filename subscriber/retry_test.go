package subscriber

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// answers is a service in the same bubble of time. Each request takes the next response, and
// the last one stays.
type answers struct {
	all []answer
	at  []time.Duration // of the requests
	t0  time.Time
}

type answer func(context.Context) (*http.Response, error)

func (a *answers) RoundTrip(r *http.Request) (*http.Response, error) {
	a.at = append(a.at, time.Since(a.t0))
	return a.all[min(len(a.at), len(a.all))-1](r.Context())
}

func status(code int, retryAfter string) answer {
	return func(context.Context) (*http.Response, error) {
		return &http.Response{StatusCode: code, Header: http.Header{"Retry-After": {retryAfter}}, Body: http.NoBody}, nil
	}
}

func refusedConnection(context.Context) (*http.Response, error) {
	return nil, errors.New("connection refused")
}

// speaking responds with a stream of the text, which then is silent.
func speaking(text string) answer {
	return func(ctx context.Context) (*http.Response, error) {
		return &http.Response{
			StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"text/event-stream"}},
			Body: io.NopCloser(io.MultiReader(strings.NewReader(text), silent{ctx})),
		}, nil
	}
}

// silent is a connection that brings nothing.
type silent struct{ ctx context.Context }

func (s silent) Read([]byte) (int, error) {
	<-s.ctx.Done()
	return 0, s.ctx.Err()
}

// until follows the service until there was a number of requests or an event, and returns
// when the requests were.
func until(t *testing.T, requests int, all ...answer) []time.Duration {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	service := &answers{all: all, t0: time.Now()}
	last := service.all[len(service.all)-1]
	service.all[len(service.all)-1] = func(ctx context.Context) (*http.Response, error) {
		if len(service.at) == requests {
			cancel()
		}
		return last(ctx)
	}
	for e, err := range New("http://muster", "t", Organization("o"), HTTPClient(&http.Client{Transport: service})).Events(ctx, Earliest) {
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Fatalf("%v, %v", e, err)
		}
	}
	return service.at
}

// A connection that brings nothing is given up after 45 s. One with heartbeats is not.
func TestSilence(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := until(t, 2, speaking(""), speaking(""))
		if wait := at[1] - 45*time.Second; wait < firstWait/2 || wait > firstWait {
			t.Errorf("a silent connection was made again at %v", at)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		beating := func(ctx context.Context) (*http.Response, error) {
			r, w := io.Pipe()
			go func() {
				for range 20 {
					time.Sleep(15 * time.Second)
					_, _ = io.WriteString(w, ":\n\n")
				}
				_ = w.Close()
			}()
			response, err := speaking("")(ctx)
			response.Body = r
			return response, err
		}
		at := until(t, 2, beating, speaking(""))
		if at[1] < 300*time.Second || at[1] > 301*time.Second {
			t.Errorf("a connection with heartbeats for 300 s was made again at %v", at)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		hanging := func(ctx context.Context) (*http.Response, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		at := until(t, 2, hanging, speaking(""))
		if at[1] < 45*time.Second || at[1] > 46*time.Second {
			t.Errorf("a request without a response was sent again at %v", at)
		}
	})
}

// The time in which an event is handled is no silence.
func TestSlowLoop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		service := &answers{all: []answer{speaking("data: " + eventText(1) + "\n\ndata: " + eventText(2) + "\n\n")}, t0: time.Now()}
		for e, err := range New("http://muster", "t", Organization("o"), HTTPClient(&http.Client{Transport: service})).Events(t.Context(), Earliest) {
			if err != nil {
				t.Fatal(err)
			}
			if e.Position.Number == 2 {
				break
			}
			time.Sleep(time.Hour)
		}
		if len(service.at) != 1 {
			t.Errorf("requests at %v", service.at)
		}
	})
}

// The wait doubles up to half a minute, and half of it is random.
func TestBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		at := until(t, 10, refusedConnection)
		for i, want := range []time.Duration{1, 2, 4, 8, 16, 30, 30, 30, 30} {
			want *= time.Second
			if got := at[i+1] - at[i]; got < want/2 || got > want {
				t.Errorf("wait %d was %v, not %v", i, got, want)
			}
		}
	})
	synctest.Test(t, func(t *testing.T) { // a connection that works begins anew, with what the stream says
		at := until(t, 6, refusedConnection, refusedConnection, refusedConnection, refusedConnection, speaking("retry: 3000\n\n"), refusedConnection)
		if got := at[5] - at[4] - 45*time.Second; got < 1500*time.Millisecond || got > 3*time.Second {
			t.Errorf("the wait was %v", got)
		}
	})
}

// The service decides when to come back.
func TestRetryAfter(t *testing.T) {
	for code, c := range map[int]struct {
		text string
		want time.Duration
	}{
		429: {"120", 120 * time.Second}, 503: {"Sat, 01 Jan 2000 00:01:40 GMT", 100 * time.Second}, 502: {"86400", time.Hour},
	} {
		synctest.Test(t, func(t *testing.T) { // where it is midnight of that day
			at := until(t, 2, status(code, c.text), speaking(""))
			if at[1] < c.want || at[1] > c.want*11/10 {
				t.Errorf("%d with Retry-After %s: again after %v", code, c.text, at[1])
			}
		})
	}
	for _, text := range []string{"", "soon", "-5", "0", "Sat, 01 Jan 1999 00:00:00 GMT"} {
		if got := retryAfter(text, time.Now()); got != 0 {
			t.Errorf("Retry-After %s: %v", text, got)
		}
	}
}

// The end of the context ends every wait, and its cause is the error.
func TestCancelled(t *testing.T) {
	for name, all := range map[string]answer{"waiting": refusedConnection, "reading": speaking(""), "asked to wait": status(503, "3600")} {
		synctest.Test(t, func(t *testing.T) {
			why := fmt.Errorf("enough of %s", name)
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(100*time.Millisecond, func() { cancel(why) })
			pairs, t0 := 0, time.Now()
			for _, err := range New("http://muster", "t", Organization("o"), HTTPClient(&http.Client{Transport: &answers{all: []answer{all}}})).Events(ctx, Earliest) {
				if pairs++; !errors.Is(err, why) {
					t.Errorf("%s: %v", name, err)
				}
			}
			if pairs != 1 || time.Since(t0) != 100*time.Millisecond {
				t.Errorf("%s: %d pairs after %v", name, pairs, time.Since(t0))
			}
		})
	}
}
