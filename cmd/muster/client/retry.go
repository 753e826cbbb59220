package client

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"
)

const (
	mostRetries = 5
	longestWait = time.Minute
)

// withWait returns the error of a response, with the wait that the response names in
// Retry-After.
func withWait(err error, headers http.Header) error {
	seconds, wrong := strconv.ParseUint(headers.Get("Retry-After"), 10, 32)
	if p, ok := errors.AsType[*Problem](err); ok && wrong == nil {
		wait := time.Duration(seconds) * time.Second
		p.again = &wait
	}
	return err
}

// mayRetry reports whether the service has done nothing and says when to try again.
func (p *Problem) mayRetry() bool {
	return p.again != nil && *p.again <= longestWait && p.Code != "outcome_unknown" &&
		(p.Status == http.StatusTooManyRequests || p.Status == http.StatusServiceUnavailable)
}

// Retrying calls send until the service has time for the request, a few times at most. It
// waits as long as the service says, and returns the last error.
func Retrying(ctx context.Context, send func() error) error {
	for try := 0; ; try++ {
		err := send()
		p, refused := errors.AsType[*Problem](err)
		if !refused || !p.mayRetry() || try == mostRetries {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(*p.again):
		}
	}
}
