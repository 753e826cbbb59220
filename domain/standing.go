package domain

import (
	"fmt"
	"slices"
	"time"
)

// mayAct refuses an actor whose token has expired, and one who is suspended in the
// organization. Somebody who is suspended may still give up what they have. What a person
// gets for themself takes somebody who belongs to the organization.
func (s *State) mayAct(c Command, at time.Time) error {
	m := c.Metadata()
	if end := m.Actor.Credential.ExpiresAt; !end.IsZero() && !at.Before(end) {
		return fmt.Errorf("the token expired at %s: %w", end.Format(time.RFC3339), ErrNotAllowed)
	}
	person := m.person()
	if person.IsZero() || s.Organization(m.Organization) == nil { // the command says so itself
		return nil
	}
	switch plain(c).(type) { //nolint:gochecksumtype // all others need authority, or an invitation
	case LeaveWorkspace, RevokeToken:
		return nil
	case IssueToken, RotateToken, SetProfile:
		if !s.belongs(m.Organization, person, at) {
			return fmt.Errorf("user %s does not belong to the organization: %w", person, ErrNotAllowed)
		}
	}
	if s.OrganizationMember(m.Organization, person).suspended() {
		return fmt.Errorf("user %s is suspended in the organization: %w", person, ErrNotAllowed)
	}
	return nil
}

// belongs reports whether the user has a role in the organization, or a membership or an
// invitation in one of its workspaces, at that time.
func (s *State) belongs(org OrganizationID, user UserID, at time.Time) bool {
	return s.OrganizationMember(org, user).Present() || s.UserMemberships(org, user).here(at)
}

// hasLeft reports whether the user once belonged to the organization, or was suspended in
// it, and does not belong to it at that time.
func (s *State) hasLeft(org OrganizationID, user UserID, at time.Time) bool {
	return !s.belongs(org, user, at) && (s.OrganizationMember(org, user) != nil || s.UserMemberships(org, user) != nil)
}

// mayGain refuses a command by whose events somebody gains something who is suspended in
// the organization. It also refuses a token for somebody who has left the organization.
// The state is that from before the events.
func (s *State) mayGain(m Meta, events []Event, at time.Time) error {
	for _, e := range events {
		user := s.gainer(e, events)
		if user.IsZero() {
			continue
		}
		if s.OrganizationMember(m.Organization, user).suspended() {
			return fmt.Errorf("user %s: %w", user, ErrUserSuspended)
		}
		switch e.(type) { //nolint:gochecksumtype // a user who is added or invited belongs to it again
		case TokenIssued, TokenRotated:
			if s.hasLeft(m.Organization, user, at) {
				return fmt.Errorf("user %s has left the organization, so a token for them needs a role or a membership first: %w", user, ErrNotAllowed)
			}
		}
	}
	return nil
}

// gainer returns the user who gains something by the event, which is one of the events of a
// command. It returns the zero id if nobody does: an event can also take something away, or
// be about no user.
func (s *State) gainer(e Event, all []Event) UserID {
	about := e.Concerns()
	gains := false
	switch e := e.(type) {
	case MemberInvited, MemberAdded, MemberAccepted, MemberInvitationRenewed, MemberReinstated, OrganizationMemberAdded:
		gains = true
	case MemberRoleChanged, MemberPermissionsChanged:
		gains = s.termsGain(about, all)
	case MemberExpiryChanged:
		gains = endsLater(orZero(e.ExpiresAt.To), orZero(e.ExpiresAt.From))
	case OrganizationMemberRoleChanged:
		gains = e.Role.To.Level() > e.Role.From.Level()
	case WorkspaceOwnershipTransferred:
		return e.Owner.To
	case TokenIssued:
		return e.Token.User
	case TokenRotated:
		return s.Token(e.Organization, e.TokenID).User

	case OrganizationCreated, OrganizationRenamed, WorkspaceCreated, WorkspaceRenamed, WorkspaceArchived, WorkspaceRestored,
		RoleCreated, RoleUpdated, RoleArchived,
		SubscriptionCreated, SubscriptionUpdated, SubscriptionPaused, SubscriptionResumed, SubscriptionRewound, SubscriptionSkipped,
		SubscriptionSecretRotated, SubscriptionDeleted, ReviewOpened, ReviewClosed: // about no user
	case ReviewRowDecided: // gives nothing
	case MemberSuspended, MemberRemoved, MemberLeft, MemberExpired,
		OrganizationMemberRemoved, OrganizationMemberSuspended, TokenRevoked: // take something away
	case OrganizationMemberReinstated: // is the way back
	case UserProfileSet, UserErasureRequested, UserErased: // give no access
	}
	if gains {
		return about.User
	}
	return UserID{}
}

// termsGain reports whether the member can do more after the events than before. A command
// can change the role and the list of permissions, so both are looked at together.
func (s *State) termsGain(about About, events []Event) bool {
	member := s.Membership(about.Workspace, about.User)
	key, list := member.Role, member.Permissions
	for _, e := range events {
		if e.Concerns() != about {
			continue
		}
		switch e := e.(type) { //nolint:gochecksumtype // no other event changes either of them
		case MemberRoleChanged:
			key = e.Role.To
		case MemberPermissionsChanged:
			list = e.Permissions.To
		}
	}
	from, _ := s.Role(about.Organization, member.Role)
	to, _ := s.Role(about.Organization, key)
	return to.Level > from.Level || adds(effective(from, member.Permissions), effective(to, list))
}

// effective returns the permissions that a membership with the role gives. The list
// replaces those of the role, unless it is nil.
func effective(role Role, list []Permission) []Permission {
	if list != nil {
		return list
	}
	return role.Permissions
}

// adds reports whether the new permissions include one that the old ones do not.
func adds(from, to []Permission) bool {
	return slices.ContainsFunc(to, func(p Permission) bool { return !slices.Contains(from, p) })
}
