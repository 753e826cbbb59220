package projections

import (
	"context"
	"errors"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections/sqlite"
)

// conn is a connection, with methods that know the tables.
type conn struct {
	*sqlite.Conn
	facts *facts // shared by readers; the writer's own, because it sees what is not committed; nil: none
	asOf  uint64 // see [Queries]
}

// sees reports whether the row with the key, which is there now, is there for the connection.
func (c conn) sees(key int64) bool { return c.asOf == 0 || positionOf(key).Number <= c.asOf }

// IDs and hashes are BLOBs.

func scanID[Kind any](to *domain.ID[Kind]) *sqlite.ID { return (*sqlite.ID)(to) }
func scanEvent(to *domain.EventID) *sqlite.ID         { return (*sqlite.ID)(to) }
func scanHash(to *domain.Hash) sqlite.BytesColumn     { return to[:] }

// idOrNull returns the id as an argument of a statement. The zero id becomes null.
func idOrNull[Kind any](id domain.ID[Kind]) any {
	if id.IsZero() {
		return nil
	}
	return id[:]
}

// actorValue returns the id of an actor as an argument of a statement. Nearly all are UUIDs,
// of which 16 bytes are stored instead of 36.
func actorValue(id string) any {
	uuid, err := domain.ParseID[any](id)
	if err != nil || uuid.String() != id {
		return id
	}
	return uuid[:]
}

// actorColumn scans an [actorValue]. Many rows repeat that of the row before, whose text is
// used again.
type actorColumn struct {
	text string
	uuid domain.ID[any] // whose text it is; zero if it is no UUID
}

func (c *actorColumn) Scan(v sqlite.Value) error {
	if _, ok := v.Bytes(); !ok {
		c.uuid = domain.ID[any]{}
		return sqlite.Text(&c.text).Scan(v)
	}
	var uuid domain.ID[any]
	if err := scanID(&uuid).Scan(v); err != nil {
		return err
	}
	if uuid != c.uuid || uuid.IsZero() {
		c.text, c.uuid = uuid.String(), uuid
	}
	return nil
}

// hashOrNull returns the hash as an argument of a statement. The zero hash becomes
// null.
func hashOrNull(h domain.Hash) any {
	if h.IsZero() {
		return nil
	}
	return h[:]
}

// any reports whether the statement returns a row.
func (c conn) any(ctx context.Context, text string, args ...any) (bool, error) {
	var one int
	err := c.RowContext(ctx, []any{sqlite.Number(&one)}, text, args...)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// checkpoints reads how far each partition has been applied, in the order of the
// partitions.
func (c conn) checkpoints() ([]wire.Checkpoint, error) {
	rows, err := c.Query(context.Background(), `SELECT partition, message, number, hash, time, id FROM checkpoints ORDER BY partition`)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err says it
	var checkpoints []wire.Checkpoint
	for rows.Next() {
		var to wire.Checkpoint
		if err := rows.Scan(sqlite.Number(&to.Partition), sqlite.Number(&to.Message), sqlite.Number(&to.Number),
			scanHash(&to.Hash), sqlite.Time(&to.Time), scanEvent(&to.ID)); err != nil {
			return nil, err
		}
		checkpoints = append(checkpoints, to)
	}
	return checkpoints, rows.Err()
}

func (c conn) writeCheckpoint(to wire.Checkpoint) error {
	return c.Change(`UPDATE checkpoints SET message = ?, number = ?, hash = ?, time = ?, id = ? WHERE partition = ?`,
		int64(to.Message), int64(to.Number), to.Hash[:], to.Time.UnixMilli(), to.ID[:], to.Partition) //nolint:gosec // far below 2^63
}
