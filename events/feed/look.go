package feed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

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
// damaged, or that belongs to another log, is replaced.
func (f *Feed) open(ctx context.Context) error {
	f.others = 0 // JetStream's own answer is better
	stream, err := f.store.Feed(ctx, f.partition)
	switch {
	case err == nil:
		info := stream.CachedInfo()
		damage := f.damage(info)
		if damage == nil {
			f.adopt(ctx, info.Created, info.State.LastSeq, false)
			return nil
		}
		f.logger.Warn("the feed is damaged and is made again from the log",
			slog.String("stream", info.Config.Name), slog.Any("error", damage))
		if err := f.store.JS.DeleteStream(ctx, info.Config.Name); err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
			return fmt.Errorf("deleting %s: %w", info.Config.Name, err)
		}
	case !errors.Is(err, jetstream.ErrStreamNotFound):
		return err
	}
	f.last = 0
	f.view.lose()
	stream, err = f.store.MakeFeed(ctx, f.partition)
	if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
		return nil // publishing will tell how far another process has come
	}
	if err != nil {
		return err
	}
	f.adopt(ctx, stream.CachedInfo().Created, 0, true)
	return nil
}

// damage returns why the stream cannot be the feed, or nil if no reason is known.
func (f *Feed) damage(info *jetstream.StreamInfo) error {
	if !f.store.Whole(info) {
		return fmt.Errorf("it is not this log's, or lacks its beginning: %w", wire.ErrDamaged)
	}
	if made := f.damaged.Load(); made != nil && made.Equal(info.Created) {
		return fmt.Errorf("a message is missing: %w", wire.ErrDamaged)
	}
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
	for m := range messages {
		if err = f.send(ctx, m); err != nil {
			cancel()
			break
		}
	}
	for range messages { //nolint:revive // so that the reader ends
	}
	return errors.Join(err, <-read)
}
