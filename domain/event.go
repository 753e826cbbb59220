package domain

import (
	"time"

	"github.com/oklog/ulid/v2"
)

// Event is a fact: something that happened, in the past tense. The types in this
// package are all there are.
//
//sumtype:decl
type Event interface {
	// EventType is the event's name on the wire, such as "muster.member.added".
	// It is part of the stored format and never changes.
	EventType() string
	// Concerns says what the event is about.
	Concerns() About
	isEvent()
}

// About says which organization, workspace and user an event concerns; it stands
// beside the event's data, not in it, so that subscribers can filter by it.
type About struct {
	Organization OrganizationID
	Workspace    WorkspaceID // zero: the organization as a whole
	User         UserID      // zero: nobody in particular
}

// Concerns is the About itself; events embed it.
func (a About) Concerns() About { return a }

// Concern sets what the event is about; decoders use it.
func (a *About) Concern(about About) { *a = about }

func (About) isEvent() {}

// Change is a value before and after.
type Change[T any] struct {
	From T `json:"from"`
	To   T `json:"to"`
}

// EventID is the ULID of an event. Within a partition the ids ascend in the order
// of the log, and their time is the event's.
type EventID = ulid.ULID

// Recorded is an event as it stands in the log.
type Recorded struct {
	ID    EventID
	Event Event
	// Number counts the events of a partition, from 1, without gaps.
	Number uint64
	// Time has milliseconds, is UTC, and never goes back within a partition.
	Time  time.Time
	Actor Actor
	// OnBehalfOf is the user for whom a token acted, if it said so.
	OnBehalfOf UserID
	Command    CommandID
	// Request is the hash of the request of a command that carried an
	// idempotency key, zero otherwise.
	Request Hash
	// Cause is the event that made Muster itself issue the command, if one did.
	Cause  EventID
	Reason string
}

// Evolve folds an event into the state. It changes the parts in place and makes
// those that the event brings into being; a part that the event changes must be
// held, unless the state holds all history.
func Evolve(s *State, r *Recorded) {
	switch e := r.Event.(type) {
	case OrganizationCreated:
		s.make(OrganizationKey(e.Organization), &Organization{ID: e.Organization, Name: e.Name, Stamp: stamp(r)})
	case OrganizationRenamed:
		s.Organization(e.Organization).rename(e, r)
	case OrganizationMemberAdded:
		s.organizationMemberAdded(e, r)
	case OrganizationMemberRoleChanged:
		s.organizationMemberRoleChanged(e, r)
	case OrganizationMemberRemoved:
		s.organizationMemberRemoved(e, r)
	case OrganizationMemberSuspended:
		s.organizationMemberSuspended(e, r)
	case OrganizationMemberReinstated:
		s.organizationMemberReinstated(e, r)

	case UserProfileSet:
		s.userProfileSet(e, r)

	case WorkspaceCreated:
		s.make(WorkspaceKey(e.Workspace), &Workspace{ID: e.Workspace, Organization: e.Organization, Name: e.Name, Stamp: stamp(r)})
	case WorkspaceRenamed:
		s.Workspace(e.Workspace).rename(e, r)
	case WorkspaceArchived:
		s.Workspace(e.Workspace).archive(r)
	case WorkspaceRestored:
		s.Workspace(e.Workspace).restore(r)

	case MemberInvited:
		s.memberInvited(e, r)
	case MemberAdded:
		s.memberAdded(e, r)
	case MemberAccepted:
		s.memberAccepted(e, r)
	case MemberInvitationRenewed:
		s.memberInvitationRenewed(e, r)
	case MemberRoleChanged:
		s.memberRoleChanged(e, r)
	case MemberPermissionsChanged:
		s.memberPermissionsChanged(e, r)
	case MemberExpiryChanged:
		s.memberExpiryChanged(e, r)
	case MemberSuspended:
		s.memberSuspended(e, r)
	case MemberReinstated:
		s.memberReinstated(e, r)
	case MemberRemoved:
		s.ended(e.About, r)
	case MemberLeft:
		s.ended(e.About, r)
	case MemberExpired:
		s.ended(e.About, r)
	case WorkspaceOwnershipTransferred:
		// said by the events before it

	case RoleCreated:
		s.roleCreated(e, r)
	case RoleUpdated:
		s.roleUpdated(e, r)
	case RoleArchived:
		s.roleArchived(e, r)

	case TokenIssued:
		s.make(TokenKey(e.Organization, e.Token.ID), &Token{TokenFacts: e.Token, Organization: e.Organization, Stamp: stamp(r)})
	case TokenRotated:
		s.Token(e.Organization, e.TokenID).rotate(e, r)
	case TokenRevoked:
		s.Token(e.Organization, e.TokenID).revoke(r)
	}
}
