package feed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// look finds out how far the feed reaches, makes it if it is missing, and fills it up
// to the tip of the log.
func (f *Feed) look(ctx context.Context) error {
	f.overflown.Store(false)
	f.own = nil // they are in the log
	if err := f.open(ctx); err != nil {
		return err
	}
	tip, err := f.log.Tip(ctx)
	if err != nil {
		return err
	}
	if f.last > tip.Number {
		return fmt.Errorf("the feed has %d events, the log %d: %w", f.last, tip.Number, store.ErrTruncated)
	}
	if f.last == tip.Number {
		return nil
	}
	return f.fill(ctx, tip)
}

// open opens or makes the feed's stream and reads how far it reaches. A stream that is
// damaged, that differs from the log, or that belongs to another log, is replaced once
// that has been seen twice: the second time by [Feed.setAside], which compares everything,
// or by JetStream's own counts.
func (f *Feed) open(ctx context.Context) error {
	f.others = 0 // JetStream's own answer is better
	stream, d, err := f.examine(ctx)
	if err == nil && d != nil {
		if !d.sure { // it was found by what this process knows, which is forgotten now
			f.damaged.Store(d)
		}
		f.forget()
		if err = pause(ctx, standstill); err == nil {
			stream, d, err = f.examine(ctx)
		}
	}
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		f.forget()
		return f.make(ctx)
	case err != nil:
		return err
	case d != nil:
		return f.replace(ctx, stream.CachedInfo(), d)
	}
	f.unkept.Store(nil)
	info := stream.CachedInfo()
	f.adopt(ctx, info, info.State.LastSeq, false)
	return nil
}

// examine opens the feed's stream, and returns why it cannot be the feed, or nil.
func (f *Feed) examine(ctx context.Context) (jetstream.Stream, *damage, error) {
	stream, err := f.store.Feed(ctx, f.partition)
	if err != nil {
		return nil, nil, err
	}
	d, err := f.damage(ctx, stream.CachedInfo())
	return stream, d, err
}

// forget forgets the stream that was adopted. Nothing is published before another one is.
func (f *Feed) forget() {
	f.last, f.made = 0, time.Time{}
	f.view.lose()
}

// replace makes a feed in place of one that is damaged. Before that it keeps what the log
// lacks, because that may be all that is left of it. It deletes nothing that it could not
// keep.
func (f *Feed) replace(ctx context.Context, info *jetstream.StreamInfo, d *damage) error {
	found, err := f.setAside(ctx, info)
	if err != nil {
		err = fmt.Errorf("%s differs from the log (%w), and what the log lacks could not be kept; nothing is deleted: %w", info.Config.Name, d.reason, err)
		if ctx.Err() == nil {
			f.unkept.Store(&err)
		}
		return err
	}
	if found.kept == 0 && found.missing == 0 && !d.sure {
		f.damaged.CompareAndSwap(d, nil)
		return fmt.Errorf("%s was said to be damaged and is not: %w", info.Config.Name, d.reason)
	}
	if err := f.current(ctx, info, found); err != nil {
		return err
	}
	f.report(info, d, found)
	if err := f.remove(ctx, info); err != nil {
		return err
	}
	f.unkept.Store(nil)
	f.generation = max(f.generation, store.Generation(info))
	return f.make(ctx)
}

// current returns an error if the log has come to have events that the survey took for
// surplus. Then the whole is compared again. A log that was read up to an older end, as a
// leader that was deposed still has it, must not cost the feed's events.
func (f *Feed) current(ctx context.Context, info *jetstream.StreamInfo, found survey) error {
	if found.upto >= info.State.LastSeq {
		return nil
	}
	tip, err := f.log.Tip(ctx)
	if err != nil {
		return err
	}
	if tip.Number > found.upto {
		return fmt.Errorf("the log has grown while %s was compared with it, from event %d to %d", info.Config.Name, found.upto, tip.Number)
	}
	return nil
}

// report logs why the feed is made again, and where to find what the log lacks.
func (f *Feed) report(info *jetstream.StreamInfo, d *damage, found survey) {
	attributes := []any{slog.String("stream", info.Config.Name), slog.Any("error", d.reason)}
	if found.kept == 0 {
		f.logger.Warn("the feed is damaged and is made again from the log", attributes...)
		return
	}
	f.logger.Error("the feed has events that the log lacks: they were kept in a file, and the feed is made again from the log. "+
		"Find out whether the log was cut or replaced before you delete the file", append(attributes,
		slog.String("file", found.path), slog.Int("events", found.kept),
		slog.String("first", wire.Position{Partition: f.partition, Number: found.first}.String()))...)
}

// remove deletes the stream, unless another node has made another one in its place.
func (f *Feed) remove(ctx context.Context, info *jetstream.StreamInfo) error {
	stream, err := f.store.Feed(ctx, f.partition)
	if err == nil {
		if !stream.CachedInfo().Created.Equal(info.Created) {
			return fmt.Errorf("another node has replaced %s", info.Config.Name)
		}
		err = f.store.JS.DeleteStream(ctx, info.Config.Name)
	}
	if err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
		return fmt.Errorf("deleting %s: %w", info.Config.Name, err)
	}
	return nil
}

// make makes the feed's stream. If this log has had a feed before, as far as this node
// knows, the new one has the next generation.
func (f *Feed) make(ctx context.Context) error {
	remembered, err := f.store.FeedCheck(f.partition)
	if err != nil {
		return err
	}
	generation := max(f.generation, remembered.Generation) + 1
	stream, err := f.store.MakeFeed(ctx, f.partition, generation)
	if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
		return nil // publishing will tell how far another process has come
	}
	if err != nil {
		return err
	}
	if generation > 1 {
		f.logger.Warn("the feed has a new generation", slog.String("stream", store.FeedStream(f.partition)), slog.Uint64("generation", generation))
	}
	f.adopt(ctx, stream.CachedInfo(), 0, true)
	return nil
}

// fill publishes what the log holds after the feed's last event.
func (f *Feed) fill(ctx context.Context, tip wire.Checkpoint) error {
	from, ok, err := f.log.Before(ctx, f.last+1)
	if err != nil || !ok {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	messages := make(chan wire.Message, store.ReadAhead)
	read := make(chan error, 1)
	go func() {
		read <- f.log.Read(ctx, from, &tip, messages)
		close(messages)
	}()
	var entries []*wire.Entry
	for m := range messages {
		entries = f.lacking(entries, m)
		if len(entries) < store.FeedWindow && len(messages) > 0 { // there are more
			continue
		}
		if err = f.send(ctx, entries); err != nil {
			cancel()
			break
		}
		entries = nil
	}
	for range messages { //nolint:revive // so that the reader ends
	}
	return errors.Join(err, <-read)
}
