package projections

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections/sqlite"
)

var (
	// ErrGap reports that a message does not follow what has been applied.
	ErrGap = errors.New("the log has a gap")
	// ErrUnknownEvent reports that this program has no projection for an event.
	// Skipping the event would make the read models wrong.
	ErrUnknownEvent = errors.New("the event is of an unknown type")
)

// Apply writes the rows and the checkpoints of the messages in one transaction. The
// messages of each partition must continue what has been applied of it, without a gap.
// If Apply fails, the error names the position, and nothing has been applied. An error that
// can pass wraps [events.ErrTryAgain]. Then the same messages may be applied later.
func (m *ReadModels) Apply(messages []wire.Message) error {
	m.writing.Lock()
	defer m.writing.Unlock()
	select {
	case <-m.closed:
		return ErrClosed
	default:
	}
	if err := m.Damage(); err != nil {
		return err
	}
	begin := time.Now()
	n, err := m.projector.apply(m.current, messages)
	if err != nil {
		return err
	}
	m.metrics.events.Add(float64(n))
	m.metrics.size.Observe(float64(n))
	m.metrics.duration.Observe(time.Since(begin).Seconds())
	// Before the positions, so that what has waited for one finds what came with it.
	m.end.move(m.projector.end)
	m.offboarding.move(m.projector.offboarding)
	for i, checkpoint := range m.projector.checkpoints {
		if checkpoint.Number > m.current[i].Number {
			m.current[i] = checkpoint
			m.partitions[i].revoked.Store(m.projector.revoked[i])
			m.partitions[i].advance(checkpoint.Number)
		}
	}
	return nil
}

// apply writes the messages in one transaction and returns how many events it applied.
// The parameter committed has the checkpoints of the last transaction that is known to be
// committed.
func (p *projector) apply(committed []wire.Checkpoint, messages []wire.Message) (n int, err error) {
	if p.unclear {
		if messages, err = p.clarify(committed, messages); err != nil {
			return 0, passing(err)
		}
	}
	if len(messages) == 0 {
		return 0, nil
	}
	if _, err := p.Exec("BEGIN IMMEDIATE"); err != nil {
		return 0, passing(err)
	}
	revoked, end, offboarding := slices.Clone(p.revoked), p.end, p.offboarding
	n, err = p.project(messages)
	if err == nil && p.ends {
		p.end, err = p.nextEnd()
	}
	if err == nil && p.unrecorded {
		p.offboarding, err = p.nextOffboarding()
	}
	if err == nil {
		_, err = p.Exec("COMMIT")
	}
	if err == nil {
		p.ends, p.unrecorded = false, false
		return n, nil
	}
	if err = passing(err); !errors.Is(err, events.ErrTryAgain) {
		p.ends, p.unrecorded = false, false
		p.revoked, p.end, p.offboarding = revoked, end, offboarding
		return 0, errors.Join(err, p.rollback())
	}
	// SQLite may have ended the transaction itself, and a failed COMMIT may have been one
	// after all. What was noted stays noted until that is clear.
	p.unclear = true
	return 0, err
}

// clarify finds out what an attempt that failed has left. It returns the messages without
// those that are in the tables after all.
func (p *projector) clarify(committed []wire.Checkpoint, messages []wire.Message) ([]wire.Message, error) {
	_, _ = p.Exec("ROLLBACK") // there may be no transaction any more
	_ = p.shrink()            // the disk may be full of the WAL
	if err := p.rolledBack(); err != nil {
		return nil, err
	}
	var err error
	if p.end, err = p.nextEnd(); err != nil {
		return nil, err
	}
	if p.offboarding, err = p.nextOffboarding(); err != nil {
		return nil, err
	}
	p.ends, p.unrecorded, p.unclear = false, false, false
	return slices.DeleteFunc(slices.Clone(messages), func(m wire.Message) bool {
		at := m.Partition
		return at >= 0 && at < len(committed) && m.Sequence > committed[at].Message && m.Sequence <= p.checkpoints[at].Message
	}), nil
}

func (p *projector) rollback() error {
	_, err := p.Exec("ROLLBACK")
	return errors.Join(err, p.rolledBack())
}

// rolledBack forgets what a transaction has made that was rolled back.
func (p *projector) rolledBack() error {
	p.organizations.Purge()
	p.workspaces.Purge()
	p.people.Purge()
	p.roles.Purge()
	return p.readCheckpoints()
}

// passing wraps [events.ErrTryAgain] around an error that can pass.
func passing(err error) error {
	if sqlite.Passes(err) {
		return fmt.Errorf("%w: %w", events.ErrTryAgain, err)
	}
	return err
}

// project writes the rows and checkpoints of the messages within a transaction.
func (p *projector) project(messages []wire.Message) (n int, err error) {
	moved := make([]bool, len(p.checkpoints))
	for i := range messages {
		m := &messages[i]
		if err := p.message(m); err != nil {
			return n, err
		}
		p.checkpoints[m.Partition] = m.Checkpoint()
		moved[m.Partition] = true
		n += len(m.Entries)
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

func (p *projector) message(m *wire.Message) error {
	if m.Partition < 0 || m.Partition >= len(p.checkpoints) {
		return fmt.Errorf("message %d of partition %d: there are %d partitions", m.Sequence, m.Partition, len(p.checkpoints))
	}
	from := p.checkpoints[m.Partition]
	if m.Sequence != from.Message+1 || len(m.Entries) == 0 {
		return fmt.Errorf("partition %d: message %d with %d events follows message %d: %w",
			m.Partition, m.Sequence, len(m.Entries), from.Message, ErrGap)
	}
	command := 0 // where the events of the command begin
	for i := range m.Entries {
		e := &m.Entries[i]
		at := wire.Position{Partition: m.Partition, Number: e.Number}
		if expected := from.Number + uint64(i) + 1; e.Number != expected { //nolint:gosec // i is not negative
			return fmt.Errorf("event %s of message %d stands where %d-%d belongs: %w", at, m.Sequence, m.Partition, expected, ErrGap)
		}
		if err := p.event(&e.Recorded, rowKey(at)); err != nil {
			return fmt.Errorf("event %s: %w", at, err)
		}
		if i+1 == len(m.Entries) || m.Entries[i+1].Command != e.Command {
			if err := p.keep(m.Entries[command:i+1], rowKey(at)); err != nil {
				return fmt.Errorf("event %s: keeping what its command did: %w", at, err)
			}
			command = i + 1
		}
	}
	return nil
}

// event writes the rows of one event. The key is for the row that the event may make.
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
		return nil // the events before it say everything

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
