package projections

import (
	"context"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections/sqlite"
)

// End is a membership or an invitation that has ended, although no event has recorded
// that yet.
type End struct {
	Organization domain.OrganizationID
	Workspace    domain.WorkspaceID
	User         domain.UserID
	At           time.Time // when it ended
}

// Ended lists the memberships and invitations of a partition's organizations that have
// ended by that time without an event that records it. It returns at most limit of them,
// the earliest first. The index has the ends of all partitions, so the query walks past
// those of the others that are not recorded yet.
func (m *ReadModels) Ended(ctx context.Context, partition int, at time.Time, limit int) (ended []End, err error) {
	err = m.list(ctx, func(c conn) error {
		rows, err := c.Query(ctx, `
			SELECT o.id, w.id, p.user, m.ends_at
			FROM memberships m
			CROSS JOIN workspaces w ON w.key = m.workspace
			CROSS JOIN organizations o ON o.key = w.organization
			CROSS JOIN people p ON p.key = m.person
			WHERE m.ends_at <= +?1 AND m.key & +?2 = +?3
			ORDER BY m.ends_at LIMIT +?4`, at.UnixMilli(), MaxPartitions-1, partition, limit)
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // Err says it
		for rows.Next() {
			var end End
			if err := rows.Scan(scanID(&end.Organization), scanID(&end.Workspace), scanID(&end.User), sqlite.Time(&end.At)); err != nil {
				return err
			}
			ended = append(ended, end)
		}
		return rows.Err()
	})
	return ended, err
}

// NextEnd returns the earliest end of a membership or an invitation that no event has
// recorded yet. It may be in the past, and is zero if nothing has an end. The channel
// is closed when the earliest end changes and when the read models are closed.
func (m *ReadModels) NextEnd() (end time.Time, moved <-chan struct{}) { return m.end.get() }

// nextEnd reads the earliest end.
func (c conn) nextEnd() (end time.Time, err error) {
	err = c.Row([]any{sqlite.Time(&end)}, `SELECT min(ends_at) FROM memberships WHERE ends_at IS NOT NULL`)
	return end, err
}
