package subscriber

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

const (
	firstWait = time.Second      // unless the stream says another with retry:
	mostWait  = 30 * time.Second // unless the service asks for more
	// mostRequested bounds what a service, or a proxy in front of it, can ask for.
	mostRequested = time.Hour
)

// final is an error that another try does not change.
type final struct{ error }

// Unwrap returns the error itself.
func (f final) Unwrap() error { return f.error }

// later is an error that may pass after a wait that the service asks for.
type later struct {
	error
	wait time.Duration
}

// Unwrap returns the error itself.
func (l later) Unwrap() error { return l.error }

// refused returns the error of a response that is not a success.
func refused(response *http.Response) error {
	p := readProblem(response)
	if !p.passing() {
		return final{p}
	}
	return later{p, retryAfter(response.Header.Get("Retry-After"), time.Now())}
}

// retryAfter returns the wait that a header Retry-After asks for (RFC 9110, section
// 10.2.3): a number of seconds, or a date. It is 0 if there is none.
func retryAfter(text string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, mostRequested)
	}
	if at, err := http.ParseTime(text); err == nil {
		return min(max(at.Sub(now), 0), mostRequested)
	}
	return 0
}

// pace decides how long to wait before the next connection.
type pace struct {
	first    time.Duration // 0: the default
	failures int           // in a row
}

// next returns the wait after the error. It doubles with each failure. Half of it is
// random, so that the subscribers of a service that comes back do not all come at once.
func (p *pace) next(err error) time.Duration {
	wait := p.first
	if wait == 0 {
		wait = firstWait
	}
	for range p.failures {
		if wait *= 2; wait >= mostWait {
			wait = mostWait
			break
		}
	}
	p.failures++
	wait = wait/2 + rand.N(wait/2+1)
	if l := (later{}); errors.As(err, &l) && l.wait > 0 {
		// The service has said when. Nobody comes sooner, and not all at the same moment.
		return l.wait + rand.N(l.wait/10+1)
	}
	return wait
}

// sleep waits, and returns the context's error if that ends first.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}
