package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"github.com/muster-dev/muster/events/block"
	"github.com/muster-dev/muster/events/wire"
)

// smallLog is how many bytes of the log are read at every start. Reading them takes less
// than a third of a second if the disk has them in memory. Tests set it to 0.
var smallLog int64 = 256 << 20

// exists reports whether the stream has a directory.
func (f *files) exists() bool {
	_, err := os.Stat(f.Dir)
	return err == nil
}

// openFiles opens the partitions by the files of the embedded server, without starting
// it.
func (s *Store) openFiles() error {
	m, _, err := s.dir.marker()
	if err != nil {
		return err
	}
	s.marker = m
	for p := range m.Partitions {
		f := s.files(p)
		if !f.exists() {
			return s.lost(fmt.Errorf("stream %s: %w", f.Name, ErrLogMissing))
		}
		if err := f.belongs(m); err != nil {
			return err
		}
		s.Partitions = append(s.Partitions, &Partition{Number: p, store: s, source: f})
	}
	return nil
}

// metadata returns the metadata of the stream. The error wraps [wire.ErrDamaged] if the files
// that describe the stream are missing or damaged.
func (f *files) metadata() (map[string]string, error) {
	metadata, err := f.Metadata()
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w: %w", wire.ErrDamaged, err)
	}
	if damage, ok := errors.AsType[*block.Damage](err); ok {
		err = fmt.Errorf("%w: %w", wire.ErrDamaged, damage)
	}
	return metadata, err
}

// belongs checks that the stream is one of the log with the marker.
func (f *files) belongs(m marker) error {
	metadata, err := f.metadata()
	if err != nil {
		return err
	}
	found, err := markerOf(m.Mode, &jetstream.StreamInfo{Config: jetstream.StreamConfig{Name: f.Name, Metadata: metadata}})
	if err != nil {
		return err
	}
	if found.Log != m.Log {
		return fmt.Errorf("%s: %w: it belongs to log %s, and the stream to %s", f.Dir, ErrOtherLog, m.Log, found.Log)
	}
	return nil
}

// inspect checks the files of the embedded server before it is started. JetStream cuts a
// block at the first message that it cannot read, and goes on as if there had never been
// more. So inspect returns an error for damage, and changes nothing.
func (s *Store) inspect(ctx context.Context) error {
	m, bound, err := s.dir.marker()
	if err != nil {
		return err
	}
	var present []int
	var size int64
	for p := range MaxPartitions {
		f := s.files(p)
		if f.exists() {
			bytes, err := f.Size()
			if err != nil {
				return err
			}
			present, size = append(present, p), size+bytes
		} else if p < m.Partitions {
			return s.gone(f.Name)
		}
	}
	errs := make([]error, MaxPartitions)
	var checks errgroup.Group
	for _, p := range present {
		checks.Go(func() error {
			errs[p] = s.inspectPartition(ctx, p, bound, size <= smallLog)
			return nil
		})
	}
	_ = checks.Wait()
	for p, err := range errs {
		if errors.Is(err, wire.ErrDamaged) {
			return fmt.Errorf("partition %d: %w. Nothing was changed: keep a copy of everything, and restore the log from a backup; "+
				"muster audit verify checks it", p, err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// gone returns the error for a stream of a log that this directory has had.
func (s *Store) gone(stream string) error {
	if done, err := s.dir.repaired(); err == nil && done.Log != "" && logStream(done.Partition) == stream {
		return fmt.Errorf("stream %s: %w: muster audit repair was interrupted: run it again, and it finishes", stream, ErrLogMissing)
	}
	err := s.lost(fmt.Errorf("stream %s: %w", stream, ErrLogMissing))
	return fmt.Errorf("%s belongs to a log that is not there any more: restore it, or take an empty directory: %w", s.dir.path, err)
}

// loadedAtStart is the age of messages that JetStream loads when it opens a stream, and a
// minute more. It loads those of the last two minutes, to recognise duplicates, and with
// them the whole blocks.
const loadedAtStart = 3 * time.Minute

// inspectPartition checks the files of one partition. It reads all of them if it is told
// to, or if JetStream will do so. Otherwise it reads the beginning of every block, the
// blocks that JetStream will load, the last one always among them, and everything from the
// high-water mark on. The scrub reads the rest.
func (s *Store) inspectPartition(ctx context.Context, partition int, bound, all bool) error {
	f := s.files(partition)
	if size, err := f.Size(); err != nil || size == 0 && !bound {
		return err // a first start that was killed
	}
	if m, _, err := s.dir.marker(); err != nil {
		return err
	} else if bound {
		if err := f.belongs(m); err != nil {
			return err
		}
	}
	indexed, err := f.Indexed()
	if err != nil {
		return err
	}
	whole := all || !indexed
	if !whole {
		if err := f.CheckHeads(); err != nil {
			if _, err = f.judge(err); err != nil {
				return err
			}
		}
	}
	cutoff := time.Now().Add(-loadedAtStart)
	r, err := f.ReadBlock(func(first block.Record) bool {
		return !whole && first.Sequence <= f.mark && first.Time.Before(cutoff)
	})
	_, unfinished, err := f.check(ctx, r, err)
	if err != nil {
		return err
	}
	if unfinished != nil {
		s.logger.Warn("the last message of a partition is cut off: it was being written when the service was killed",
			slog.Int("partition", partition), slog.String("place", unfinished.Error()))
	}
	mark, found, err := s.mark.read(partition)
	if err != nil || !found {
		return err
	}
	return (&Partition{Number: partition, store: s, source: f}).Contains(ctx, mark)
}

// Unfinished returns the place of a message that was being written when the service was
// killed, or nil if there is none. The next start cuts it off. It is nil for a log on a
// server that runs.
func (p *Partition) Unfinished() (*block.Damage, error) {
	f, stopped := p.source.(*files)
	if !stopped {
		return nil, nil
	}
	_, unfinished, err := f.end(context.Background(), ^uint64(0))
	return unfinished, err
}
