package native

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/muster-dev/muster/events/feed"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/transport"
)

const (
	// heartbeat is how often a stream without events sends a comment. It keeps the
	// connection open and shows whether the client is still there.
	heartbeat = 15 * time.Second
	// defaultSlowness is how long a write to a reader may take.
	defaultSlowness = 10 * time.Second
	// streamPage is the largest number of events that are read at once.
	streamPage = 200
	// streamBuffer is about how many bytes are written at once. A stream keeps a buffer of
	// that size, so it is small: there may be many streams.
	streamBuffer = 16 << 10
)

// streams counts and logs the open event streams.
type streams struct {
	open     prometheus.Gauge
	slow     prometheus.Counter
	slowness time.Duration // see defaultSlowness
	logger   *slog.Logger
}

func newStreams(o Options) (*streams, error) {
	s := &streams{
		open: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "muster_http_event_streams", Help: "Event streams (SSE) that are open.",
		}),
		slow: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "muster_http_event_streams_slow_total", Help: "Event streams ended because their reader was too slow.",
		}),
		slowness: o.Slowness, logger: o.Logger,
	}
	if s.slowness == 0 {
		s.slowness = defaultSlowness
	}
	if s.logger == nil {
		s.logger = slog.Default()
	}
	if o.Metrics == nil {
		return s, nil
	}
	if err := errors.Join(o.Metrics.Register(s.open), o.Metrics.Register(s.slow)); err != nil {
		return nil, fmt.Errorf("registering the metrics of event streams: %w", err)
	}
	return s, nil
}

// stream sends the organization's events after the number as server-sent events. It ends
// when the client leaves or is too slow, when the token loses its rights, or when the
// service stops. An event is three lines and an empty one:
//
//	id: 3-1042
//	event: muster.member.added
//	data: {"specversion":"1.0", …}
//
// Ids are positions, so a client that comes back with Last-Event-ID misses nothing and
// gets nothing twice. If the events are not named, the line event is left out.
func (s *streams) stream(c *transport.Call, f feed.Filter, after uint64, named bool) {
	c.SetHeader("Content-Type", "text/event-stream")
	c.SetHeader("X-Accel-Buffering", "no") // keeps proxies that know this header from holding events back
	c.SetStatus(http.StatusOK)
	if c.Request().Method == http.MethodHead {
		return
	}
	s.open.Inc()
	defer s.open.Dec()

	w := c.ResponseWriter()
	out := &eventStream{w: w, control: http.NewResponseController(w), slowness: s.slowness, partition: c.Log().Partition(f.Organization), named: named}
	out.buffer = append(out.buffer, ": muster\n\n"...)
	err := out.send()
	for err == nil {
		after, err = out.follow(c, f, after)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		s.slow.Inc()
	}
	s.logger.LogAttrs(c, slog.LevelDebug, "an event stream ended",
		slog.String("request_id", c.RequestID()), slog.String("cause", err.Error()))
}

// eventStream writes server-sent events to one reader.
type eventStream struct {
	w         http.ResponseWriter
	control   *http.ResponseController
	slowness  time.Duration
	partition int
	named     bool // events have the line event
	buffer    []byte
	sent      time.Time // when something was sent last
}

// follow sends a page of the events after the number, and returns the number to go on
// after. If there are no events it waits for one, until the next heartbeat is due.
func (s *eventStream) follow(c *transport.Call, f feed.Filter, after uint64) (next uint64, err error) {
	if c.Stopping() {
		return after, context.Canceled
	}
	found, next, err := c.Log().Events(c, f, after, streamPage)
	if err != nil {
		return after, err
	}
	// Reading may have taken a while. The stream also ends when the token expires or is
	// revoked, and when its user is suspended.
	if err := c.Reauthorize(); err != nil {
		return after, err
	}
	if len(found) > 0 {
		return next, s.sendAll(found)
	}
	if next > after { // there were events, but none that pass the filter
		if time.Since(s.sent) < heartbeat {
			return next, nil
		}
		return next, s.beat()
	}
	ctx, cancel := c.WhileServing(heartbeat)
	defer cancel()
	if err := c.Log().Wait(ctx, s.partition, next); err == nil {
		return next, nil
	}
	if c.Err() != nil {
		return next, errGone
	}
	return next, s.beat()
}

// beat sends a comment.
func (s *eventStream) beat() error {
	s.buffer = append(s.buffer, ":\n\n"...)
	return s.send()
}

// sendAll writes the events.
func (s *eventStream) sendAll(found []feed.Event) error {
	for i := range found {
		s.add(&found[i])
		if len(s.buffer) < streamBuffer {
			continue
		}
		if err := s.send(); err != nil {
			return err
		}
	}
	if len(s.buffer) == 0 {
		return nil
	}
	return s.send()
}

func (s *eventStream) add(e *feed.Event) {
	s.buffer = append(s.buffer, "id: "...)
	s.buffer = append(s.buffer, wire.Position{Partition: s.partition, Number: e.Number}.String()...)
	if s.named {
		s.buffer = append(s.buffer, "\nevent: "...)
		s.buffer = append(s.buffer, e.Type...)
	}
	s.buffer = append(s.buffer, "\ndata: "...)
	s.buffer = append(s.buffer, e.Shown...) // JSON on a single line
	s.buffer = append(s.buffer, "\n\n"...)
}

// send writes the buffer. It fails if the reader does not take it in time.
func (s *eventStream) send() error {
	if err := s.control.SetWriteDeadline(time.Now().Add(s.slowness)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := s.w.Write(s.buffer); err != nil {
		return err
	}
	s.sent = time.Now()
	if s.buffer = s.buffer[:0]; cap(s.buffer) > 4*streamBuffer { // there was a large event
		s.buffer = nil
	}
	return s.control.Flush()
}
