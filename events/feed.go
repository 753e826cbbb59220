package events

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// feedWindow is how many messages are on their way to the feed at once.
	feedWindow = 512
	// standstill is how long the feed may stand behind what another process has
	// appended before this one publishes it. Only a timer can tell that something
	// did not happen.
	standstill = 250 * time.Millisecond
)

// feeder makes a partition's feed from the log. The k-th event is the k-th message
// and is published with that expectation, so any number of processes may do it,
// none can do it twice, and a feed that was lost is made again with the same
// numbers.
type feeder struct {
	log       *Log
	partition *partition
	in        chan Batch
	nudged    chan struct{} // something is wrong with the feed: look at it
	behind    atomic.Bool   // in was full; what is missing is in the log

	// Only run touches these.
	level uint64    // number of the feed's last message
	seen  time.Time // when the feed was made that has been read through
}

func newFeeder(l *Log, p *partition) *feeder {
	return &feeder{log: l, partition: p, in: make(chan Batch, ahead), nudged: make(chan struct{}, 1)}
}

// offer gives the feeder what has been applied. It never waits.
func (f *feeder) offer(b Batch) {
	select {
	case f.in <- b:
	default:
		f.behind.Store(true)
	}
}

// nudge makes the feeder look at the feed.
func (f *feeder) nudge() {
	select {
	case f.nudged <- struct{}{}:
	default:
	}
}

// watchFeeds notices when somebody deletes a feed.
func (l *Log) watchFeeds() error {
	for _, p := range l.partitions {
		_, err := l.conn.Subscribe("$JS.EVENT.ADVISORY.STREAM.DELETED."+feedStream(p.number), func(*nats.Msg) { p.feeder.nudge() })
		if err != nil {
			return fmt.Errorf("watching the feeds: %w", err)
		}
	}
	return nil
}

func (f *feeder) run() {
	ctx := f.log.closing
	quiet := time.NewTimer(0) // look at once
	defer quiet.Stop()
	waiting := true // for quiet
	wait := func() {
		if !waiting {
			quiet.Reset(standstill)
			waiting = true
		}
	}
	// JetStream says that it deletes a stream before it has, and one that is made in
	// its place meanwhile is lost with it. So nothing is done at once when it says so.
	wary := false
	for {
		var err error
		select {
		case <-ctx.Done():
			return
		case b := <-f.in:
			if wary || b.writer != f.log.writerID {
				wait()
				continue
			}
			err = f.publish(ctx, b)
		case <-f.nudged:
			wary = true
			wait()
			continue
		case <-quiet.C:
			waiting, wary = false, false
			err = f.look(ctx)
		}
		if err == nil && f.behind.Swap(false) {
			err = f.look(ctx)
		}
		if isConflict(err) { // another process publishes too, as it may
			wait()
			continue
		}
		if err != nil && ctx.Err() == nil {
			f.log.logger.Warn("the feed is behind", slog.Int("partition", f.partition.number), slog.Any("error", err))
			quiet.Reset(4 * standstill)
			waiting = true
		}
	}
}

// publish brings a batch to the feed; what is missing before it comes from the
// log.
func (f *feeder) publish(ctx context.Context, b Batch) error {
	if b.Last() <= f.level {
		return nil
	}
	if b.First() > f.level+1 {
		return f.look(ctx)
	}
	err := f.send(ctx, b)
	switch {
	case isConflict(err): // another process was faster
		return f.look(ctx)
	case errors.Is(err, jetstream.ErrNoStreamResponse): // the feed is not there
		f.nudge()
		return nil
	}
	return err
}

// look finds out how far the feed is, makes it where it is missing, and fills it
// up to the tip of the log.
func (f *feeder) look(ctx context.Context) error {
	if err := f.open(ctx); err != nil {
		return err
	}
	tip, err := f.log.tip(ctx, f.partition.number)
	if err != nil {
		return err
	}
	if f.level > tip.Number {
		return fmt.Errorf("the feed has %d events, the log %d: %w", f.level, tip.Number, ErrTruncated)
	}
	if f.level == tip.Number {
		return nil
	}
	return f.fill(ctx, tip)
}

// open finds or makes the feed's stream and reads its level. One that is damaged,
// or that belongs to another log, is made anew.
func (f *feeder) open(ctx context.Context) error {
	name := feedStream(f.partition.number)
	stream, err := f.log.js.Stream(ctx, name)
	if err == nil {
		if err := f.sound(ctx, stream); err == nil {
			f.reached(stream.CachedInfo().State.LastSeq)
			return nil
		} else if !errors.Is(err, ErrDamaged) {
			return err
		} else {
			f.log.logger.Warn("the feed is damaged and is made anew from the log", slog.String("stream", name), slog.Any("error", err))
		}
		if err := f.log.js.DeleteStream(ctx, name); err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
			return fmt.Errorf("deleting %s: %w", name, err)
		}
	} else if !errors.Is(err, jetstream.ErrStreamNotFound) {
		return fmt.Errorf("opening %s: %w", name, err)
	}
	f.reached(0)
	stream, err = f.log.js.CreateStream(ctx, f.log.marker.feedConfig(f.partition.number, f.log.replicas))
	if err != nil && !errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
		return fmt.Errorf("making %s: %w", name, err)
	}
	if err == nil {
		f.seen = stream.CachedInfo().Created
	}
	return nil
}

// sound reads through a feed that this process has not read before, and answers an
// error around [ErrDamaged] when a message is missing. JetStream does not say so by
// itself: it passes over what it cannot read. What has been read can be shown
// meanwhile.
func (f *feeder) sound(ctx context.Context, stream jetstream.Stream) error {
	info := stream.CachedInfo()
	if !f.whole(info) {
		return fmt.Errorf("it is not this log's, or lacks its beginning: %w", ErrDamaged)
	}
	if f.seen.Equal(info.Created) {
		return nil
	}
	for at := uint64(0); at < info.State.LastSeq; f.partition.tail.fed(at) {
		page, _, err := f.get(ctx, publicSubject+">", at+1)
		if err == nil && len(page) == 0 { // a replica may lag behind
			page, err = f.getFromLeader(ctx, publicSubject+">", at+1)
		}
		if err != nil {
			return err
		}
		if len(page) == 0 {
			return fmt.Errorf("message %d cannot be read: %w", at+1, ErrDamaged)
		}
		for _, m := range page {
			if at++; m.number != at {
				return fmt.Errorf("message %d is missing: %w", at, ErrDamaged)
			}
		}
	}
	f.seen = info.Created
	return nil
}

// whole reports whether the stream is this log's feed, from its first event on, as
// far as JetStream's own counts tell. A stream whose first block is damaged comes
// back empty, with subjects that no message has, and takes no message any more.
func (f *feeder) whole(info *jetstream.StreamInfo) bool {
	found, err := describe(f.log.marker.Mode, info)
	s := info.State
	return err == nil && found.Log == f.log.marker.Log &&
		s.FirstSeq <= 1 && s.NumDeleted == 0 && s.Msgs == s.LastSeq && (s.Msgs == 0) == (s.NumSubjects == 0)
}

// fill publishes what the log holds behind the level.
func (f *feeder) fill(ctx context.Context, tip Checkpoint) error {
	first, ok, err := f.log.find(ctx, f.partition.number, func(e *Entry) bool { return e.Number > f.level })
	if err != nil || !ok {
		return err
	}
	from := Checkpoint{Position: Position{Partition: f.partition.number}}
	if first.Message > 1 {
		before, err := f.log.batch(ctx, f.partition.number, first.Message-1)
		if err != nil {
			return err
		}
		from = before.Checkpoint()
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	batches := make(chan Batch, ahead)
	read := make(chan error, 1)
	go func() {
		read <- f.log.readPartition(ctx, from, &tip, batches)
		close(batches)
	}()
	for b := range batches {
		if err = f.send(ctx, b); err != nil {
			cancel()
			break
		}
	}
	for range batches { //nolint:revive // let the reader end
	}
	return errors.Join(err, <-read)
}

// send publishes those events of a batch that the feed does not have, and returns
// when it has them. Only the first message of a window and the last are answered:
// each is stored behind the one before it or not at all, so the last one is there
// when all are, and the first one says why when they cannot be.
func (f *feeder) send(ctx context.Context, b Batch) error {
	entries := b.Entries
	for len(entries) > 0 && entries[0].Number <= f.level {
		entries = entries[1:]
	}
	for window := range slices.Chunk(entries, feedWindow) {
		var answers []jetstream.PubAckFuture
		for i := range window {
			msg := f.message(&window[i])
			if i > 0 && i < len(window)-1 {
				if err := f.log.conn.PublishMsg(msg); err != nil {
					return fmt.Errorf("publishing event %d: %w", window[i].Number, err)
				}
				continue
			}
			answer, err := f.log.js.PublishMsgAsync(msg)
			if err != nil {
				return fmt.Errorf("publishing event %d: %w", window[i].Number, err)
			}
			answers = append(answers, answer)
		}
		if err := f.stored(ctx, answers); err != nil {
			return err
		}
	}
	f.reached(f.level)
	return nil
}

// stored waits for the answers.
func (f *feeder) stored(ctx context.Context, answers []jetstream.PubAckFuture) error {
	deadline := time.NewTimer(callTimeout)
	defer deadline.Stop()
	for _, answer := range answers {
		select {
		case ack := <-answer.Ok():
			f.level = ack.Sequence
		case err := <-answer.Err():
			return fmt.Errorf("publishing events after %d: %w", f.level, err)
		case <-deadline.C:
			return fmt.Errorf("publishing events after %d: no answer within %s", f.level, callTimeout)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func (f *feeder) reached(level uint64) {
	f.level = level
	f.partition.tail.fed(level)
}

// message is the event as subscribers get it: a CloudEvent in structured mode, on
// a subject by which JetStream can filter. It demands its place in the feed.
func (f *feeder) message(e *Entry) *nats.Msg {
	about := e.Event.Concerns()
	workspace := "_"
	if !about.Workspace.IsZero() {
		workspace = about.Workspace.String()
	}
	return &nats.Msg{
		Subject: feedSubject(f.partition.number) + about.Organization.String() + "." + workspace + "." + lastWords(e.Event.EventType()),
		Header: nats.Header{
			headerContentType:               {"application/cloudevents+json"},
			jetstream.ExpectedStreamHeader:  {feedStream(f.partition.number)},
			jetstream.ExpectedLastSeqHeader: {strconv.FormatUint(e.Number-1, 10)},
		},
		Data: e.JSON,
	}
}

// lastWords answers the last two words of an event's type: muster.member.added
// is member.added on a subject.
func lastWords(eventType string) string { return strings.TrimPrefix(eventType, "muster.") }
