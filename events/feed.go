package events

import (
	"context"
	"iter"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/feed"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// Events returns at most limit visible events of the filter's organization, as
// [feed.Feed.Events] does.
func (l *Log) Events(ctx context.Context, f feed.Filter, after uint64, limit int) (found []feed.Event, next uint64, err error) {
	return l.feed(f.Organization).Events(ctx, f, after, limit)
}

// Visible returns the position of the partition's last event that can be read here:
// this node's read models have applied it, and the feed holds it.
func (l *Log) Visible(partition int) wire.Position {
	return wire.Position{Partition: partition, Number: l.partitions[partition].feed.Visible()}
}

// Watch returns a channel that receives something after an event of the organization has
// become visible, from whichever node it came. The caller calls stop when it does not
// receive any more. Events of other organizations wake nobody, and a watch that is not
// woken costs memory only. [feed.Feed.Watch] says how to miss nothing.
func (l *Log) Watch(org domain.OrganizationID) (wake <-chan struct{}, stop func()) {
	return l.feed(org).Watch(org)
}

// WaitFor returns nil when the position's event is visible, or the context's error.
func (l *Log) WaitFor(ctx context.Context, p wire.Position) error {
	return l.partitions[p.Partition].feed.WaitFor(ctx, p.Number)
}

// EventAt returns the organization's event with the number, with at most one get from
// the feed. The error is around [feed.ErrUnknownEvent] if there is no such event or if
// it is another organization's, and around [feed.ErrBehind] if the feed could not be read
// in time. An event that the read models show is never unknown.
func (l *Log) EventAt(ctx context.Context, org domain.OrganizationID, number uint64) (feed.Event, error) {
	return l.feed(org).EventAt(ctx, org, number)
}

// Find returns the organization's event with the id, with the errors of [Log.EventAt].
func (l *Log) Find(ctx context.Context, org domain.OrganizationID, id domain.EventID) (feed.Event, error) {
	return l.feed(org).Find(ctx, org, id)
}

// NumberAt returns the number of the partition's last visible event before the time, or
// 0 if there is none.
func (l *Log) NumberAt(ctx context.Context, partition int, t time.Time) (uint64, error) {
	return l.partitions[partition].feed.NumberAt(ctx, t)
}

// TimeAt returns the time of the event at the position, whichever organization it belongs
// to, with the errors of [Log.EventAt].
func (l *Log) TimeAt(ctx context.Context, at wire.Position) (time.Time, error) {
	return l.partitions[at.Partition].feed.TimeAt(ctx, at.Number)
}

// FeedMessages returns the messages of a partition's feed as they are stored, for an audit;
// see [feed.Feed.Messages]. If the log was opened for reading only and is in the data
// directory, they are read from its files: see [store.Store.StoredFeed].
func (l *Log) FeedMessages(ctx context.Context, partition int, from uint64) iter.Seq2[store.Message, error] {
	if l.store.Conn == nil {
		return l.store.StoredFeed(ctx, partition, from)
	}
	return l.partitions[partition].feed.Messages(ctx, from)
}

func (l *Log) feed(org domain.OrganizationID) *feed.Feed { return l.partitions[l.Partition(org)].feed }
