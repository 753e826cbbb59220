package subscriber

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"time"
)

// errStopped ends a stream whose loop was left.
var errStopped = errors.New("the loop was left")

// Events returns the organization's events from a point in history on, in their order. At
// the end of history it waits for the next event, for as long as ctx lasts.
//
// A connection that breaks, or brings nothing for a while (see [Silence]), is made again
// after a wait, and the events go on after the last one: none is lost, and none comes twice.
// The same holds while the service cannot be reached, or refuses with 429 or a status from
// 500 on. Header Retry-After is honoured, up to an hour.
//
// The sequence never ends by itself. Its last pair has an error and no event: the cause of
// ctx, or an error that another try does not change, mostly a [*Problem]. Codes to expect
// are invalid_token (401: the token is unknown, revoked or expired), insufficient_scope
// (403), not_found (404: no such organization for this token) and unknown_position (422:
// the log was restored from a backup and ends before the position, so that what this
// position meant has to be found out by a person).
//
// The next event is only read once the body of the loop is through with the last one. If it
// takes long the service ends the connection, which is then made again.
func (c *Client) Events(ctx context.Context, from From, filters ...Filter) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		s := &stream{client: c, after: from.after, query: url.Values{}}
		for _, filter := range filters {
			filter(s.query)
		}
		if s.after == "" {
			s.after = Earliest.after
		}
		if err := s.run(ctx, yield); !errors.Is(err, errStopped) {
			yield(Event{}, err)
		}
	}
}

// stream is the state of one sequence of events. It outlives connections.
type stream struct {
	client *Client
	path   string // of the organization's events; empty until known
	query  url.Values
	after  string // where the next connection begins
	last   Position
	pace   pace
}

// run connects again and again, until an error is final.
func (s *stream) run(ctx context.Context, yield func(Event, error) bool) error {
	if err := s.client.check(); err != nil {
		return err
	}
	for {
		err := s.follow(ctx, yield)
		if f := (final{}); errors.As(err, &f) {
			return f.error
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		wait := s.pace.next(err)
		s.client.logger.LogAttrs(ctx, slog.LevelWarn, "the stream of events broke",
			slog.String("cause", err.Error()), slog.String("after", s.after), slog.Duration("again_in", wait))
		if err := sleep(ctx, wait); err != nil {
			return err
		}
	}
}

// begin finds out what has to be known before the first connection.
func (s *stream) begin(ctx context.Context) (err error) {
	if s.path == "" {
		if s.path, err = s.client.path(ctx); err != nil {
			return err
		}
	}
	if s.after == Latest.after {
		// Should the connection break before the first event, it must not begin later.
		s.after, err = s.client.end(ctx, s.path)
	}
	return err
}

// follow makes a connection and hands its events on until it ends, which is always with an
// error.
func (s *stream) follow(ctx context.Context, yield func(Event, error) bool) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s.query.Set("after", s.after)
	request, err := s.client.request(ctx, s.path+"?"+s.query.Encode(), "text/event-stream")
	if err != nil {
		return final{err}
	}
	request.Header.Set("Cache-Control", "no-cache")
	watch := newWatch(s.client.silence, cancel)
	defer watch.stop()
	response, err := s.client.http.Do(request)
	watch.stop()
	if err != nil {
		return because(ctx, err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return refused(response)
	}
	if kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type")); kind != "text/event-stream" {
		return final{fmt.Errorf("the service at %s is not Muster: its events are %q and not a stream", s.client.url, kind)}
	}
	return because(ctx, s.read(watch.over(response.Body), yield))
}

// read hands on the events of a connection until it ends.
func (s *stream) read(body io.Reader, yield func(Event, error) bool) error {
	lines := newMessages(body)
	for {
		m, err := lines.next()
		if lines.retry > 0 {
			s.pace.first = lines.retry
		}
		if lines.alive {
			s.pace.failures = 0
		}
		if err != nil {
			return err
		}
		var e Event
		if err := json.Unmarshal(m.data, &e); err != nil {
			return final{fmt.Errorf("event %.100q of the stream cannot be read: %w", m.id, err)}
		}
		if !s.last.IsZero() && e.Position.Compare(s.last) <= 0 {
			continue // cannot be, and must not be handled twice
		}
		s.last, s.after = e.Position, e.Position.String()
		if !yield(e, nil) {
			return final{errStopped}
		}
	}
}

// because returns the cause of the context's end if it has ended, and else the error.
func because(ctx context.Context, err error) error {
	if f := (final{}); ctx.Err() == nil || errors.As(err, &f) {
		return err
	}
	return context.Cause(ctx)
}

// watch ends a connection that brings nothing. It only counts the time in which somebody
// waits for the connection, and not that in which events are handled.
type watch struct {
	timer   *time.Timer
	silence time.Duration
	body    io.Reader
}

// newWatch returns a watch that counts from now on.
func newWatch(silence time.Duration, cancel context.CancelCauseFunc) *watch {
	return &watch{silence: silence, timer: time.AfterFunc(silence, func() {
		cancel(fmt.Errorf("the connection has brought nothing for %v", silence))
	})}
}

func (w *watch) stop() { w.timer.Stop() }

// over returns the watch as a reader of the body.
func (w *watch) over(body io.Reader) io.Reader {
	w.body = body
	return w
}

// Read reads from the body.
func (w *watch) Read(p []byte) (int, error) {
	w.timer.Reset(w.silence)
	defer w.timer.Stop()
	return w.body.Read(p)
}
