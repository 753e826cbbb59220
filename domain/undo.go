package domain

import (
	"fmt"
	"time"
)

// Undoing is how an event is undone.
type Undoing struct {
	// Command makes the change that is the opposite of the event's.
	Command Command
	// Scope is what a token needs for the command.
	Scope Scope
}

// NeedsBefore reports whether an event says too little to be undone by itself, so that
// [Undo] must be given what was before.
func NeedsBefore(e Event) bool {
	switch e.(type) { //nolint:gochecksumtype // all others say what was before, or cannot be undone
	case MemberRemoved, MemberLeft, UserProfileSet, RoleUpdated:
		return true
	}
	return false
}

// Undo returns the command that undoes the event. The part is what the event has changed as
// it was before, or nil if there was nothing; only the events of [NeedsBefore] need it. The
// error is [ErrNotReversible] with the reason and, if there is one, another way. A membership
// that ended before the event that records its end ([Membership].EndedBy) is to be given as
// it was before its end.
//
// Only what the event itself has changed is undone. Other events of the same command stay.
func Undo(m Meta, r *Recorded, before Part) (Undoing, error) {
	switch about := r.Event.Concerns(); e := r.Event.(type) {
	case MemberAdded:
		return Undoing{RemoveMember{m, about.Workspace, about.User}, "workspace_members:delete"}, nil
	case MemberInvited:
		return Undoing{RemoveMember{m, about.Workspace, about.User}, "workspace_members:delete"}, nil
	case MemberRemoved:
		return addAgain(m, about, e.Membership, before)
	case MemberLeft:
		return addAgain(m, about, e.Membership, before)
	case MemberRoleChanged:
		return changeBack(ChangeMember{Meta: m, Workspace: about.Workspace, User: about.User, Role: &e.Role.From})
	case MemberPermissionsChanged:
		return changeBack(ChangeMember{Meta: m, Workspace: about.Workspace, User: about.User, Permissions: &e.Permissions.From})
	case MemberExpiryChanged:
		end := orZero(e.ExpiresAt.From)
		return changeBack(ChangeMember{Meta: m, Workspace: about.Workspace, User: about.User, ExpiresAt: &end})
	case MemberSuspended:
		return changeBack(ReinstateMember{m, about.Workspace, about.User})
	case MemberReinstated:
		return changeBack(SuspendMember{m, about.Workspace, about.User})
	case MemberAccepted:
		return irreversible("nobody can be made to have not accepted: remove the member instead")
	case MemberInvitationRenewed:
		return irreversible("only the hash of the former secret was kept: resend the invitation, or remove it")
	case MemberExpired:
		return irreversible("the membership was to end at its time: add the user again, with another end")

	case OrganizationMemberAdded:
		return Undoing{TakeOrganizationRole{m, about.User}, "organization_members:delete"}, nil
	case OrganizationMemberRoleChanged:
		return Undoing{PutOrganizationMember{m, about.User, e.Role.From}, "organization_members:update"}, nil
	case OrganizationMemberRemoved:
		if e.Role == organizationNobody {
			return irreversible("the user had no role in the organization: revert the events that record the ends of their memberships")
		}
		return Undoing{PutOrganizationMember{m, about.User, e.Role}, "organization_members:update"}, nil
	case OrganizationMemberSuspended:
		return Undoing{ReinstateOrganizationMember{m, about.User}, "organization_members:update"}, nil
	case OrganizationMemberReinstated:
		return Undoing{SuspendOrganizationMember{Meta: m, User: about.User}, "organization_members:update"}, nil
	case OrganizationRenamed:
		return Undoing{RenameOrganization{m, e.Name.From}, "organizations:update"}, nil
	case OrganizationCreated:
		return irreversible("an organization cannot be taken back")

	case UserProfileSet:
		profile, _ := before.(*Profile)
		if profile == nil {
			return irreversible("it is the user's first entry in the directory, and an entry cannot be taken out")
		}
		if profile.ProfileFacts == (ProfileFacts{}) {
			return irreversible("what the profile was before was erased")
		}
		return Undoing{SetProfile{m, about.User, profile.Patch()}, "users:update"}, nil
	case UserErasureRequested, UserErased:
		return irreversible("nobody can read an erased profile any more: write the user's profile again")

	case WorkspaceRenamed:
		return Undoing{RenameWorkspace{m, about.Workspace, e.Name.From}, "workspaces:update"}, nil
	case WorkspaceArchived:
		return Undoing{RestoreWorkspace{m, about.Workspace}, "workspaces:update"}, nil
	case WorkspaceRestored:
		return Undoing{ArchiveWorkspace{m, about.Workspace}, "workspaces:update"}, nil
	case WorkspaceCreated:
		return irreversible("a workspace cannot be taken back: archive it instead")
	case WorkspaceOwnershipTransferred:
		return irreversible("the change is in the two events before it: revert those, or transfer the ownership back")

	case RoleCreated:
		return Undoing{ArchiveRole{m, e.Key}, "roles:delete"}, nil
	case RoleUpdated:
		role, _ := before.(*CustomRole)
		if role == nil {
			return irreversible("what the role was before is not known")
		}
		return Undoing{UpdateRole{m, e.Key, &role.Name, &role.Level, &role.Permissions}, "roles:update"}, nil
	case RoleArchived:
		return irreversible("an archived role stays archived: create another one")

	case SubscriptionPaused:
		return Undoing{ResumeSubscription{m, e.ID}, "subscriptions:update"}, nil
	case SubscriptionResumed:
		return Undoing{PauseSubscription{Meta: m, ID: e.ID, Cause: PauseRequested}, "subscriptions:update"}, nil
	case SubscriptionCreated, SubscriptionUpdated, SubscriptionRewound, SubscriptionSkipped, SubscriptionSecretRotated, SubscriptionDeleted:
		return irreversible("what was delivered cannot be taken back: change, rewind or delete the subscription itself")
	case ReviewOpened, ReviewRowDecided, ReviewClosed:
		return irreversible("a review is the record of what was decided: decide the row again while the review is open, or open another review")
	case TokenIssued:
		return irreversible("somebody may have used the token: revoke it instead")
	case TokenRotated, TokenRevoked:
		return irreversible("a secret that has ended stays ended: issue another token")
	}
	return irreversible("there is no opposite of it")
}

func irreversible(why string) (Undoing, error) {
	return Undoing{}, fmt.Errorf("%w: %s", ErrNotReversible, why)
}

func changeBack(c Command) (Undoing, error) { return Undoing{c, "workspace_members:update"}, nil }

// addAgain undoes the end of a membership: the user gets it again on the terms of before.
func addAgain(m Meta, about About, id MembershipID, before Part) (Undoing, error) {
	member, _ := before.(*Membership)
	switch {
	case member == nil || member.State == MembershipRemoved:
		return irreversible("what the membership was before is not known")
	case member.State == MembershipInvited:
		return irreversible("it was an invitation, and only the hash of its secret was kept: invite the person again")
	}
	add := AddMember{
		Meta: m, Workspace: about.Workspace, User: about.User, Membership: id,
		Terms: Terms{Role: member.Role, Permissions: member.Permissions, ExpiresAt: member.ExpiresAt},
	}
	if member.State == MembershipSuspended {
		return Undoing{AddSuspendedMember{add}, "workspace_members:create"}, nil
	}
	return Undoing{add, "workspace_members:create"}, nil
}

// aspect is a set of things that events change about a part, independently of each other.
type aspect uint8

const (
	aspectFacts       aspect = 1 << iota // a name, a role, a definition
	aspectPermissions                    // of a membership
	aspectEnd                            // of a membership
	aspectEffect                         // whether it is suspended, archived or paused
	aspectSecret                         // of an invitation
	everyAspect       = ^aspect(0)
)

// aspects returns what the event changes about its part.
func aspects(e Event) aspect {
	switch e.(type) { //nolint:gochecksumtype // all others change everything that can be changed
	case MemberRoleChanged, OrganizationMemberAdded, OrganizationMemberRoleChanged, OrganizationMemberRemoved, WorkspaceRenamed, RoleUpdated:
		return aspectFacts
	case MemberPermissionsChanged:
		return aspectPermissions
	case MemberExpiryChanged:
		return aspectEnd
	case MemberSuspended, MemberReinstated, OrganizationMemberSuspended, OrganizationMemberReinstated,
		WorkspaceArchived, WorkspaceRestored, RoleArchived, SubscriptionPaused, SubscriptionResumed:
		return aspectEffect
	case MemberInvitationRenewed, SubscriptionUpdated, SubscriptionRewound, SubscriptionSkipped, SubscriptionSecretRotated:
		return aspectSecret
	case WorkspaceOwnershipTransferred:
		return 0 // other events have made the change
	}
	return everyAspect
}

// Supersedes reports whether the later event has changed what the earlier one had changed, so
// that undoing the earlier one would also undo the later one.
func Supersedes(later, earlier Event) bool {
	of := subjects(earlier)
	if len(of) != 1 || aspects(later)&aspects(earlier) == 0 {
		return false
	}
	for _, k := range subjects(later) {
		if k == of[0] {
			return true
		}
	}
	return false
}

// TakeOrganizationRole takes a user's role in the organization. Unlike
// [RemoveOrganizationMember] it leaves their memberships. It undoes
// [OrganizationMemberAdded].
type TakeOrganizationRole struct {
	Meta
	User UserID
}

// CommandType is take_organization_role.
func (TakeOrganizationRole) CommandType() string { return "take_organization_role" }

func (c TakeOrganizationRole) target(*State) Key {
	return OrganizationMemberKey(c.Organization, c.User)
}

func (c TakeOrganizationRole) needs(keys []Key, _ *State) []Key {
	return organizationMemberNeeds(keys, c.Meta, c.User)
}

func (c TakeOrganizationRole) decide(s *State, _ time.Time) ([]Event, error) {
	member, err := s.mayChangeOrganizationMember(c.Meta, c.User, organizationNobody)
	if err != nil || member.role() == organizationNobody {
		return nil, err
	}
	return []Event{OrganizationMemberRemoved{About{Organization: c.Organization, User: c.User}, member.Role, false}}, nil
}
