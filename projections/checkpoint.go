package projections

import "github.com/muster-dev/muster/events"

// checkpoints reads how far each partition has been applied, in their order.
func (c *conn) checkpoints() ([]events.Checkpoint, error) {
	rows, err := c.query(`SELECT partition, message, number, hash, time, id FROM checkpoints ORDER BY partition`)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err says it
	var checkpoints []events.Checkpoint
	for rows.Next() {
		var to events.Checkpoint
		if err := rows.Scan(scanNumber(&to.Partition), scanNumber(&to.Message), scanNumber(&to.Number),
			scanHash(&to.Hash), scanTime(&to.Time), scanEvent(&to.ID)); err != nil {
			return nil, err
		}
		checkpoints = append(checkpoints, to)
	}
	return checkpoints, rows.Err()
}

func (c *conn) writeCheckpoint(to events.Checkpoint) error {
	return c.change(`UPDATE checkpoints SET message = ?, number = ?, hash = ?, time = ?, id = ? WHERE partition = ?`,
		int64(to.Message), int64(to.Number), to.Hash[:], to.Time.UnixMilli(), to.ID[:], to.Partition) //nolint:gosec // far below 2^63
}
