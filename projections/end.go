package projections

import (
	"sync"
	"time"

	"github.com/muster-dev/muster/domain"
)

// End is a membership, or an invitation, that has come to its end without an event
// that says so yet.
type End struct {
	Organization domain.OrganizationID
	Workspace    domain.WorkspaceID
	User         domain.UserID
	At           time.Time // when it did
}

// Ended answers what has come to its end at that time and is not written yet: at
// most so many, the earliest first.
func (m *ReadModels) Ended(at time.Time, limit int) (ended []End, err error) {
	err = m.read(func(c *conn) error {
		rows, err := c.query(`
			SELECT o.id, w.id, p.user, m.ends_at
			FROM memberships m
			CROSS JOIN workspaces w ON w.key = m.workspace
			CROSS JOIN organizations o ON o.key = w.organization
			CROSS JOIN people p ON p.key = m.person
			WHERE m.ends_at <= +?1
			ORDER BY m.ends_at LIMIT +?2`, at.UnixMilli(), limit)
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // Err says it
		for rows.Next() {
			var end End
			if err := rows.Scan(scanID(&end.Organization), scanID(&end.Workspace), scanID(&end.User), scanTime(&end.At)); err != nil {
				return err
			}
			ended = append(ended, end)
		}
		return rows.Err()
	})
	return ended, err
}

// NextEnd answers the earliest end of a membership or an invitation for which there
// is no event yet, be it past; zero when none ends by itself. The channel is closed
// when that is not the answer any more, and when the read models are.
func (m *ReadModels) NextEnd() (end time.Time, moved <-chan struct{}) { return m.end.get() }

// nextEnd is the earliest end, for those who wait for it.
type nextEnd struct {
	mu     sync.Mutex
	at     time.Time
	moved  chan struct{} // nil: nobody has asked since it moved
	closed bool
}

func (e *nextEnd) get() (time.Time, <-chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.moved == nil {
		e.moved = make(chan struct{})
		if e.closed {
			close(e.moved)
		}
	}
	return e.at, e.moved
}

func (e *nextEnd) move(to time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.at.Equal(to) {
		return
	}
	e.at = to
	e.wake()
}

func (e *nextEnd) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.wake()
	e.closed = true
}

func (e *nextEnd) wake() {
	if e.moved != nil && !e.closed {
		close(e.moved)
		e.moved = nil
	}
}

// nextEnd reads the earliest end.
func (c *conn) nextEnd() (end time.Time, err error) {
	err = c.row([]any{scanTime(&end)}, `SELECT min(ends_at) FROM memberships WHERE ends_at IS NOT NULL`)
	return end, err
}

// mayEnd notes that something may come to an end earlier than all else, or that
// what was the earliest may not be any more.
func (p *projector) mayEnd(ends bool) { p.ends = p.ends || ends || !p.end.IsZero() }
