package projections

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"path/filepath"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections/sqlite"
)

// ErrAheadOfLog reports that the read models have applied events that the log does not have. The
// read models may be all that is left of these events.
var ErrAheadOfLog = errors.New("the read models are ahead of the log")

// Comparison is what [Verify] found for one table.
type Comparison struct {
	Table    string
	Found    domain.Hash // the fingerprint of the read models' table
	Expected domain.Hash // the fingerprint of the table rebuilt from the log
}

// Equal reports whether the table is what the log says.
func (c Comparison) Equal() bool { return c.Found == c.Expected }

// Verify looks for damage in the file of the read models, and compares the read models with
// read models that it builds from the same part of the log. It returns a comparison for every
// table. If it finds [ErrDamaged], with the places of the damage, [ErrForeignFile],
// [ErrNeedsRebuild] or [ErrAheadOfLog], it returns that instead. Every other error says that it
// could not look. It only writes to the directory
// scratch. The read models must not change meanwhile.
func Verify(ctx context.Context, log *events.Log, o Options, scratch string, progress func(done, of uint64)) ([]Comparison, error) {
	return verify(ctx, o, scratch, replayOf(ctx, log, progress))
}

// verify is [Verify] for a replay.
func verify(ctx context.Context, o Options, scratch string, replay replay) ([]Comparison, error) {
	return compare(ctx, o.file(), tableNames, o.Partitions, scratch, func(file string, until []wire.Checkpoint) error {
		return build(file, o.Partitions, replay.until(until))
	})
}

// VerifyHistory is [Verify] for the [History]. A history that cannot be used is [ErrNeedsRebuild],
// and a service rebuilds it.
func VerifyHistory(ctx context.Context, log *events.Log, o Options, scratch string, progress func(done, of uint64)) ([]Comparison, error) {
	return verifyHistory(ctx, o, scratch, replayOf(ctx, log, progress))
}

func verifyHistory(ctx context.Context, o Options, scratch string, replay replay) ([]Comparison, error) {
	var tables []string
	for i := range versionedTables {
		tables = append(tables, versionedTables[i].versions())
	}
	return compare(ctx, filepath.Join(o.Dir, HistoryFile), tables, o.Partitions, scratch, func(file string, until []wire.Checkpoint) error {
		if err := makeHistoryFile(file, o.Partitions); err != nil {
			return err
		}
		f, err := openHistoryFile(file, o.Partitions)
		if err != nil {
			return err
		}
		return errors.Join(f.apply(ctx, replay.until(until), func([]wire.Checkpoint) {}), f.close(ErrClosed))
	})
}

// compare compares the tables of a file with those that build makes up to the checkpoints of
// the file.
func compare(ctx context.Context, name string, tables []string, partitions int, scratch string, build func(file string, until []wire.Checkpoint) error) ([]Comparison, error) {
	kept, err := lookAt(name, tables, partitions, scratch)
	if err != nil {
		return nil, err
	}
	if err := kept.check(ctx); err != nil {
		return nil, err
	}
	found, checkpoints, err := kept.inspect(ctx)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(scratch, filepath.Base(name))
	if err := build(file, checkpoints); err != nil {
		return nil, err
	}
	expected, reached, err := look{file: file, mode: sqlite.ReadOnly, tables: tables}.inspect(ctx)
	if err = errors.Join(err, sqlite.Delete(file)); err != nil {
		return nil, err
	}
	for i, checkpoint := range checkpoints {
		if reached[i].Number < checkpoint.Number {
			return nil, fmt.Errorf("%w: they have applied event %s, and the log ends with %s", ErrAheadOfLog, checkpoint.Position, reached[i].Position)
		}
	}
	comparisons := make([]Comparison, len(tables))
	for i, table := range tables {
		comparisons[i] = Comparison{table, found[table], expected[table]}
	}
	return comparisons, nil
}

// until returns the replay without the messages after the checkpoints.
func (r replay) until(last []wire.Checkpoint) replay {
	return func(after []wire.Checkpoint, apply func([]wire.Message) error) error {
		return r(after, func(messages []wire.Message) error {
			known := make([]wire.Message, 0, len(messages))
			for _, m := range messages {
				if m.Sequence <= last[m.Partition].Message {
					known = append(known, m)
				}
			}
			return apply(known)
		})
	}
}

// Fingerprint returns, for every table, the SHA-256 of all its rows in the order of
// their primary keys, as of one moment. Read models of the same history have the same
// fingerprints, whether they grew step by step or were rebuilt.
func (m *ReadModels) Fingerprint(ctx context.Context) (tables map[string]domain.Hash, err error) {
	err = m.listTogether(ctx, func(c conn) error {
		tables, err = c.fingerprint(ctx, tableNames)
		return err
	})
	return tables, err
}

func (c conn) fingerprint(ctx context.Context, names []string) (map[string]domain.Hash, error) {
	tables := make(map[string]domain.Hash, len(names))
	for _, table := range names {
		sum, err := c.fingerprintTable(ctx, table)
		if err != nil {
			return nil, fmt.Errorf("table %s: %w", table, err)
		}
		tables[table] = sum
	}
	return tables, nil
}

func (c conn) fingerprintTable(ctx context.Context, table string) (sum domain.Hash, err error) {
	rows, err := c.Query(ctx, `SELECT * FROM `+table+` ORDER BY 1, 2, 3`)
	if err != nil {
		return sum, err
	}
	defer rows.Close() //nolint:errcheck // Err says it
	values, dest := make([]any, rows.Columns()), make([]any, rows.Columns())
	for i := range values {
		dest[i] = &values[i]
	}
	h := sha256.New()
	var row []byte
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return sum, err
		}
		if row, err = appendRow(row[:0], values); err != nil {
			return sum, err
		}
		h.Write(row)
	}
	return sumOf(h), rows.Err()
}

func sumOf(h hash.Hash) (sum domain.Hash) {
	h.Sum(sum[:0])
	return sum
}

// appendRow appends each value as its type, its length and its bytes, so that
// different rows never give the same bytes.
func appendRow(b []byte, values []any) ([]byte, error) {
	for _, value := range values {
		switch value := value.(type) {
		case nil:
			b = append(b, 'n')
		case int64:
			b = binary.AppendVarint(append(b, 'i'), value)
		case string:
			b = append(binary.AppendUvarint(append(b, 't'), uint64(len(value))), value...)
		case []byte:
			b = append(binary.AppendUvarint(append(b, 'b'), uint64(len(value))), value...)
		default:
			return nil, fmt.Errorf("%T is in no column", value)
		}
	}
	return b, nil
}
