package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/events/block"
	"github.com/muster-dev/muster/events/wire"
)

// Log returns the id of the log.
func (s *Store) Log() string { return s.marker.Log }

// PartitionCount returns the number of the log's partitions, also of a log that is open for a
// repair.
func (s *Store) PartitionCount() int { return s.marker.Partitions }

// Busy reports whether a service runs in the data directory; see [Options.Running].
func (s *Store) Busy() bool { return s.busy }

// ServedByNode reports whether the log is on the embedded server of a service, and is reached
// through its NATS. What the service keeps in its data directory cannot be seen from there.
func (s *Store) ServedByNode() bool {
	return s.Conn != nil && !s.inside && s.Conn.ConnectedServerName() == embeddedName && s.Conn.ConnectedClusterName() == ""
}

// How often, and after which pause, a mark is read again that is being overwritten.
const (
	tornTries = 100
	tornPause = time.Millisecond
)

// Prefix returns the checkpoint of a reader that has read all that the partition has
// acknowledged at some moment during the call. While a service runs in the data directory
// ([Options.Running]) that is its high-water mark, which it moves before anybody learns of a
// message. That checkpoint has neither the time nor the id of the last event.
func (p *Partition) Prefix(ctx context.Context) (wire.Checkpoint, error) {
	s := p.store
	if !s.busy {
		return p.Tip(ctx)
	}
	none := wire.Checkpoint{Position: wire.Position{Partition: p.Number}}
	mark, err := openHighWater(s.dir.file(highWaterFile), true, s.logger)
	// The service overwrites the line in place, and may be doing so now.
	for try := 0; err == nil && mark.torn(p.Number) && try < tornTries; try++ {
		select {
		case <-time.After(tornPause):
		case <-ctx.Done():
			return none, context.Cause(ctx)
		}
		mark, err = openHighWater(s.dir.file(highWaterFile), true, s.logger)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return none, err
	}
	if err == nil {
		if c, found, err := mark.read(p.Number); err != nil || found {
			return c, err
		}
	}
	size, err := s.files(p.Number).Size()
	if err == nil && size > 0 {
		err = fmt.Errorf("partition %d: the high-water mark in %s does not say how far the log goes: stop the service, or read the log through its NATS", p.Number, s.dir.path)
	}
	return none, err
}

// Release unlocks the data directory of a store that is only read, so that a service can start in
// it. Afterwards only what is before a [Partition.Prefix] may be read.
func (s *Store) Release() error {
	if s.dir == nil {
		return nil
	}
	err := s.dir.close()
	s.dir.lock = nil
	return err
}

// Stored calls use with the messages after the checkpoint as they are stored, together with
// what they say, up to the checkpoint until. Like [Partition.Read], it checks the chain.
func (p *Partition) Stored(ctx context.Context, from, until wire.Checkpoint, use func(wire.Envelope, wire.Message) error) error {
	at := from
	err := p.read(ctx, reader{at: from, until: &until, use: func(e wire.Envelope, m wire.Message) error {
		at = m.Checkpoint()
		return use(e, m)
	}})
	if err == nil && at.Hash != until.Hash {
		err = fmt.Errorf("partition %d: message %d is not the one that was read before: %w", p.Number, until.Message, wire.ErrDamaged)
	}
	return err
}

// Latest returns the last message of each subject of a stream beside the log, in the order in
// which they were written. There are none if there is no such stream.
func (s *Store) Latest(ctx context.Context, stream string) ([]Message, error) {
	if s.Conn != nil {
		return s.latestServed(ctx, stream)
	}
	files := block.Stream{Dir: s.dir.file(filepath.Join(streamsDir, stream)), Name: stream}
	found, err := files.Latest()
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", stream, err)
	}
	messages := make([]Message, 0, len(found))
	for _, r := range found {
		messages = append(messages, Message{Sequence: r.Sequence, Subject: r.Subject, Time: r.Time, Header: r.Header, Data: r.Data})
	}
	slices.SortFunc(messages, func(a, b Message) int { return cmp.Compare(a.Sequence, b.Sequence) })
	return messages, nil
}

// latestServed is Latest for a stream of a server.
func (s *Store) latestServed(ctx context.Context, name string) ([]Message, error) {
	failed := func(err error) error { return fmt.Errorf("reading %s: %w", name, err) }
	ctx, cancel := context.WithTimeout(ctx, AskFor)
	defer cancel()
	stream, err := s.JS.Stream(ctx, name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, failed(err)
	}
	consumer, err := stream.CreateConsumer(ctx, jetstream.ConsumerConfig{
		DeliverPolicy: jetstream.DeliverLastPerSubjectPolicy, FilterSubject: ">",
		AckPolicy: jetstream.AckNonePolicy, MemoryStorage: true, Replicas: 1, InactiveThreshold: forgetReader,
	})
	if err != nil {
		return nil, failed(err)
	}
	wanted := consumer.CachedInfo().NumPending
	if wanted == 0 {
		return nil, nil
	}
	arriving, err := consumer.Messages(jetstream.PullMaxBytes(pullLeast), jetstream.PullExpiry(readPull), jetstream.PullHeartbeat(readPulse))
	if err != nil {
		return nil, failed(err)
	}
	defer arriving.Stop()
	next := jetstream.NextContext(ctx)
	var messages []Message
	for {
		m, err := arriving.Next(next)
		if err != nil {
			return nil, failed(err)
		}
		meta, err := m.Metadata()
		if err != nil {
			return nil, failed(err)
		}
		messages = append(messages, Message{Sequence: meta.Sequence.Stream, Subject: m.Subject(), Time: meta.Timestamp, Data: m.Data()})
		if meta.NumPending == 0 {
			return messages, nil
		}
	}
}
