package projections

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
)

// Comparison is what [Verify] found of one table.
type Comparison struct {
	Table    string
	Found    domain.Hash // the fingerprint of the read models' table
	Expected domain.Hash // that of one made from the log
}

// Equal reports whether the table is what the log says.
func (c Comparison) Equal() bool { return c.Found == c.Expected }

// Verify compares the read models with others that it makes, in the directory
// scratch, from the same stretch of the log. It answers a comparison for every
// table. The read models may be in use.
func Verify(ctx context.Context, log *events.Log, o Options, scratch string, progress func(done, of uint64)) ([]Comparison, error) {
	return verify(o, scratch, replayOf(ctx, log, progress))
}

// verify compares the read models with others that are made in the directory, of
// the same history.
func verify(o Options, scratch string, replay replay) ([]Comparison, error) {
	found, checkpoints, err := inspect(o.file(), o.Partitions)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(scratch, File)
	if err := build(file, o.Partitions, replay.until(checkpoints)); err != nil {
		return nil, err
	}
	expected, reached, err := inspect(file, o.Partitions)
	if err = errors.Join(err, remove(file)); err != nil {
		return nil, err
	}
	for i, checkpoint := range checkpoints {
		if reached[i].Number < checkpoint.Number {
			return nil, fmt.Errorf("the read models know event %s, the log ends with %s", checkpoint.Position, reached[i].Position)
		}
	}
	comparisons := make([]Comparison, len(tableNames))
	for i, table := range tableNames {
		comparisons[i] = Comparison{table, found[table], expected[table]}
	}
	return comparisons, nil
}

// until is the replay that leaves out what lies behind the checkpoints.
func (r replay) until(last []events.Checkpoint) replay {
	return func(after []events.Checkpoint, apply func([]events.Batch) error) error {
		return r(after, func(batches []events.Batch) error {
			known := make([]events.Batch, 0, len(batches))
			for _, b := range batches {
				if b.Message <= last[b.Partition].Message {
					known = append(known, b)
				}
			}
			return apply(known)
		})
	}
}

// inspect reads the fingerprints and the checkpoints of a file at one moment. The
// file may be in use.
func inspect(file string, partitions int) (tables map[string]domain.Hash, checkpoints []events.Checkpoint, err error) {
	if err := examine(file, partitions); err != nil {
		return nil, nil, err
	}
	db, conns, err := connect(file, "ro", 1, readerPragmas)
	if err != nil {
		return nil, nil, err
	}
	c := conns[0]
	err = c.together(func() error {
		var failed error
		tables, err = c.fingerprint()
		checkpoints, failed = c.checkpoints()
		return errors.Join(err, failed)
	})
	return tables, checkpoints, errors.Join(err, closeAll(db, conns))
}
