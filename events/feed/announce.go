package feed

import (
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go"

	"github.com/muster-dev/muster/events/store"
)

// announce tells other processes how far the feed reaches. If an announcement is lost,
// they ask JetStream after a standstill.
func (f *Feed) announce() {
	_ = f.store.Conn.Publish(store.AnnounceSubject(f.partition), strconv.AppendUint(nil, f.last, 10))
}

// Listen subscribes to announcements, and to JetStream's advisory that somebody deletes
// the feed. The subscriptions end with the connection.
func (f *Feed) Listen() error {
	_, err := f.store.Conn.Subscribe("$JS.EVENT.ADVISORY.STREAM.DELETED."+store.FeedStream(f.partition),
		func(*nats.Msg) { signal(f.losing) })
	if err == nil {
		_, err = f.store.Conn.Subscribe(store.AnnounceSubject(f.partition), f.hear)
	}
	if err != nil {
		return fmt.Errorf("listening to the feed: %w", err)
	}
	return nil
}

// hear passes an announcement on to [Feed.Run]. This process also receives its own
// announcements, which say nothing new.
func (f *Feed) hear(m *nats.Msg) {
	number, err := strconv.ParseUint(string(m.Data), 10, 64)
	if err != nil {
		return
	}
	if fed := f.Fed(); number > max(fed, f.announced.Load()) {
		f.announced.Store(number)
		signal(f.hearing)
	}
}
