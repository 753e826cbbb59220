package events

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Events answers at most limit events that the filter wants, of those after the
// number, in order, and the number up to which it has looked: that is where to go
// on. Fewer than limit does not mean that there are no more: there are none when
// next is after itself, and then [Log.Wait] tells when to ask again. An event is
// found here when the read models of this process have applied it. While the feed
// is made again this waits for it; [ErrUnavailable] says that it took too long.
func (l *Log) Events(ctx context.Context, f Filter, after uint64, limit int) (found []PublicEvent, next uint64, err error) {
	p := l.partitions[l.Partition(f.Organization)]
	for {
		if found, next, ok := p.tail.read(f, after, limit); ok {
			return found, next, nil
		}
		found, next, err := p.feeder.read(ctx, f, after, limit)
		if err != nil || next > after {
			return found, next, err
		}
		// There is something, and it is on its way into the feed.
		wait, cancel := context.WithTimeout(ctx, recoverFor)
		err = p.tail.wait(wait, after)
		cancel()
		if err != nil {
			return nil, after, fmt.Errorf("%w: the feed is being made again: %w", ErrUnavailable, err)
		}
	}
}

// Wait returns when [Log.Events] has something to look at after the number.
func (l *Log) Wait(ctx context.Context, partition int, after uint64) error {
	return l.partitions[partition].tail.wait(ctx, after)
}

// WaitFor returns when the position's event can be found by [Log.Events].
func (l *Log) WaitFor(ctx context.Context, p Position) error {
	return l.partitions[p.Partition].tail.waitFor(ctx, p.Number)
}

// Applied answers the position up to which the organization's events can be read.
func (l *Log) Applied(partition int) Position {
	t := l.partitions[partition].tail
	t.mu.RLock()
	defer t.mu.RUnlock()
	return Position{partition, t.last}
}

// pageSize is how many messages of the feed are read at once.
const pageSize = 256

// read answers events from the feed, as far as this process has applied them. The
// feed may be deleted and made again meanwhile, and a replica of it may lag behind;
// that there is nothing more is therefore believed of the leader alone, and only of
// a feed that was as long as the read models before and is still the same one.
func (f *feeder) read(ctx context.Context, filter Filter, after uint64, limit int) (found []PublicEvent, next uint64, err error) {
	t := f.partition.tail
	t.mu.RLock()
	known := min(t.last, t.feed)
	t.mu.RUnlock()
	made, level, err := f.extent(ctx)
	if err != nil {
		return nil, after, err
	}
	if level < known {
		f.gone() // another one stands in its place
		return nil, after, nil
	}
	level = known
	subject := filter.subject()
	for next = after; next < level && len(found) < limit; {
		messages, more, err := f.get(ctx, subject, next+1)
		if err == nil && len(messages) == 0 && !more {
			messages, err = f.getFromLeader(ctx, subject, next+1)
		}
		if err != nil {
			return nil, after, err
		}
		for _, m := range messages {
			if m.number > level || len(found) == limit {
				return found, next, nil
			}
			entry, _, err := Decode(m.wire)
			if err != nil {
				return nil, after, err
			}
			if filter.wants(entry.Event.Concerns(), entry.Event.EventType()) {
				found = append(found, publicEvent(&entry))
			}
			next = m.number
		}
		if len(messages) > 0 {
			continue
		}
		switch now, _, err := f.extent(ctx); {
		case err != nil:
			return nil, after, err
		case more || !now.Equal(made):
			f.gone() // what follows comes when it has been made again
			return found, next, nil
		}
		next = level
	}
	return found, next, nil
}

// extent answers when the feed was made and the number of its last event; 0 when
// there is no feed, or none that is whole: its feeder is told.
func (f *feeder) extent(ctx context.Context) (made time.Time, level uint64, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	stream, err := f.log.js.Stream(ctx, feedStream(f.partition.number))
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		f.gone()
		return time.Time{}, 0, nil
	}
	if err != nil {
		return time.Time{}, 0, fmt.Errorf("reading %s: %w", feedStream(f.partition.number), err)
	}
	info := stream.CachedInfo()
	if !f.whole(info) {
		f.gone()
		return info.Created, 0, nil
	}
	return info.Created, info.State.LastSeq, nil
}

// gone notes that there is no feed to read from, and has it made again.
func (f *feeder) gone() {
	f.partition.tail.fed(0)
	f.nudge()
}

// subject is the narrowest subject that has everything that the filter wants;
// JetStream finds it by an index.
func (f Filter) subject() string {
	workspace, what := "*", ">"
	if !f.Workspace.IsZero() {
		workspace = f.Workspace.String()
	}
	if len(f.Types) == 1 && codecs[f.Types[0]].decode != nil {
		what = lastWords(f.Types[0])
	}
	return publicSubject + f.Organization.String() + "." + workspace + "." + what
}

// getFromLeader reads the feed's next message on the subject from the number on, as
// the stream's leader has it; none when there is none.
func (f *feeder) getFromLeader(ctx context.Context, subject string, from uint64) ([]fed, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	m, err := f.log.storedMessage(ctx, feedStream(f.partition.number), fmt.Appendf(nil, `{"seq":%d,"next_by_subj":%q}`, from, subject))
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound), errors.Is(err, jetstream.ErrStreamNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return []fed{{m.Sequence, m.Data}}, nil
}

// fed is a message of the feed.
type fed struct {
	number uint64
	wire   []byte
}

// get reads a page of the feed's messages on the subject from the number on, and
// whether there are more, as some replica has it. Of a feed that is not there it
// answers none, and that there are more; its feeder is told.
func (f *feeder) get(ctx context.Context, subject string, from uint64) (page []fed, more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	stream := feedStream(f.partition.number)
	replies, err := f.log.conn.SubscribeSync(f.log.conn.NewInbox())
	if err != nil {
		return nil, false, fmt.Errorf("reading %s: %w", stream, err)
	}
	defer func() { err = errors.Join(err, replies.Unsubscribe()) }()
	ask := fmt.Appendf(nil, `{"batch":%d,"seq":%d,"next_by_subj":%q}`, pageSize, from, subject)
	if err := f.log.conn.PublishRequest("$JS.API.DIRECT.GET."+stream, replies.Subject, ask); err != nil {
		return nil, false, fmt.Errorf("reading %s: %w", stream, err)
	}
	for {
		reply, err := replies.NextMsgWithContext(ctx)
		if errors.Is(err, nats.ErrNoResponders) {
			f.gone()
			return nil, true, nil
		}
		if err != nil {
			return nil, false, fmt.Errorf("reading %s: %w", stream, err)
		}
		switch status := reply.Header.Get("Status"); status {
		case "":
			number, err := strconv.ParseUint(reply.Header.Get("Nats-Sequence"), 10, 64)
			if err != nil {
				return nil, false, fmt.Errorf("reading %s: JetStream sent a message without its sequence", stream)
			}
			page = append(page, fed{number, reply.Data})
		case "204": // the end of the page
			return page, reply.Header.Get("Nats-Num-Pending") != "0", nil
		case "404": // nothing on the subject
			return page, false, nil
		default:
			return nil, false, fmt.Errorf("reading %s: JetStream says %s %s", stream, status, reply.Header.Get("Description"))
		}
	}
}
