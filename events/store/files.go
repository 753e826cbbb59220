package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"

	"github.com/muster-dev/muster/events/block"
	"github.com/muster-dev/muster/events/wire"
)

// files are the files of a log stream of the embedded server. They are only read, so that
// JetStream may run or not.
type files struct {
	block.Stream
	// mark is the last message that is known to have been acknowledged. A damaged message
	// after it may be one that was being written when the process was killed.
	mark uint64
	// places are where messages are, if that is worth remembering; otherwise nil.
	places *places
}

// streamsDir is the directory in the data directory that the embedded server keeps its
// streams in.
var streamsDir = filepath.Join(jetstreamDir, "jetstream", "$G", "streams")

// files returns the files of a partition of the embedded server.
func (s *Store) files(partition int) *files {
	name := logStream(partition)
	f := &files{Stream: block.Stream{Dir: s.dir.file(filepath.Join(streamsDir, name)), Name: name, Subject: logSubject(partition)}}
	if s.mark != nil {
		if mark, found, err := s.mark.read(partition); err == nil && found {
			f.mark = mark.Message
		}
	}
	return f
}

// judge returns the place of an unfinished message if the error is for that, and otherwise
// the error, which wraps [wire.ErrDamaged] for damage. An unfinished message is what a
// crash leaves of a message that was being written: it is at the very end, and nobody has
// read it. It does not count as damage.
func (f *files) judge(err error) (unfinished *block.Damage, _ error) {
	damage, damaged := errors.AsType[*block.Damage](err)
	if !damaged {
		return nil, err
	}
	if damage.Sequence > f.mark {
		// The index is written when nothing is being written, and says what is whole.
		indexed, err := f.Indexed()
		if err != nil {
			return nil, err
		}
		torn, err := f.Torn(damage)
		if err != nil {
			return nil, err
		}
		if torn && !indexed {
			return damage, nil
		}
	}
	return nil, fmt.Errorf("%w: %w", wire.ErrDamaged, damage)
}

func (f *files) message(ctx context.Context, sequence uint64) (wire.Envelope, error) {
	var e wire.Envelope
	err := f.records(ctx, sequence, func(first block.Record) (err error) {
		f.places.remember(first.Place(), first.End())
		if e, err = f.envelope(first, bytes.Clone(first.Data)); err != nil {
			return err
		}
		return errEnough
	})
	if err != nil && !errors.Is(err, errEnough) {
		return wire.Envelope{}, err
	}
	if e.Sequence != sequence || sequence == 0 {
		return wire.Envelope{}, fmt.Errorf("message %d: reading %s: %w", sequence, f.Name, ErrNoMessage)
	}
	return e, nil
}

// last returns the sequence of the last message that is whole.
func (f *files) last(ctx context.Context) (uint64, error) {
	last, _, err := f.end(ctx, math.MaxUint64)
	return last, err
}

// end reads the messages from the sequence on, to check them. It returns the sequence of
// the last one, and the place of an unfinished message after it, or nil if there is none.
func (f *files) end(ctx context.Context, from uint64) (last uint64, unfinished *block.Damage, err error) {
	r, err := f.Read(from)
	return f.check(ctx, r, err)
}

// check is end for what the reader reads, unless the reader could not be made.
func (f *files) check(ctx context.Context, r *block.Reader, err error) (last uint64, unfinished *block.Damage, _ error) {
	if err == nil {
		defer func() { _ = r.Close() }() // it was only read
		for err == nil {
			var record block.Record
			if record, err = r.Next(); err == nil {
				if record.Foreign != "" && record.Sequence <= f.mark {
					return 0, nil, f.foreign(record)
				}
				err = context.Cause(ctx)
			}
		}
		if errors.Is(err, io.EOF) {
			return r.Last(), nil, nil
		}
	}
	if unfinished, err = f.judge(err); err != nil {
		return 0, nil, err
	}
	return unfinished.Sequence - 1, unfinished, nil
}

func (f *files) size(ctx context.Context) (bytes, messages uint64, err error) {
	size, err := f.Size()
	if err != nil {
		return 0, 0, err
	}
	messages, err = f.last(ctx)
	return uint64(size), messages, err //nolint:gosec // not negative
}

func (f *files) each(ctx context.Context, from uint64, use func(wire.Envelope) error) error {
	return f.records(ctx, from, func(r block.Record) error {
		e, err := f.envelope(r, bytes.Clone(r.Data))
		if err != nil {
			return err
		}
		return use(e)
	})
}

// records calls use with the records from the sequence on. A record is valid until use
// returns.
func (f *files) records(ctx context.Context, from uint64, use func(block.Record) error) error {
	r, err := f.places.read(f.Stream, from)
	return f.use(ctx, r, err, use)
}

// use calls use with the records that the reader reads, unless the reader could not be made.
func (f *files) use(ctx context.Context, r *block.Reader, err error, use func(block.Record) error) error {
	if err != nil {
		_, err = f.judge(err)
		return err
	}
	defer func() { _ = r.Close() }() // it was only read
	for ctx.Err() == nil {
		record, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			_, err = f.judge(err)
			return err
		}
		if err := use(record); err != nil {
			return at(record.Sequence, err)
		}
	}
	return ctx.Err()
}

// envelope parses a record whose data is the payload. The envelope keeps the payload.
func (f *files) envelope(r block.Record, payload []byte) (wire.Envelope, error) {
	if r.Foreign != "" {
		return wire.Envelope{}, f.foreign(r)
	}
	return envelope(f.Name, r.Sequence, r.Header, payload)
}

// foreign returns the error for a message that Muster cannot have written.
func (f *files) foreign(r block.Record) error {
	return fmt.Errorf("message %d of %s: %s: %w", r.Sequence, f.Name, r.Foreign, wire.ErrDamaged)
}

// find reads the beginnings of blocks, and then one block up to the message.
func (f *files) find(ctx context.Context, last, number uint64) (at uint64, err error) {
	starts := func(r block.Record) bool {
		e, err := f.envelope(r, r.Data)
		return err == nil && r.Sequence <= last && e.First <= number
	}
	r, err := f.ReadBlock(starts)
	var before, found block.Place
	err = f.use(ctx, r, err, func(r block.Record) error {
		if !starts(r) {
			return errEnough
		}
		at, before, found = r.Sequence, found, r.Place()
		return nil
	})
	if damage, damaged := errors.AsType[*block.Damage](err); damaged && damage.Sequence > last {
		err = errEnough // the message after the last one: it is being written
	}
	if err != nil && !errors.Is(err, errEnough) {
		return 0, err
	}
	f.places.remember(before, found)
	return at, nil
}

// page reads up to the end of the files.
func (f *files) page(ctx context.Context, from uint64, use func(wire.Envelope) error) error {
	return f.pageUpTo(ctx, from, math.MaxUint64, use)
}

// pageUpTo is page, up to the last message.
func (f *files) pageUpTo(ctx context.Context, from, last uint64, use func(wire.Envelope) error) error {
	messages, size := 0, int64(0)
	err := f.records(ctx, from, func(r block.Record) error {
		if r.Sequence > last {
			return errEnough
		}
		e, err := f.envelope(r, bytes.Clone(r.Data))
		if err == nil {
			err = use(e)
		}
		if err != nil {
			return err
		}
		f.places.remember(r.End())
		messages, size = messages+1, size+r.Size
		if messages >= logPageSize || size >= PageBytes || r.Sequence == last {
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}
