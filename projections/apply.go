package projections

import (
	"errors"
	"fmt"
	"slices"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
)

var (
	// ErrGap says that a batch is not the one that follows what has been applied.
	ErrGap = errors.New("the log has a gap")
	// ErrUnknownEvent says that there is an event that this program has no
	// projection for; leaving it out would make the read models wrong.
	ErrUnknownEvent = errors.New("the event is of an unknown type")
)

// Apply writes what the batches say, and the new checkpoints, in one transaction.
// The batches of a partition must follow what has been applied of it without a
// gap. After an error, which names the position, nothing has been applied.
func (m *ReadModels) Apply(batches []events.Batch) error {
	m.writing.Lock()
	defer m.writing.Unlock()
	select {
	case <-m.closed:
		return ErrClosed
	default:
	}
	begin := time.Now()
	n, err := m.projector.apply(batches)
	if err != nil {
		return err
	}
	m.metrics.events.Add(float64(n))
	m.metrics.size.Observe(float64(n))
	m.metrics.duration.Observe(time.Since(begin).Seconds())
	for i, checkpoint := range m.projector.checkpoints {
		if checkpoint.Number > m.current[i].Number {
			m.current[i] = checkpoint
			m.partitions[i].revoked.Store(m.projector.revoked[i])
			m.partitions[i].advance(checkpoint.Number)
		}
	}
	m.end.move(m.projector.end)
	return nil
}

// projector turns events into rows, on the one connection that writes.
type projector struct {
	*conn
	checkpoints []events.Checkpoint // as of the transaction under way

	// Keys of rows, by what they are about. What is in them may be of the
	// transaction under way, so they are emptied when it is rolled back.
	organizations *lru.Cache[domain.OrganizationID, int64]
	workspaces    *lru.Cache[domain.WorkspaceID, int64]
	people        *lru.Cache[personName, int64]
	roles         *lru.Cache[roleName, int64]

	// What others must learn when the transaction is committed.
	revoked []uint64  // of every partition, the number of the last event that revoked a token
	end     time.Time // see [ReadModels.NextEnd]
	ends    bool      // it may be another one by now
}

type personName struct {
	organization int64
	user         domain.UserID
}

type roleName struct {
	organization int64
	role         domain.RoleKey
}

func newProjector(c *conn, partitions int) (*projector, error) {
	const few, many = 1 << 13, 1 << 16
	organizations, err1 := lru.New[domain.OrganizationID, int64](few)
	workspaces, err2 := lru.New[domain.WorkspaceID, int64](few)
	people, err3 := lru.New[personName, int64](many)
	roles, err4 := lru.New[roleName, int64](few)
	p := &projector{
		conn: c, checkpoints: make([]events.Checkpoint, partitions),
		organizations: organizations, workspaces: workspaces, people: people, roles: roles,
		revoked: make([]uint64, partitions),
	}
	return p, errors.Join(err1, err2, err3, err4, p.readCheckpoints())
}

// apply is one transaction; it answers how many events it applied.
func (p *projector) apply(batches []events.Batch) (n int, err error) {
	if _, err := p.exec("BEGIN IMMEDIATE"); err != nil {
		return 0, err
	}
	revoked, end := slices.Clone(p.revoked), p.end
	n, err = p.project(batches)
	if err == nil && p.ends {
		p.end, err = p.nextEnd()
	}
	p.ends = false
	if err == nil {
		if _, err = p.exec("COMMIT"); err == nil {
			return n, nil
		}
	}
	p.revoked, p.end = revoked, end
	return 0, errors.Join(err, p.rollback())
}

func (p *projector) rollback() error {
	_, err := p.exec("ROLLBACK")
	p.organizations.Purge()
	p.workspaces.Purge()
	p.people.Purge()
	p.roles.Purge()
	return errors.Join(err, p.readCheckpoints())
}

// project writes the rows and checkpoints of the batches within a transaction.
func (p *projector) project(batches []events.Batch) (n int, err error) {
	moved := make([]bool, len(p.checkpoints))
	for i := range batches {
		b := &batches[i]
		if err := p.batch(b); err != nil {
			return n, err
		}
		p.checkpoints[b.Partition] = b.Checkpoint()
		moved[b.Partition] = true
		n += len(b.Entries)
	}
	for partition := range moved {
		if moved[partition] {
			if err := p.writeCheckpoint(p.checkpoints[partition]); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

func (p *projector) batch(b *events.Batch) error {
	if b.Partition < 0 || b.Partition >= len(p.checkpoints) {
		return fmt.Errorf("message %d of partition %d: there are %d partitions", b.Message, b.Partition, len(p.checkpoints))
	}
	from := p.checkpoints[b.Partition]
	if b.Message != from.Message+1 || len(b.Entries) == 0 {
		return fmt.Errorf("partition %d: message %d with %d events follows message %d: %w",
			b.Partition, b.Message, len(b.Entries), from.Message, ErrGap)
	}
	command := 0 // where the events of the command begin
	for i := range b.Entries {
		e := &b.Entries[i]
		at := events.Position{Partition: b.Partition, Number: e.Number}
		if expected := from.Number + uint64(i) + 1; e.Number != expected { //nolint:gosec // i is not negative
			return fmt.Errorf("event %s of message %d stands where %d-%d belongs: %w", at, b.Message, b.Partition, expected, ErrGap)
		}
		if err := p.event(&e.Recorded, rowKey(at)); err != nil {
			return fmt.Errorf("event %s: %w", at, err)
		}
		if i+1 == len(b.Entries) || b.Entries[i+1].Command != e.Command {
			if err := p.keep(b.Entries[command:i+1], rowKey(at)); err != nil {
				return fmt.Errorf("event %s: keeping what its command did: %w", at, err)
			}
			command = i + 1
		}
	}
	return nil
}

// event writes what one event says. The key is that of the row that it may make.
func (p *projector) event(r *domain.Recorded, key int64) error {
	switch e := r.Event.(type) {
	case domain.OrganizationCreated:
		return p.organizationCreated(e, r, key)
	case domain.OrganizationRenamed:
		return p.organizationRenamed(e, r)
	case domain.OrganizationMemberAdded:
		return p.organizationMemberAdded(e, r, key)
	case domain.OrganizationMemberRoleChanged:
		return p.organizationMemberRoleChanged(e, r, key)
	case domain.OrganizationMemberRemoved:
		return p.organizationMemberRemoved(e, r, key)
	case domain.OrganizationMemberSuspended:
		return p.organizationMemberSuspended(e, r, key)
	case domain.OrganizationMemberReinstated:
		return p.organizationMemberReinstated(e, r, key)

	case domain.UserProfileSet:
		return p.userProfileSet(e, r, key)

	case domain.WorkspaceCreated:
		return p.workspaceCreated(e, r, key)
	case domain.WorkspaceRenamed:
		return p.workspaceRenamed(e, r)
	case domain.WorkspaceArchived:
		return p.workspaceArchived(e, r)
	case domain.WorkspaceRestored:
		return p.workspaceRestored(e, r)

	case domain.MemberInvited:
		return p.memberInvited(e, r, key)
	case domain.MemberAdded:
		return p.memberAdded(e, r, key)
	case domain.MemberAccepted:
		return p.memberAccepted(e, r, key)
	case domain.MemberInvitationRenewed:
		return p.memberInvitationRenewed(e, r, key)
	case domain.MemberRoleChanged:
		return p.memberRoleChanged(e, r, key)
	case domain.MemberPermissionsChanged:
		return p.memberPermissionsChanged(e, r, key)
	case domain.MemberExpiryChanged:
		return p.memberExpiryChanged(e, r, key)
	case domain.MemberSuspended:
		return p.memberSuspended(e, r, key)
	case domain.MemberReinstated:
		return p.memberReinstated(e, r, key)
	case domain.MemberRemoved:
		return p.memberEnded(e.About, r, key)
	case domain.MemberLeft:
		return p.memberEnded(e.About, r, key)
	case domain.MemberExpired:
		return p.memberEnded(e.About, r, key)
	case domain.WorkspaceOwnershipTransferred:
		return nil // the events before it say it

	case domain.RoleCreated:
		return p.roleCreated(e, r, key)
	case domain.RoleUpdated:
		return p.roleUpdated(e, r)
	case domain.RoleArchived:
		return p.roleArchived(e, r)

	case domain.TokenIssued:
		return p.tokenIssued(e, r, key)
	case domain.TokenRotated:
		return p.tokenRotated(e, r, partitionOf(key))
	case domain.TokenRevoked:
		return p.tokenRevoked(e, r, partitionOf(key))
	default:
		return fmt.Errorf("%T: %w", r.Event, ErrUnknownEvent)
	}
}

// organizationOf answers the key of the organization's row.
func (p *projector) organizationOf(id domain.OrganizationID) (int64, error) {
	if key, ok := p.organizations.Get(id); ok {
		return key, nil
	}
	key, err := p.organizationKey(id)
	if err != nil {
		return 0, fmt.Errorf("organization %s: %w", id, err)
	}
	p.organizations.Add(id, key)
	return key, nil
}

// workspaceOf answers the key of the workspace's row.
func (p *projector) workspaceOf(id domain.WorkspaceID) (int64, error) {
	if key, ok := p.workspaces.Get(id); ok {
		return key, nil
	}
	var key int64
	if err := p.row([]any{scanNumber(&key)}, `SELECT key FROM workspaces WHERE id = +?`, id[:]); err != nil {
		return 0, fmt.Errorf("workspace %s: %w", id, err)
	}
	p.workspaces.Add(id, key)
	return key, nil
}

func (p *projector) readCheckpoints() error {
	checkpoints, err := p.conn.checkpoints()
	if err == nil && len(checkpoints) != len(p.checkpoints) {
		err = fmt.Errorf("there are %d checkpoints for %d partitions", len(checkpoints), len(p.checkpoints))
	}
	if err == nil {
		p.checkpoints = slices.Clone(checkpoints)
	}
	return err
}
