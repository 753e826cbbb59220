package subscription

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/store"
)

// What JetStream reports by core NATS.
const (
	acknowledged    = "$JS.EVENT.METRIC.CONSUMER.ACK.*." // by consumers with a sample frequency
	consumerDeleted = "$JS.EVENT.ADVISORY.CONSUMER.DELETED.*.*"
	streamCreated   = "$JS.EVENT.ADVISORY.STREAM.CREATED.*"
)

// Watch listens to what JetStream reports of consumers, until the context ends. Every node needs
// it, once. It tells the calls of [Subscriptions.Run] on this node whose consumers may have been
// lost, which they would notice later otherwise. For subscriptions of kind NATS it notes the
// positions that clients have acknowledged, about once a second, together with the other nodes.
// It calls lost when the consumer of such a subscription may have been lost, or with nil if those
// of all subscriptions may have been. The caller then calls [Subscriptions.Ensure] for it, or for
// all of kind NATS. Lost must not wait.
func (s *Subscriptions) Watch(ctx context.Context, lost func(id *domain.SubscriptionID)) error {
	w := &watcher{Subscriptions: s, due: make(map[string]bool), turn: make(chan string, mostDue)}
	var subscribed []*nats.Subscription
	defer func() {
		for _, one := range subscribed {
			_ = one.Unsubscribe() // fails only if the connection is closed
		}
	}()
	subscribe := func(one *nats.Subscription, err error) error {
		if err != nil {
			return fmt.Errorf("listening to what JetStream reports of consumers: %w", err)
		}
		subscribed = append(subscribed, one)
		return nil
	}
	report := func(m *nats.Msg) {
		var about struct {
			Stream   string `json:"stream"`
			Consumer string `json:"consumer"`
		}
		if json.Unmarshal(m.Data, &about) != nil || !s.isFeed(about.Stream) {
			return
		}
		if about.Consumer == "" {
			s.disturbAll()
			lost(nil)
			return
		}
		s.disturb(about.Consumer)
		if id, ok := subscriber(about.Consumer); ok {
			lost(&id)
		}
	}
	if err := subscribe(s.store.Conn.QueueSubscribe(acknowledged+">", "muster", w.hear)); err != nil {
		return err
	}
	for _, subject := range []string{consumerDeleted, streamCreated} {
		if err := subscribe(s.store.Conn.Subscribe(subject, report)); err != nil {
			return err
		}
	}
	connected := s.store.Conn.StatusChanged(nats.CONNECTED)
	defer s.store.Conn.RemoveStatusListener(connected)
	for {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case _, open := <-connected: // reports may have been missed
			if !open {
				connected = nil
				continue
			}
			s.disturbAll()
			lost(nil)
		case consumer := <-w.turn:
			w.note(ctx, consumer)
		}
	}
}

// isFeed reports whether the stream is the feed of a partition.
func (s *Subscriptions) isFeed(stream string) bool {
	for p := range s.store.Partitions {
		if store.FeedStream(p) == stream {
			return true
		}
	}
	return false
}

// mostDue bounds the consumers whose positions are to be noted. What is too much is noted after
// a later acknowledgement.
const mostDue = 4096

// watcher notes the positions of subscriptions that clients of NATS acknowledge.
type watcher struct {
	*Subscriptions
	turn chan string // "stream consumer"

	mu  sync.Mutex
	due map[string]bool // is to be noted, or was within a second
}

// hear has the position noted of the consumer that a message was acknowledged to: about a second
// later, so that many acknowledgements are noted once.
func (w *watcher) hear(m *nats.Msg) {
	_, consumer, ok := strings.Cut(strings.TrimPrefix(m.Subject, strings.TrimSuffix(acknowledged, "*.")), ".")
	var about struct {
		Stream string `json:"stream"`
	}
	if !ok || !strings.HasPrefix(consumer, consumers) || json.Unmarshal(m.Data, &about) != nil {
		return
	}
	key := about.Stream + " " + consumer
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.due[key] {
		return
	}
	w.due[key] = true
	time.AfterFunc(noteEvery, func() {
		w.mu.Lock()
		delete(w.due, key)
		w.mu.Unlock()
		select {
		case w.turn <- key:
		default:
		}
	})
}

// note notes how far the consumer has been acknowledged.
func (w *watcher) note(ctx context.Context, key string) {
	stream, consumer, _ := strings.Cut(key, " ")
	id, ok := subscriber(consumer)
	if !ok {
		return
	}
	once, cancel := context.WithTimeout(ctx, store.CallTimeout)
	defer cancel()
	found, err := w.js.Consumer(once, stream, consumer)
	if err == nil {
		info := found.CachedInfo()
		_, err = w.change(once, id, func(n *note) bool {
			if n.Deleted || n.Epoch != epochOf(info) || n.Position >= info.AckFloor.Stream {
				return false
			}
			n.Position = info.AckFloor.Stream
			return true
		})
	}
	if err != nil && ctx.Err() == nil {
		w.logger.Warn("the cursor of a subscription could not be noted", slog.String("subscription_id", id.String()), slog.Any("error", err))
	}
}
