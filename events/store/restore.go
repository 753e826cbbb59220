package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/events/wire"
)

var (
	// ErrNotEmpty reports that a log cannot be restored where something is already.
	ErrNotEmpty = errors.New("something is there already, and a restore replaces nothing")
	// ErrRestoreUnfinished reports that a restore has not come to its end, so that what it has
	// restored must not be used.
	ErrRestoreUnfinished = errors.New("a restore has not come to its end here, and what is there is not whole: " +
		"wait for it, or, if it was interrupted, run the same muster restore again with --again, which begins again")
)

// Restore is a log that is being made again from a backup, in a new data directory or on a
// server that has no log. Its id, its messages and their sequences are those of the backup.
// Until [Restore.Finish] has returned nil, nobody can open it: the error wraps
// [ErrRestoreUnfinished].
//
//	r, err := store.OpenRestore(ctx, o, log, ends, false)
//	defer r.Close()
//	for p := range ends {
//		err = r.Fill(ctx, p, messages, nil)
//	}
//	err = r.Verify(ctx, nil)
//	err = r.Finish(ctx)
type Restore struct {
	store *Store
	ends  []wire.Checkpoint // of the partitions
	stop  func()            // ends the server of a data directory
}

// OpenRestore begins to restore the log with the id, whose partitions end with the checkpoints.
// Where something is already, the error wraps [ErrNotEmpty], and nothing is changed. With again,
// a restore that was interrupted is no reason to refuse: what it has left is removed.
func OpenRestore(ctx context.Context, o Options, log string, ends []wire.Checkpoint, again bool) (_ *Restore, err error) {
	s := newStore(o)
	s.marker = marker{Format: format, Mode: o.mode(), Partitions: len(ends), Log: log}
	r := &Restore{store: s, ends: ends, stop: func() {}}
	defer func() {
		if err != nil {
			err = errors.Join(err, r.Close())
		}
	}()
	if len(ends) < 1 || len(ends) > MaxPartitions {
		return nil, fmt.Errorf("%d partitions: a number from 1 to %d is expected", len(ends), MaxPartitions)
	}
	if s.inside {
		return r, r.beginFiles(ctx, o.Dir, again)
	}
	o.ReadOnly = true // so that a server that cannot be reached is reported at once
	if err := s.connect(ctx, o); err != nil {
		return nil, err
	}
	s.warnOfServer(o.Logger)
	return r, r.beginStreams(ctx, again)
}

// Each calls use with messages in order, from the first one on.
type Each func(ctx context.Context, use func(wire.Envelope) error) error

// Fill writes the messages of a partition up to its end. If progress is not nil it is called with
// how many messages of how many were written.
func (r *Restore) Fill(ctx context.Context, partition int, messages Each, progress func(done, of uint64)) error {
	if progress == nil {
		progress = func(uint64, uint64) {}
	}
	from := &given{messages: messages, partition: partition, end: r.ends[partition]}
	subject := logSubject(partition)
	if !r.store.inside {
		subject = refillSubject(partition)
	}
	again := func(m *storedMessage) (*nats.Msg, error) {
		return &nats.Msg{Subject: subject, Header: m.parsed, Data: m.Data}, nil
	}
	if err := copyTo(ctx, r.store.Conn, from, r.ends[partition].Message, again, progress); err != nil {
		return r.explained(fmt.Errorf("restoring partition %d: %w", partition, err))
	}
	return nil
}

// explained returns the error with what is wrong with the disk, if anything is. On a full disk
// JetStream says nothing, and the call times out.
func (r *Restore) explained(err error) error {
	if !r.store.inside {
		return err
	}
	if disk := r.store.dir.writable(); disk != nil {
		return fmt.Errorf("%w: %w: %w", ErrDisk, disk, err)
	}
	return err
}

// given is messages that a backup has.
type given struct {
	messages  Each
	partition int
	end       wire.Checkpoint
}

// each checks the chain, so that what is written ends as it must.
func (g *given) each(ctx context.Context, _, to uint64, use func(storedMessage) error) error {
	at := wire.Checkpoint{Position: wire.Position{Partition: g.partition}}
	err := g.messages(ctx, func(e wire.Envelope) error {
		if e.Sequence != at.Message+1 || e.Previous != at.Hash || e.Sequence > to {
			return fmt.Errorf("message %d does not continue the chain of message %d: %w", e.Sequence, at.Message, wire.ErrDamaged)
		}
		at.Message, at.Hash = e.Sequence, e.Link()
		headers := make(nats.Header, 4)
		for name, value := range e.Headers() {
			headers.Set(name, value)
		}
		return use(storedMessage{Sequence: e.Sequence, Subject: logSubject(g.partition), parsed: headers, Data: e.Payload, partition: g.partition})
	})
	if err == nil && (at.Message != g.end.Message || at.Hash != g.end.Hash) {
		err = fmt.Errorf("the backup has %d messages of partition %d, and not the %d that it should have: %w", at.Message, g.partition, g.end.Message, wire.ErrDamaged)
	}
	return err
}

// Beside makes a stream beside the log, as [Store.Beside] does, and writes the messages to it in
// their order. Their sequences need not be those that they had.
func (r *Restore) Beside(ctx context.Context, config jetstream.StreamConfig, messages []Message) error {
	if _, err := r.store.Beside(ctx, config); err != nil {
		return r.explained(err)
	}
	for _, m := range messages {
		ctx, cancel := context.WithTimeout(ctx, CallTimeout)
		_, err := r.store.JS.Publish(ctx, m.Subject, m.Data)
		cancel()
		if err != nil {
			return r.explained(fmt.Errorf("writing to %s: %w", config.Name, err))
		}
	}
	return nil
}

// Verify reads everything that was written, and checks that each partition is the one of the
// backup: the chain of hashes ends with the same link. If progress is not nil it is called with
// how many messages of how many were read.
func (r *Restore) Verify(ctx context.Context, progress func(done, of uint64)) error {
	if progress == nil {
		progress = func(uint64, uint64) {}
	}
	var done, of uint64
	for _, end := range r.ends {
		of += end.Message
	}
	progress(0, of)
	for number, end := range r.ends {
		p, err := r.written(ctx, number)
		if err != nil {
			return err
		}
		last, err := p.Last(ctx)
		if err == nil && last != end.Message {
			err = fmt.Errorf("it ends with message %d, and not with %d", last, end.Message)
		}
		if err == nil {
			from := wire.Checkpoint{Position: wire.Position{Partition: number}}
			err = p.Stored(ctx, from, end, func(wire.Envelope, wire.Message) error {
				done++
				progress(done, of)
				return nil
			})
		}
		if err != nil {
			return fmt.Errorf("verifying partition %d after it was restored: %w", number, err)
		}
	}
	return nil
}

// written returns a partition as it was written.
func (r *Restore) written(ctx context.Context, number int) (*Partition, error) {
	s := r.store
	if s.inside {
		return &Partition{Number: number, store: s, source: s.files(number)}, nil
	}
	stream, err := s.JS.Stream(ctx, logStream(number))
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", logStream(number), err)
	}
	return newPartition(number, s, stream), nil
}

// Finish makes what was restored a log that can be opened. When it returns nil, that is on disk.
func (r *Restore) Finish(ctx context.Context) error {
	if r.store.inside {
		return r.finishFiles()
	}
	return r.finishStreams(ctx)
}

// Embedded reports whether the log is restored into a data directory, and not on a server.
func (r *Restore) Embedded() bool { return r.store.inside }

// Streams returns what other packages need that keep streams of their own beside the log: see
// [Store.Beside].
func (r *Restore) Streams() (jetstream.JetStream, func(context.Context, jetstream.StreamConfig) (jetstream.Stream, error)) {
	return r.store.JS, r.store.Beside
}

// Dir returns the path of the new data directory. It is empty for a server.
func (r *Restore) Dir() string { return r.store.Dir() }

// Close ends the restore. What was not finished stays, and can be removed with another one.
func (r *Restore) Close() error {
	if r.store.Conn != nil {
		r.store.Conn.Close()
		r.store.Conn = nil
	}
	r.stop()
	r.stop = func() {}
	return r.store.Close()
}

// told logs what a restore removes.
func (r *Restore) told(what string) {
	r.store.logger.Info("removing what an interrupted restore has left", slog.String("from", what))
}
