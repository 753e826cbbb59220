package subscription

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/muster-dev/muster/events/feed"
	"github.com/muster-dev/muster/events/store"
)

const (
	// AckWait is how long a node that has died keeps an event from the others by default. It
	// is longer than an attempt to deliver one may take.
	AckWait = 22 * time.Second
	// FailingFor is how long an endpoint may fail before its subscription is exhausted.
	FailingFor = 5 * 24 * time.Hour
)

var (
	// ErrSuperseded reports that the spec is older than what another node has followed. The
	// caller gets a newer one when its read models have caught up.
	ErrSuperseded = errors.New("the subscription has been changed since")
	// ErrDeleted reports that the subscription has been deleted.
	ErrDeleted = errors.New("the subscription has been deleted")
)

// Options say how subscriptions are worked on.
type Options struct {
	// Events returns the events that can be read on this node, as [feed.Feed.Events] does.
	Events func(ctx context.Context, f feed.Filter, after uint64, limit int) (found []feed.Event, next uint64, err error)
	Logger *slog.Logger
	// Registerer gets the metrics; nil for none.
	Registerer prometheus.Registerer
	// AckWait replaces the constant, if it is not 0.
	AckWait time.Duration
	// Schedule returns how long to wait after an attempt has failed, which is counted from 1.
	// [Schedule] is used if it is nil.
	Schedule func(attempt int) time.Duration
	// Now returns the time; [time.Now] if it is nil.
	Now func() time.Time
}

// Subscriptions are the cursors of a log's subscriptions. They are safe for concurrent use.
type Subscriptions struct {
	store   *store.Store
	js      jetstream.JetStream
	cursors jetstream.Stream
	options Options
	logger  *slog.Logger
	metrics *metrics
	resets  bool // the server can set a consumer behind a batch

	mu    sync.Mutex
	calms map[string]map[*context.CancelFunc]bool // of those who use a consumer, by its name
}

// untilDisturbed returns a context that ends when the consumer with the name may have been lost.
// The caller calls stop when it does not use the context any more.
func (s *Subscriptions) untilDisturbed(name string) (calm context.Context, stop func()) {
	calm, end := context.WithCancel(context.Background())
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.calms[name] == nil {
		s.calms[name] = make(map[*context.CancelFunc]bool)
	}
	s.calms[name][&end] = true
	return calm, func() {
		end()
		s.mu.Lock()
		defer s.mu.Unlock()
		if delete(s.calms[name], &end); len(s.calms[name]) == 0 {
			delete(s.calms, name)
		}
	}
}

// disturb has the runners that use the consumer with the name look at it.
func (s *Subscriptions) disturb(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for end := range s.calms[name] {
		(*end)()
	}
}

// disturbAll has all runners look at their consumers.
func (s *Subscriptions) disturbAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, calms := range s.calms {
		for end := range calms {
			(*end)()
		}
	}
}

// Open opens the streams of cursors, attempts and keys, or makes them. Nothing runs in the
// background before [Subscriptions.Watch] and [Subscriptions.Run] are called.
func Open(ctx context.Context, s *store.Store, o Options) (*Subscriptions, error) {
	if o.AckWait == 0 {
		o.AckWait = AckWait
	}
	if o.Schedule == nil {
		o.Schedule = Schedule
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	m, err := newMetrics(o.Registerer)
	if err != nil {
		return nil, err
	}
	all := &Subscriptions{store: s, js: s.JS, options: o, logger: o.Logger, metrics: m, resets: canReset(s.Conn.ConnectedServerVersion())}
	all.calms = make(map[string]map[*context.CancelFunc]bool)
	if all.cursors, err = s.Beside(ctx, cursorsConfig); err != nil {
		return nil, err
	}
	if err = openDeliveries(ctx, s, o.Logger); err == nil {
		_, err = s.Beside(ctx, store.Keys)
	}
	if err != nil {
		return nil, err
	}
	return all, nil
}

// canReset reports whether a server of that version can set a consumer to another place.
func canReset(version string) bool {
	var major, minor int
	_, err := fmt.Sscanf(version, "%d.%d", &major, &minor)
	return err == nil && (major > 2 || major == 2 && minor >= 14)
}
