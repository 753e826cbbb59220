package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/tmaxmax/go-sse"
)

// Following is a stream of events to follow, and what to do as it goes on. No two of the
// functions run at the same time.
type Following struct {
	Path string // of the organization's events
	// Query holds the filters and where to begin. It must name a position or a time, or
	// earliest: with latest, events would be missed if the connection broke before the
	// first one.
	Query url.Values
	// Event is called for each event with its CloudEvent, byte for byte as received. An error
	// ends the stream.
	Event func(event string) error
	// Idle is called when all that has been received was passed to Event, before the stream
	// waits for more. An error ends the stream.
	Idle func() error
	// Lost is called with the reason when the connection is lost, or cannot be made.
	Lost func(why string)
	// Again is called when there is a connection again.
	Again func()
}

const (
	// silence is after how long a connection on which nothing arrives is given up. The
	// service sends something every 15 seconds.
	silence = 45 * time.Second
	// firstWait and lastWait are how long the client waits before it connects again, at
	// first and at most. The service can ask for another first wait.
	firstWait = 500 * time.Millisecond
	lastWait  = 30 * time.Second
)

// Follow follows a stream of server-sent events
// (https://html.spec.whatwg.org/multipage/server-sent-events.html) until the context ends,
// a function of f returns an error, or the service refuses the request. In each case it
// returns the error; a refusal is a [*Problem]. When the connection is lost it connects
// again and goes on after the last event, without loss or repetition.
func (c *Client) Follow(ctx context.Context, f *Following) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	request, err := c.request(ctx, http.MethodGet, f.Path+"?"+f.Query.Encode(), nil)
	if err != nil {
		return err
	}
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.ResponseHeaderTimeout = callTimeout
	defer base.CloseIdleConnections()
	lost := false
	stream := sse.Client{
		HTTPClient: &http.Client{Transport: &patientTransport{base: base, idle: f.Idle, end: end}},
		Backoff:    sse.Backoff{InitialInterval: firstWait, Multiplier: 2, MaxInterval: lastWait, Jitter: 0.5},
		OnRetry: func(err error, _ time.Duration) {
			if !lost && ctx.Err() == nil {
				lost = true
				f.Lost(c.whyLost(err))
			}
		},
		ResponseValidator: func(r *http.Response) error {
			if err := c.checkStream(r); err != nil {
				return err
			}
			if lost {
				lost = false
				f.Again()
			}
			return nil
		},
	}
	connection := stream.NewConnection(request)
	connection.Buffer(nil, maxBody)
	connection.SubscribeToAll(func(e sse.Event) {
		// A field retry alone comes as an event without data. Events that were received before
		// the stream ended are left.
		if e.Data == "" || ctx.Err() != nil {
			return
		}
		if err := f.Event(e.Data); err != nil {
			end(err)
		}
	})
	err = connection.Connect()
	if ended := context.Cause(ctx); ended != nil {
		return ended
	}
	if refused, ok := errors.AsType[*sse.ConnectionError](err); ok {
		return refused.Err
	}
	return err
}

// checkStream returns an error if the response is not a stream of events.
func (c *Client) checkStream(r *http.Response) error {
	if r.StatusCode >= http.StatusBadRequest {
		return readRefusal(r)
	}
	if r.StatusCode != http.StatusOK || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/event-stream") {
		return fmt.Errorf("the service at %s is not Muster (--url)", c.URL)
	}
	return nil
}

// readRefusal returns the error that a response with an error status describes.
func readRefusal(r *http.Response) error {
	text, err := io.ReadAll(io.LimitReader(r.Body, maxBody))
	if err != nil {
		text = nil // the status remains
	}
	return withWait(ReadProblem(r.Status, text), r.Header)
}

// whyLost returns what a person needs to know of a connection that was lost.
func (c *Client) whyLost(err error) string {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p.Error()
	}
	if failed, ok := errors.AsType[*sse.ConnectionError](err); ok {
		err = failed.Err
	}
	if errors.Is(err, errSilent) {
		return fmt.Sprintf("nothing came from the service at %s for %d s", c.URL, silence/time.Second)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, sse.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) {
		return fmt.Sprintf("the service at %s closed it", c.URL)
	}
	return c.whyNoResponse(err)
}

// errSilent ends a connection on which nothing arrives.
var errSilent = errors.New("nothing arrives")

// patientTransport sends the requests of one stream. It makes an error of a response that
// says that the service has no time now, so that the stream tries again, but not before the
// service said so.
type patientTransport struct {
	base      http.RoundTripper
	idle      func() error
	end       func(error)
	notBefore time.Time // when the next request may be sent
}

// RoundTrip implements [http.RoundTripper].
func (t *patientTransport) RoundTrip(request *http.Request) (*http.Response, error) {
	select {
	case <-request.Context().Done():
		return nil, request.Context().Err()
	case <-time.After(time.Until(t.notBefore)):
	}
	response, err := t.base.RoundTrip(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusTooManyRequests && response.StatusCode < http.StatusInternalServerError {
		response.Body = &watchedBody{ReadCloser: response.Body, idle: t.idle, end: t.end}
		return response, nil
	}
	defer func() { _ = response.Body.Close() }()
	err = readRefusal(response)
	if p, ok := errors.AsType[*Problem](err); ok && p.again != nil {
		t.notBefore = time.Now().Add(min(*p.again, longestWait))
	}
	return nil, err
}

// watchedBody is the body of a stream. Whoever parses it reads only when it has handled all
// that it has read before.
type watchedBody struct {
	io.ReadCloser
	idle func() error
	end  func(error)
}

// Read reads what comes next, and gives up when nothing does for long.
func (b *watchedBody) Read(p []byte) (int, error) {
	if err := b.idle(); err != nil {
		b.end(err)
		return 0, err
	}
	watch := time.AfterFunc(silence, func() { _ = b.Close() })
	n, err := b.ReadCloser.Read(p)
	if !watch.Stop() && err != nil {
		err = errSilent
	}
	return n, err
}
