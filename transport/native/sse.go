package native

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"sync"
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
	// soonest and latest bound how long a client is told to wait before it connects again.
	soonest, latest = time.Second, 5 * time.Second
	// streamBuffer is about how many bytes are written at once.
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
	out.show = func(e feed.Event) ([]byte, error) { return c.Log().Show(c, e) }
	var stop func()
	out.wake, stop = c.Log().Watch(f.Organization)
	defer stop()
	out.timer = time.NewTimer(heartbeat)
	defer out.timer.Stop()
	err := out.open()
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
	show      func(feed.Event) ([]byte, error)
	wake      <-chan struct{}
	timer     *time.Timer // ends a wait for events
	sent      time.Time   // when something was sent last
}

// open sends the beginning of the stream.
func (s *eventStream) open() error {
	return s.send(fmt.Appendf(nil, ": muster\nretry: %d\n\n", retryAfter().Milliseconds()))
}

// retryAfter returns how long a client is to wait before it connects again after the
// connection has broken. It is another time for each client, so that all followers of a
// node that starts again do not come back at the same moment.
func retryAfter() time.Duration {
	return soonest + rand.N(latest-soonest) //nolint:gosec // it need not be a secret
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
	// revoked, and when its user is suspended. Both are events of the organization, whatever
	// the filter selects, so nobody waits when they come.
	if err := c.Reauthorize(); err != nil {
		return after, err
	}
	if len(found) > 0 {
		return next, s.sendAll(found)
	}
	if next > after { // there were events, but none that pass the filter
		return next, s.beat()
	}
	return next, s.wait(c)
}

// wait returns nil when something has happened in the organization, when a heartbeat has
// been sent, and when the token has expired.
func (s *eventStream) wait(c *transport.Call) error {
	due := heartbeat - time.Since(s.sent)
	if ends := c.Bearer().Ends(); !ends.IsZero() {
		due = min(due, ends.Sub(c.Now()))
	}
	s.timer.Reset(due)
	select {
	case <-s.wake:
		return nil
	case <-s.timer.C:
		return s.beat()
	case <-c.Draining():
		return context.Canceled
	case <-c.Done():
		return errGone
	}
}

// beat sends a comment if one is due.
func (s *eventStream) beat() error {
	if time.Since(s.sent) < heartbeat {
		return nil
	}
	return s.send([]byte(":\n\n"))
}

// buffers are for what is about to be written. Streams share them, because most of the time
// a stream has nothing to write.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// sendAll writes the events.
func (s *eventStream) sendAll(found []feed.Event) error {
	buffer := buffers.Get().(*[]byte) //nolint:errcheck,forcetypeassert // there is nothing else in it
	defer func() {
		if *buffer = (*buffer)[:0]; cap(*buffer) <= 4*streamBuffer { // there was no large event
			buffers.Put(buffer)
		}
	}()
	for i := range found {
		shown, err := s.show(found[i])
		if err != nil {
			return err
		}
		*buffer = s.appendEvent(*buffer, &found[i], shown)
		if len(*buffer) < streamBuffer && i < len(found)-1 {
			continue
		}
		if err := s.send(*buffer); err != nil {
			return err
		}
		*buffer = (*buffer)[:0]
	}
	return nil
}

func (s *eventStream) appendEvent(b []byte, e *feed.Event, shown []byte) []byte {
	b = append(b, "id: "...)
	b = append(b, wire.Position{Partition: s.partition, Number: e.Number}.String()...)
	if s.named {
		b = append(b, "\nevent: "...)
		b = append(b, e.Type...)
	}
	b = append(b, "\ndata: "...)
	b = append(b, shown...) // JSON on a single line
	return append(b, "\n\n"...)
}

// send writes the text. It fails if the reader does not take it in time.
func (s *eventStream) send(text []byte) error {
	if err := s.control.SetWriteDeadline(time.Now().Add(s.slowness)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := s.w.Write(text); err != nil {
		return err
	}
	s.sent = time.Now()
	return s.control.Flush()
}
