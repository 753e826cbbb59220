package transport

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/muster-dev/muster/events"
)

const (
	// heartbeat is how often a stream with nothing to say says that.
	heartbeat = 15 * time.Second
	// defaultSlowness is how long a reader may take to take what is sent.
	defaultSlowness = 10 * time.Second
	// streamPage is how many events are sent at once.
	streamPage = 200
)

// stream sends the organization's events after the number as server-sent events,
// until the client leaves, is too slow, loses its token, or the service stops. An
// event is three lines and an empty one:
//
//	id: 3-1042
//	event: muster.member.added
//	data: {"specversion":"1.0", …}
//
// Ids are positions, so that a client which comes back with Last-Event-ID misses
// nothing and gets nothing twice.
func (a *API) stream(c *call, f events.Filter, after uint64) {
	c.SetHeader("Content-Type", "text/event-stream")
	c.SetHeader("X-Accel-Buffering", "no") // proxies of that kind would hold events back
	c.SetStatus(http.StatusOK)
	if c.r.Method == http.MethodHead {
		return
	}
	a.metrics.streams.Inc()
	defer a.metrics.streams.Dec()

	s := &eventStream{w: c.w, control: http.NewResponseController(c.w), slowness: a.slowness, partition: a.log.Partition(f.Organization)}
	s.buffer = append(s.buffer, ": muster\n\n"...)
	err := s.send()
	for err == nil {
		after, err = a.follow(c, s, f, after)
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		a.metrics.slow.Inc()
	}
	a.logger.LogAttrs(c, slog.LevelDebug, "an event stream ended",
		slog.String("request_id", c.id[0]), slog.String("cause", err.Error()))
}

// follow sends what there is after the number; when there is nothing, it waits,
// no longer than the time between two heartbeats.
func (a *API) follow(c *call, s *eventStream, f events.Filter, after uint64) (next uint64, err error) {
	if a.serving.Err() != nil {
		return after, context.Canceled
	}
	// A token that was revoked or has expired ends the stream too, and so does the
	// suspension of its user.
	who, err := a.authenticator.Authenticate(c, c.Header("Authorization"))
	if err == nil {
		err = a.authenticator.MayRead(who)
	}
	if err != nil {
		return after, err
	}
	found, next, err := a.log.Events(c, f, after, streamPage)
	if err != nil {
		return after, err
	}
	if len(found) > 0 {
		for i := range found {
			s.add(&found[i])
		}
		return next, s.send()
	}
	if next > after {
		return next, nil // there was something, for others
	}
	ctx, cancel := a.whileServing(c, heartbeat)
	defer cancel()
	if err := a.log.Wait(ctx, s.partition, next); err == nil {
		return next, nil
	}
	if c.Err() != nil {
		return next, errGone
	}
	s.buffer = append(s.buffer, ":\n\n"...)
	return next, s.send()
}

// eventStream writes server-sent events.
type eventStream struct {
	w         http.ResponseWriter
	control   *http.ResponseController
	slowness  time.Duration
	partition int
	buffer    []byte
}

func (s *eventStream) add(e *events.PublicEvent) {
	s.buffer = append(s.buffer, "id: "...)
	s.buffer = append(s.buffer, events.Position{Partition: s.partition, Number: e.Number}.String()...)
	s.buffer = append(s.buffer, "\nevent: "...)
	s.buffer = append(s.buffer, e.Type...)
	s.buffer = append(s.buffer, "\ndata: "...)
	s.buffer = append(s.buffer, e.JSON...) // of one line, as it is stored
	s.buffer = append(s.buffer, "\n\n"...)
}

// send sends what has been added, and fails when the reader does not take it.
func (s *eventStream) send() error {
	if err := s.control.SetWriteDeadline(time.Now().Add(s.slowness)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := s.w.Write(s.buffer); err != nil {
		return err
	}
	s.buffer = s.buffer[:0]
	return s.control.Flush()
}
