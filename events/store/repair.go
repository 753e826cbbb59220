package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/muster-dev/muster/events/block"
	"github.com/muster-dev/muster/events/wire"
)

// Refusal is why a partition is not repaired. Nothing was changed.
type Refusal struct{ reason string }

// Error returns the reason.
func (r *Refusal) Error() string { return r.reason }

func refuse(format string, arguments ...any) error {
	return &Refusal{fmt.Sprintf(format, arguments...)}
}

// Repair is a log that nobody else uses, with one partition that ends with messages that
// Muster has not written. [Repair.Cut] takes them away.
//
// JetStream deletes nothing from a stream of the log, so the messages before them are copied to
// a new stream, which then takes the place of the old one. After a crash the old stream or a
// whole copy of what is valid in it is there, and another Repair finishes the work.
type Repair struct {
	store     *Store
	partition int
	old       original
	replicas  int
	pending   *wire.Checkpoint // where a repair cut that was interrupted; nil if there is none
	copied    original         // what that repair has copied
}

// original is where the messages of a partition are, as they are stored.
type original interface {
	// each calls use with the messages from one sequence to another, or to the end if the
	// stream ends before that. A message is valid until use returns.
	each(ctx context.Context, from, to uint64, use func(storedMessage) error) error
	// exactly is each for messages that Muster may not have written. It takes longer.
	exactly(ctx context.Context, from, to uint64, use func(storedMessage) error) error
	// last returns the sequence of the last message, or 0 if there is none.
	last(ctx context.Context) (uint64, error)
}

// OpenRepair opens a log to repair the partition. The data directory of an embedded log is
// locked. The error is a [*Refusal] if a service runs on the log or the log has no such
// partition.
func OpenRepair(ctx context.Context, o Options, partition int) (_ *Repair, err error) {
	o.ReadOnly = true
	s := newStore(o)
	r := &Repair{store: s, partition: partition, replicas: 1}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if err := s.openForRepair(o); errors.Is(err, ErrDirectoryInUse) {
		return nil, refuse("%v", err)
	} else if err != nil {
		return nil, err
	}
	if s.inside {
		return r, r.openFiles()
	}
	if err := s.connect(ctx, o); err != nil {
		return nil, err
	}
	return r, r.openStreams(ctx)
}

// openForRepair locks the data directory, if there is one, also if its lock is missing.
func (s *Store) openForRepair(o Options) error {
	if s.inside {
		d := &directory{path: o.Dir}
		if _, found, err := d.marker(); err != nil {
			return err
		} else if found {
			lock, err := openDirectory(o.Dir, false)
			if err != nil {
				return err
			}
			if err := lock.close(); err != nil {
				return err
			}
		}
	}
	return s.openDirectory(o)
}

// checkPartition refuses a partition that the log does not have.
func (r *Repair) checkPartition() error {
	if n := r.store.marker.Partitions; r.partition >= n {
		return refuse("the log has no partition %d: it has %d, from 0 on", r.partition, n)
	}
	return nil
}

// Log returns the id of the log.
func (r *Repair) Log() string { return r.store.marker.Log }

// Store returns the log's store, to read what is kept beside the log. Its partitions are not open.
func (r *Repair) Store() *Store { return r.store }

// Stream returns the name of the partition's stream.
func (r *Repair) Stream() string { return logStream(r.partition) }

// Pending returns where a repair cuts that was interrupted after everything valid had been
// copied. It reports false if there is none. It is finished by [Repair.Finish].
func (r *Repair) Pending() (wire.Checkpoint, bool) {
	if r.pending == nil {
		return wire.Checkpoint{}, false
	}
	return *r.pending, true
}

// Survey is what a partition holds.
type Survey struct {
	// Valid is the checkpoint of a reader that has read all messages up to the first one that
	// is not valid: it does not continue the chain, or cannot be decoded.
	Valid wire.Checkpoint
	// Last is the sequence of the last message.
	Last uint64
	// Reason is what is wrong with the first message after Valid. It is nil if nothing follows.
	Reason error
}

// Newer reports whether the first message after Valid continues the chain, and only its events
// are unknown to this version. Then a newer version can have written it.
func (s Survey) Newer() bool {
	return errors.Is(s.Reason, wire.ErrUnknownType) || errors.Is(s.Reason, wire.ErrUnknownSchema)
}

// Survey reads the partition. If progress is not nil it is called with how many messages of how
// many were read.
func (r *Repair) Survey(ctx context.Context, progress func(done, of uint64)) (Survey, error) {
	last, err := r.old.last(ctx)
	if err != nil {
		return Survey{}, err
	}
	s, err := r.survey(ctx, r.old, last, progress)
	if err != nil {
		return s, err
	}
	return s, r.checkRead(ctx, s)
}

func (r *Repair) survey(ctx context.Context, from original, last uint64, progress func(done, of uint64)) (Survey, error) {
	s := Survey{Valid: wire.Checkpoint{Position: wire.Position{Partition: r.partition}}, Last: last}
	err := from.each(ctx, 1, last, func(m storedMessage) error {
		valid, err := m.decode(s.Valid)
		if err != nil {
			s.Reason = err
			return errEnough
		}
		s.Valid = valid.Checkpoint()
		if progress != nil {
			progress(s.Valid.Message, last)
		}
		return nil
	})
	switch {
	case errors.Is(err, errEnough):
		return s, r.confirm(ctx, from, s)
	case err == nil && s.Valid.Message < last:
		return s, refuse("message %d of %s is missing: that is damage, and nothing that was injected; restore the log from a backup", s.Valid.Message+1, r.Stream())
	}
	if damage, ok := errors.AsType[*block.Damage](err); ok {
		return s, refuse("the disk has damaged the log, which nobody has injected; restore it from a backup: %v", damage)
	}
	return s, err
}

// confirm refuses to go on if the first message that is not valid can be read after all: a
// consumer reads one replica, and only that one may be damaged.
func (r *Repair) confirm(ctx context.Context, from original, s Survey) error {
	next := s.Valid.Message + 1
	return from.exactly(ctx, next, next, func(m storedMessage) error {
		if _, err := m.decode(s.Valid); err == nil {
			return refuse("a replica of %s is damaged: its message %d cannot be read, and the leader's can. Replace that replica", r.Stream(), next)
		}
		return nil
	})
}

// checkRead refuses to cut what this node has accepted before.
func (r *Repair) checkRead(ctx context.Context, s Survey) error {
	if r.store.mark == nil {
		return nil
	}
	mark, found, err := r.store.mark.read(r.partition)
	if err != nil || !found || mark.Message == 0 {
		return err
	}
	if mark.Message > s.Valid.Message {
		return refuse("this node has read the log up to %s, and the valid part of it ends with %s: "+
			"nothing was injected there, but something was changed or lost. Restore the log from a backup", mark.Position, s.Valid.Position)
	}
	return r.old.each(ctx, mark.Message, mark.Message, func(m storedMessage) error {
		e, err := m.envelope()
		if err == nil && e.Link() != mark.Hash {
			err = refuse("message %d with event %s is not what this node has read: restore the log from a backup", mark.Message, mark.Position)
		}
		return err
	})
}

// Cut takes everything after s.Valid out of the partition. It calls progress with how many
// messages of how many were copied. If it fails or the process ends, another Repair finishes
// what it has begun, or begins again.
func (r *Repair) Cut(ctx context.Context, s Survey, progress func(done, of uint64)) error {
	if progress == nil {
		progress = func(uint64, uint64) {}
	}
	if r.store.inside {
		return r.cutFiles(ctx, s, progress)
	}
	return r.cutStreams(ctx, s, progress)
}

// Finish finishes a repair that was interrupted; see [Repair.Pending].
func (r *Repair) Finish(ctx context.Context, progress func(done, of uint64)) error {
	if progress == nil {
		progress = func(uint64, uint64) {}
	}
	s, err := r.survey(ctx, r.copied, r.pending.Message, nil)
	if err != nil {
		return err
	}
	if s.Reason != nil || s.Valid.Hash != r.pending.Hash {
		return refuse("what an interrupted repair has copied is not whole: %v; restore the log from a backup", s.Reason)
	}
	if r.store.inside {
		return r.swap()
	}
	return r.refill(ctx, *r.pending, progress)
}

// Close closes the log.
func (r *Repair) Close() error { return r.store.Close() }

// exists reports whether something has the path.
func exists(path string) (bool, error) {
	_, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return false, nil
	}
	return err == nil, err
}

// same returns an error unless both have the same messages up to the last one.
func same(ctx context.Context, one, other original, last uint64) error {
	const window = 1 << 16
	sums := make(map[uint64][32]byte)
	for from := uint64(1); from <= last; from += window {
		to := min(from+window-1, last)
		clear(sums)
		err := one.each(ctx, from, to, func(m storedMessage) (err error) {
			sums[m.Sequence], err = m.sum()
			return err
		})
		if err != nil {
			return err
		}
		compared := uint64(0)
		err = other.each(ctx, from, to, func(m storedMessage) error {
			sum, err := m.sum()
			if err == nil && sum != sums[m.Sequence] {
				err = fmt.Errorf("the copy of message %d is not what it was copied from", m.Sequence)
			}
			compared++
			return err
		})
		if err != nil {
			return err
		}
		if compared != to-from+1 || len(sums) != int(compared) { //nolint:gosec // few
			return fmt.Errorf("%d messages were copied of those from %d to %d", compared, from, to)
		}
	}
	end, err := other.last(ctx)
	if err == nil && end != last {
		err = fmt.Errorf("the copy ends with message %d, and not %d", end, last)
	}
	return err
}
