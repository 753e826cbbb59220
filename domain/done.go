package domain

import (
	"errors"
	"time"
)

// ErrNotRecorded is the outcome of a batch's operation when the batch is replayed
// and the operation left no event. What it was refused for was not kept.
var ErrNotRecorded = errors.New("the operation was refused or changed nothing: send it by itself to learn which")

// Done is the record of a command that had an idempotency key. A second command
// with the same key gets the first one's result from it.
type Done struct {
	Organization OrganizationID
	Command      CommandID
	// Request is the hash of what was asked for, as the command's events have it. The same
	// key with another request is a mistake of the client.
	Request Hash
	// Number is the number of the command's last event.
	Number uint64
	// Types are the types of the command's events, in order.
	Types []string
	// After holds the parts that the command's events show, as the command left them
	// (see [Decision.Kept]).
	After *State
}

func (d *Done) key() Key            { return DoneKey(d.Organization, d.Command) }
func (d *Done) version() uint64     { return d.Number }
func (d *Done) clone() Part         { return d } // never changes
func (d *Done) gone(time.Time) bool { return false }

// Done returns the record of a command that had an idempotency key, or nil if the
// command has not been done.
func (s *State) Done(org OrganizationID, command CommandID) *Done {
	return PartOf[*Done](s, DoneKey(org, command))
}

// Replay returns what the first request was about, given a second command for the
// same request: its target and, for a batch, the outcome of each operation. Ids that
// were made for the second command, such as a new token's, name nothing; the
// record has the first one's instead.
//
// An operation of a batch that left no event has the outcome [ErrNotRecorded].
func (d *Done) Replay(c Command) (target Key, outcomes []Outcome) {
	if batch, ok := c.(Batch); ok {
		return batch.target(d.After), d.outcomes(batch)
	}
	target = c.target(d.After)
	if !d.After.Holds(target) {
		if only, ok := d.only(target.Kind); ok {
			target = only
		}
	}
	return target, nil
}

// only returns the key of the only part of that kind which the command left; false
// if there are none or several.
func (d *Done) only(kind KeyKind) (key Key, ok bool) {
	d.After.Each(func(k Key, _ Part) {
		if k.Kind == kind {
			key, ok = k, key == Key{}
		}
	})
	return key, ok
}

// outcomes returns what became of each operation, in order. An operation was done if
// it is the first one on its user that can have left the user's membership as it is in
// the record.
func (d *Done) outcomes(c Batch) []Outcome {
	holders := make(map[string]UserID) // by folded address
	d.After.Each(func(_ Key, p Part) {
		if p, ok := p.(*Profile); ok {
			holders[FoldEmail(p.Email)] = p.User
		}
	})
	outcomes := make([]Outcome, len(c.Operations))
	seen := make(map[Key]bool, len(c.Operations))
	for i, operation := range c.Operations {
		target := operation.target(d.After)
		if invite, ok := operation.(InviteMember); ok {
			target = MembershipKey(invite.Workspace, holders[FoldEmail(invite.Profile.Email)])
		}
		outcomes[i].Target = target
		member := PartOf[*Membership](d.After, target)
		if member == nil || seen[target] || !canLeave(operation, member) {
			outcomes[i].Err = ErrNotRecorded
			continue
		}
		seen[target] = true
	}
	return outcomes
}

// canLeave reports whether the operation can leave the membership as it is.
func canLeave(operation Command, member *Membership) bool {
	switch c := operation.(type) { //nolint:gochecksumtype // no other begins or ends a membership
	case AddMember:
		return member.State == MembershipActive && member.Role == c.Role
	case AddSuspendedMember:
		return member.State == MembershipSuspended && member.Role == c.Role
	case InviteMember:
		return member.State == MembershipInvited && member.Role == c.Role
	case RemoveMember:
		return member.State == MembershipRemoved
	}
	return true
}
