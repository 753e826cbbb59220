package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/events/wire"
)

// A repair of a log on a NATS server copies what is valid to the stream MUSTER_REPAIR_00 … and
// compares that with the log. Then the log's stream is deleted, made again, and filled from the
// copy. Until it is whole the new stream is not yet the log's: it has another subject, so that
// nothing can be appended to it, and metadata that no node accepts. One update makes it the
// log's stream.
const (
	metaRepair      = "muster-repair"       // how far the repair is
	metaRepairValid = "muster-repair-valid" // the last message, like a line of the high-water mark
)

// The values of metaRepair.
const (
	repairCopying  = "copying"  // the stream of the repair is being filled, and the log is as it was
	repairComplete = "complete" // the stream of the repair holds everything valid
	repairFilling  = "filling"  // the new stream of the log is being filled
)

// refillSubject is what the new stream of a partition listens on until it is whole.
func refillSubject(partition int) string { return fmt.Sprintf("muster.refill.%02d", partition) }

// openStreams opens the partition on the server.
func (r *Repair) openStreams(ctx context.Context) error {
	s := r.store
	log, err := s.info(ctx, r.Stream())
	if err != nil {
		return err
	}
	copied, err := s.info(ctx, repairStream(r.partition))
	if err != nil {
		return err
	}
	filling := log != nil && log.Config.Metadata[metaRepair] == repairFilling
	whole := log != nil && !filling
	from := log
	if !whole {
		from = copied
	}
	if from == nil { // another partition tells whether there is a log at all
		if from, err = s.info(ctx, logStream(0)); err != nil {
			return err
		}
	}
	if from == nil {
		return fmt.Errorf("stream %s: %w", r.Stream(), ErrLogMissing)
	}
	if s.marker, err = markerOf(ModeExternal, from); err != nil {
		return err
	}
	if s.dir != nil {
		if old, found, err := s.dir.marker(); err != nil || found && old.Log != s.marker.Log {
			return errors.Join(err, refuse("%s: %v: it belongs to log %s, and the one on the server is %s", s.dir.path, ErrOtherLog, old.Log, s.marker.Log))
		}
	}
	if err := r.checkPartition(); err != nil {
		return err
	}
	r.replicas = max(1, from.Config.Replicas)
	r.old = &streamed{s, r.partition, r.Stream(), false}
	r.copied = &streamed{s, r.partition, repairStream(r.partition), true}
	if whole {
		return r.alone(ctx)
	}
	if copied == nil || copied.Config.Metadata[metaRepair] != repairComplete {
		return fmt.Errorf("stream %s: %w: restore it from a backup", r.Stream(), ErrLogMissing)
	}
	valid, ok := parseMark(r.partition, copied.Config.Metadata[metaRepairValid])
	if !ok {
		return fmt.Errorf("stream %s does not say what it holds: restore the log from a backup", copied.Config.Name)
	}
	r.pending = &valid
	return r.alone(ctx)
}

// info returns what the server says of the stream, or nil if there is none.
func (s *Store) info(ctx context.Context, name string) (*jetstream.StreamInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, CallTimeout)
	defer cancel()
	stream, err := s.JS.Stream(ctx, name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("asking for %s: %w", name, err)
	}
	info := stream.CachedInfo()
	if err := quorum(info); err != nil {
		return nil, fmt.Errorf("asking for %s: %w", name, err)
	}
	return info, nil
}

// listeningFor bounds how long a node may take to be noticed.
const listeningFor = 2 * time.Second

// alone refuses to go on while a service uses the log: every node listens to announcements,
// and reads with consumers that wait for messages.
func (r *Repair) alone(ctx context.Context) error {
	once, cancel := context.WithTimeout(ctx, listeningFor)
	defer cancel()
	_, err := r.store.Conn.RequestWithContext(once, AnnounceSubject(r.partition), []byte("0")) // which is no news
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case !errors.Is(err, nats.ErrNoResponders):
		return refuse("a service uses the log: somebody listens on %s. Stop all nodes first", AnnounceSubject(r.partition))
	}
	for p := range r.store.marker.Partitions {
		readers, err := r.store.readers(ctx, logStream(p))
		if err != nil {
			return err
		}
		if readers > 0 {
			return refuse("a service or an audit reads the log: %d consumers of stream %s wait for messages. Stop all nodes first", readers, logStream(p))
		}
	}
	return nil
}

// readers returns how many consumers of the stream wait for messages. A consumer whose reader
// has ended stays for a while and does not.
func (s *Store) readers(ctx context.Context, name string) (readers int, err error) {
	ctx, cancel := context.WithTimeout(ctx, CallTimeout)
	defer cancel()
	stream, err := s.JS.Stream(ctx, name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("asking for %s: %w", name, err)
	}
	consumers := stream.ListConsumers(ctx)
	for c := range consumers.Info() {
		if c.NumWaiting > 0 || c.PushBound {
			readers++
		}
	}
	if err := consumers.Err(); err != nil {
		return 0, fmt.Errorf("asking who reads %s: %w", name, err)
	}
	return readers, nil
}

// quiet refuses to go on if the stream is not as the survey has found it.
func (r *Repair) quiet(ctx context.Context, s Survey) error {
	if err := r.alone(ctx); err != nil {
		return err
	}
	last, err := r.old.last(ctx)
	if err == nil && last != s.Last {
		err = refuse("%s is still being written to: it had %d messages, and has %d. Find out who writes, change the server's secret, and try again",
			r.Stream(), s.Last, last)
	}
	return err
}

// cutStreams is [Repair.Cut] for a log on a server.
func (r *Repair) cutStreams(ctx context.Context, s Survey, progress func(done, of uint64)) error {
	if err := r.quiet(ctx, s); err != nil {
		return err
	}
	js, config := r.store.JS, r.copyConfig(repairCopying)
	if err := r.store.makeEmpty(ctx, config); err != nil {
		return err
	}
	if err := copyTo(ctx, r.store.Conn, r.old, s.Valid.Message, (*storedMessage).wrap, progress); err != nil {
		return err
	}
	if err := same(ctx, r.old, r.copied, s.Valid.Message); err != nil {
		return fmt.Errorf("comparing the copy: %w", err)
	}
	if err := r.quiet(ctx, s); err != nil {
		return errors.Join(err, r.store.drop(ctx, config.Name))
	}
	config = r.copyConfig(repairComplete)
	config.Metadata[metaRepairValid] = markLine(s.Valid)
	if _, err := js.UpdateStream(ctx, config); err != nil {
		return fmt.Errorf("noting that %s is complete: %w", config.Name, err)
	}
	return r.refill(ctx, s.Valid, progress)
}

// copyConfig is the stream that holds what a repair has copied.
func (r *Repair) copyConfig(state string) jetstream.StreamConfig {
	c := r.store.marker.logConfig(r.partition, r.replicas)
	c.Name, c.Subjects = repairStream(r.partition), []string{repairSubject(r.partition)}
	c.Description = "What is valid in a partition of Muster's log, for muster audit repair"
	c.DenyDelete, c.DenyPurge, c.MaxMsgSize = false, false, -1
	c.Metadata[metaRepair] = state
	return c
}

// refill makes the stream of the log again from the copy, which is whole.
func (r *Repair) refill(ctx context.Context, valid wire.Checkpoint, progress func(done, of uint64)) error {
	again := func(err error) error {
		return fmt.Errorf("%w; everything valid is in %s: run the same command again to finish", err, repairStream(r.partition))
	}
	whole := r.store.marker.logConfig(r.partition, r.replicas)
	filling := whole
	filling.Subjects, filling.Metadata = []string{refillSubject(r.partition)}, map[string]string{metaRepair: repairFilling}
	filling.DenyDelete, filling.DenyPurge = false, false
	filling.SubjectTransform = &jetstream.SubjectTransformConfig{Source: refillSubject(r.partition), Destination: logSubject(r.partition)}
	if err := r.store.makeEmpty(ctx, filling); err != nil {
		return again(err)
	}
	message := func(m *storedMessage) (*nats.Msg, error) { return m.again(refillSubject(r.partition)) }
	if err := copyTo(ctx, r.store.Conn, r.copied, valid.Message, message, progress); err != nil {
		return again(err)
	}
	if err := same(ctx, r.copied, r.old, valid.Message); err != nil {
		return again(fmt.Errorf("comparing the new stream: %w", err))
	}
	if _, err := r.store.JS.UpdateStream(ctx, whole); err != nil {
		return again(fmt.Errorf("making %s the log's stream: %w", r.Stream(), err))
	}
	return r.store.drop(ctx, repairStream(r.partition))
}

// Tidy removes what an interrupted repair has left that did not come to its end, of a partition
// that is whole.
func (r *Repair) Tidy(ctx context.Context) error {
	if r.store.inside {
		return r.store.dir.dropRepair()
	}
	return r.store.drop(ctx, repairStream(r.partition))
}

// codeNotMade is JetStream's code for a stream that could not be made for a reason without a code
// of its own, such as that its directory could not be.
const codeNotMade jetstream.ErrorCode = 10049

// makeEmpty makes a stream in place of one that may be there. A server that is asked to delete a
// stream twice, one shortly after the other, can leave its messages on disk the second time, and
// a new stream of that name has them again. So the new one is looked at, and made again.
//
// A server that has confirmed that a stream is deleted goes on removing its directory, and those
// above it if they are empty. If one of them goes while the server makes the new stream's
// directory, making the stream fails. It is tried again as well.
func (s *Store) makeEmpty(ctx context.Context, config jetstream.StreamConfig) error {
	for tries := 0; ; tries++ {
		if err := s.drop(ctx, config.Name); err != nil {
			return err
		}
		stream, err := makeStream(ctx, s.JS, config)
		if err != nil {
			err = fmt.Errorf("making %s: %w", config.Name, err)
			if api, ok := errors.AsType[*jetstream.APIError](err); !ok || api.ErrorCode != codeNotMade {
				return err
			}
		} else {
			last := stream.CachedInfo().State.LastSeq
			if last == 0 {
				return nil
			}
			err = fmt.Errorf("the new stream %s is not empty: it ends with message %d", config.Name, last)
		}
		if tries == 20 || !pause(ctx, time.Duration(tries)*50*time.Millisecond) {
			return errors.Join(context.Cause(ctx), err)
		}
	}
}

// drop deletes a stream, if there is one.
func (s *Store) drop(ctx context.Context, name string) error {
	ctx, cancel := context.WithTimeout(ctx, CallTimeout)
	defer cancel()
	if err := s.JS.DeleteStream(ctx, name); err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
		return fmt.Errorf("deleting %s: %w", name, err)
	}
	return nil
}
