package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/muster-dev/muster/events/feed"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// feedMessages reads the messages of a partition's feed as they are stored, from the number
// on, up to its end.
type feedMessages func(ctx context.Context, partition int, from uint64) iter.Seq2[store.Message, error]

// feed compares the feed with the log, event by event.
func (v *verifier) feed(ctx context.Context) error {
	if v.broken > 0 {
		v.skip(feedCheck, "left out: the log that it is compared with is damaged")
		return nil
	}
	return v.compareFeed(ctx, v.log.FeedMessages)
}

const feedCheck = "feed"

// errFeedDiffers reports an event of the feed that is not the log's.
var errFeedDiffers = errors.New("the feed differs from the log")

// compareFeed compares the messages with the log, and prints what it has found.
func (v *verifier) compareFeed(ctx context.Context, read feedMessages) error {
	at := beginning(v.log)
	feeds := make([]*feedReader, len(at))
	for p := range feeds {
		next, stop := iter.Pull2(read(ctx, p, 1))
		defer stop()
		feeds[p] = &feedReader{partition: p, next: next}
	}
	var differs error // the replay adds to it that it has stopped
	err := v.log.ReplayStored(ctx, at, nil, func(batches []wire.Message) error {
		for _, b := range batches {
			for i := range b.Entries {
				if err := feeds[b.Partition].compare(&b.Entries[i]); err != nil {
					differs = err
					return err
				}
			}
		}
		return nil
	})
	if differs != nil {
		err = differs
	}
	var equal, behind uint64
	for _, f := range feeds {
		if err == nil {
			err = v.surplus(ctx, f)
		}
		equal, behind = equal+f.equal, behind+f.behind
	}
	switch {
	case errors.Is(err, errFeedDiffers):
		v.fail(feedCheck, "%v: it may be all that is left of a log that was cut or replaced, so keep a copy of both", err)
	case errors.Is(err, wire.ErrDamaged):
		v.fail(feedCheck, "%v: the next start makes the feed again from the log", err)
	case err != nil:
		return err
	case behind > 0:
		v.ok(feedCheck, "%d events, as in the log; it is behind by %d, which the service publishes when it runs", equal, behind)
	default:
		v.ok(feedCheck, "%d events, as in the log", equal)
	}
	return nil
}

// surplus returns an error if the feed goes on where the log ends. The feed of a running
// service may have events that came to the log meanwhile.
func (v *verifier) surplus(ctx context.Context, f *feedReader) error {
	m, err, ok := f.next()
	if err != nil || !ok {
		return err
	}
	tip, err := v.log.Tip(ctx, f.partition)
	if err != nil || m.Sequence <= tip.Number {
		return err
	}
	return fmt.Errorf("%w: it goes on with event %s, and the log ends with %s",
		errFeedDiffers, wire.Position{Partition: f.partition, Number: m.Sequence}, tip)
}

// feedReader reads the feed of a partition side by side with its log.
type feedReader struct {
	partition     int
	next          func() (store.Message, error, bool)
	ended         bool
	equal, behind uint64 // how many events are in both, and in the log only
}

// compare compares the log's next event with the feed's.
func (f *feedReader) compare(e *wire.Entry) error {
	at := wire.Position{Partition: f.partition, Number: e.Number}
	if f.ended {
		f.behind++
		return nil
	}
	m, err, ok := f.next()
	switch {
	case err != nil:
		return err
	case !ok:
		f.ended, f.behind = true, 1
	case m.Sequence != e.Number:
		return fmt.Errorf("%w: event %s is missing", errFeedDiffers, at)
	case !bytes.Equal(m.Data, e.Stored):
		return fmt.Errorf("%w: event %s is another one", errFeedDiffers, at)
	default:
		f.equal++
	}
	return f.compareAround(&m, e, at)
}

// compareAround compares what is around the event: the subject by which subscribers filter, and
// the headers. Only messages that were read from files have them.
func (f *feedReader) compareAround(m *store.Message, e *wire.Entry, at wire.Position) error {
	if m == nil || m.Subject == "" {
		return nil
	}
	subject := feed.StoredSubject(e)
	switch {
	case m.Subject != subject:
		return fmt.Errorf("%w: event %s is on the subject %.200q, and not on %s", errFeedDiffers, at, m.Subject, subject)
	case !feed.IsHeader(m.Header, e):
		return fmt.Errorf("%w: event %s has other headers: %.300q", errFeedDiffers, at, m.Header)
	}
	return nil
}
