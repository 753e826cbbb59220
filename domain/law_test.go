package domain

import (
	"slices"
	"time"

	"pgregory.net/rapid"
)

// law checks the events of a command against what its actor was allowed to do before the
// command.
type law struct {
	*model
	command Command
	by      Meta
	at      time.Time
	rank    Level
	powers  map[WorkspaceID]power
	barred  bool
}

func (w *world) law(c Command) law {
	l := law{model: &w.model, command: c, by: c.Metadata(), at: w.at, powers: map[WorkspaceID]power{}}
	l.rank, l.barred = w.model.rank(l.by), w.model.suspended(l.by)
	for _, ws := range allWorkspaces {
		l.powers[ws] = w.model.power(l.by, ws, w.at)
	}
	return l
}

func (l law) hold(t *rapid.T, event Event) {
	about := event.Concerns()
	must := func(ok bool, what string) {
		if !ok {
			t.Fatalf("%s: %#v by %+v with %+v, in the organization %d", what, event, l.command, l.powers[about.Workspace], l.rank)
		}
	}
	must(about.Organization == l.by.Organization, "another organization")
	must(l.by.OnBehalfOf.IsZero() || l.by.Actor.User.IsZero() || l.by.person() == l.by.Actor.User, "a person acts for another")
	if !about.Workspace.IsZero() {
		home, known := l.homes[about.Workspace]
		must(!known || home == l.by.Organization, "another organization's workspace")
	}
	l.holdGains(event, must)
	if about.User.IsZero() || about.Workspace.IsZero() {
		l.holdOthers(event, must)
	} else {
		l.holdMember(event, must)
	}
}

// holdGains checks that nobody acts who is suspended, except to give something up, and
// that nobody gets anything who is suspended or, for a token, has left. Changes of a role
// and of a list are looked at together, when all events of the command are known: see
// [world.heldFromSuspended].
func (l law) holdGains(event Event, must func(bool, string)) {
	org, user := event.Concerns().Organization, event.Concerns().User
	was := l.ties[MembershipKey(event.Concerns().Workspace, user)]
	gets := func(user UserID, more bool) {
		must(!more || !l.model.barred[OrganizationMemberKey(org, user)], "somebody suspended got something")
	}
	token := func(facts TokenFacts) {
		gets(facts.User, true)
		must(!l.met[OrganizationMemberKey(org, facts.User)] || l.belongs(facts.User, org, l.at), "a token for somebody who has left")
		must(l.by.person().IsZero() || l.belongs(l.by.person(), org, l.at), "a token by somebody who has left")
	}
	switch e := event.(type) {
	case MemberLeft, TokenRevoked:
		return
	case MemberInvited, MemberAdded, MemberAccepted, MemberInvitationRenewed, MemberReinstated, OrganizationMemberAdded:
		gets(user, true)
	case MemberExpiryChanged:
		gets(user, !was.ends.IsZero() && (e.ExpiresAt.To == nil || e.ExpiresAt.To.After(was.ends)))
	case OrganizationMemberRoleChanged:
		gets(user, e.Role.To == OrganizationOwner || e.Role.To == OrganizationAdmin && e.Role.From == OrganizationPlain)
	case WorkspaceOwnershipTransferred:
		gets(e.Owner.To, true)
	case TokenIssued:
		token(e.Token)
	case TokenRotated:
		token(l.tokens[TokenKey(org, e.TokenID)])
	}
	must(!l.barred, "by somebody suspended")
	if ends := l.by.Actor.Credential.ExpiresAt; !ends.IsZero() {
		must(l.at.Before(ends), "with a token that has expired")
	}
}

// holdMember checks an event of a membership.
func (l law) holdMember(event Event, must func(bool, string)) {
	about, at := event.Concerns(), l.at
	was, self := l.ties[MembershipKey(about.Workspace, about.User)], l.by.person() == about.User
	power := l.powers[about.Workspace]
	bounded := self && l.ranks[OrganizationMemberKey(about.Organization, about.User)].Level() == 0 // the actor's power comes from the membership that changes
	level := func(key RoleKey) Level { return l.role(about.Organization, key).Level }
	_, offboarding := l.command.(RemoveOrganizationMember)

	switch e := event.(type) {
	case ReviewRowDecided:
		must(power.level >= 40 && !l.by.person().IsZero(), "by nobody, or by who does not manage the workspace")
		must(e.User != l.by.person() && e.User != l.by.Actor.User, "reviewed themself")
		must(e.Decision == ReviewKept && e.Before != ReviewRevoked || l.ranks[OrganizationMemberKey(e.Organization, e.User)].Level() < 40, "revoked what stays, or kept what is gone")
		return
	case MemberRemoved:
		if was.by != (EventID{}) { // it has ended with all others
			c, recording := l.command.(EndMemberships)
			must(offboarding && l.rank >= 40 || recording && l.by.Actor.Kind == ActorSystem && was.by == c.Cause, "not by the command that ended it, and not by itself")
			must(e.Role == was.role && e.Membership == was.id, "not what was")
			return
		}
	case MemberExpired:
		must(!was.here(at) && was.state != MembershipRemoved && e.Membership == was.id && e.Role == was.role, "has not ended, or was said to")
		must(power.level >= 40 || l.by.Actor.Kind == ActorSystem, "not by itself")
		return
	case MemberLeft:
		must(self && (l.by.Actor.Credential.Workspace.IsZero() || l.by.Actor.Credential.Workspace == e.Workspace), "made another leave")
		must(was.here(at) && e.Role == was.role, "left what had ended")
	case MemberAccepted:
		c := l.command.(AcceptInvitation)
		program := l.by.person().IsZero() && (l.by.Actor.Credential.Workspace.IsZero() || l.by.Actor.Credential.Workspace == e.Workspace)
		must(was.here(at) && was.state == MembershipInvited, "accepted what is no invitation")
		must(l.mayGet(about.Organization, was.role), "got a role that nobody gets any more")
		must(c.Secret.IsZero() && (self || program) || c.Secret == was.secret, "accepted for another")
	default:
		must(power.level >= 40, "not a manager")
		must(level(was.role) <= power.level || !was.here(at), "changed who is above")
	}
	must(!l.archived[about.Workspace] || offboarding, "archived")

	terms := func(t Terms) {
		must(!was.here(at) && (was.state == "" || was.state == MembershipRemoved) && was.by == (EventID{}), "added a member, or one whose end is not recorded")
		must(l.mayGet(about.Organization, t.Role) && level(t.Role) <= power.level, "gave a role above, or none")
		must(t.ExpiresAt.IsZero() || t.ExpiresAt.After(at), "to what had ended")
	}
	switch e := event.(type) {
	case MemberAdded:
		terms(Terms{e.Role, e.Permissions, e.ExpiresAt})
		must(was.id.IsZero() || was.id == e.Membership, "another membership")
		return
	case MemberInvited:
		terms(Terms{e.Role, e.Permissions, e.ExpiresAt})
		must(was.id.IsZero() || was.id == e.Membership, "another membership")
		must(e.Invitation.ExpiresAt.After(at) && !e.Invitation.ExpiresAt.After(at.Add(30*24*time.Hour)), "not 30 days")
		return
	}
	must(was.here(at), "changed who is none")
	switch e := event.(type) {
	case MemberInvitationRenewed:
		must(was.state == MembershipInvited && e.Invitation.ExpiresAt.After(at), "renewed what is no invitation")
		must(l.mayGet(about.Organization, was.role), "promised a role that nobody gets any more")
	case MemberRoleChanged:
		must(was.role == e.Role.From && e.Role.From != e.Role.To, "not what was")
		must(l.mayGet(about.Organization, e.Role.To) && level(e.Role.To) <= power.level, "gave a role above, or none")
	case MemberPermissionsChanged:
		must(samePermissions(was.list, e.Permissions.From) && !samePermissions(e.Permissions.From, e.Permissions.To), "not what was")
	case MemberExpiryChanged:
		from, to := orZero(e.ExpiresAt.From), orZero(e.ExpiresAt.To)
		must(was.ends.Equal(from) && !from.Equal(to) && (to.IsZero() || to.After(at)), "not what was, or what had ended")
		must(!bounded || from.IsZero() || !to.IsZero() && to.Before(from), "prolonged their own")
	case MemberSuspended:
		must(was.state == MembershipActive, "suspended who was not active")
	case MemberReinstated:
		must(was.state == MembershipSuspended, "reinstated who was not suspended")
	case MemberRemoved:
		must(e.Role == was.role && e.Membership == was.id, "not what was")
	}
}

// holdOthers checks an event of anything but a membership.
func (l law) holdOthers(event Event, must func(bool, string)) {
	person, bound := l.by.person(), l.by.Actor.Credential.Workspace
	manages := l.powers[event.Concerns().Workspace].level >= 40
	switch e := event.(type) {
	case WorkspaceCreated:
		must(l.rank >= 40, "not the organization's")
	case WorkspaceRenamed:
		must(manages && !l.archived[e.Workspace], "archived, or not a manager")
	case WorkspaceArchived, WorkspaceRestored:
		must(manages, "not a manager")
	case WorkspaceOwnershipTransferred:
		must(l.powers[e.Workspace].level == 50 && !l.archived[e.Workspace], "archived, or not an owner")
		must(l.ties[MembershipKey(e.Workspace, e.Owner.To)].lastingOwner(), "to no owner")
		must(l.ties[MembershipKey(e.Workspace, e.Owner.From)].role == RoleAdmin, "from who is no admin now")
	case OrganizationCreated:
		must(l.by.Actor.Kind == ActorSystem && person.IsZero(), "not the root token")
	case OrganizationRenamed, RoleArchived:
		must(l.rank >= 40, "not the organization's")
	case RoleCreated:
		must(l.rank >= 40 && e.Level >= 1 && e.Level <= 49, "not the organization's, or no level")
		must(l.role(e.Organization, e.Key).Level == 0, "a role that there is, or was")
	case RoleUpdated:
		must(l.rank >= 40 && e.Level >= 1 && e.Level <= 49, "not the organization's, or no level")
		must(l.roles[CustomRoleKey(e.Organization, e.Key)].ID == e.RoleID, "another role")
	case OrganizationMemberAdded:
		must(l.rank >= e.Role.Level() && l.rank >= 40 && e.Role.Valid(), "gave a role above")
		must(!e.User.IsZero(), "added nobody")
	case OrganizationMemberRoleChanged:
		must(l.rank >= e.Role.From.Level() && l.rank >= e.Role.To.Level() && l.rank >= 40 && e.Role.To.Valid(), "changed a role above")
		must(l.ranks[OrganizationMemberKey(e.Organization, e.User)] == e.Role.From, "not what was")
	case OrganizationMemberRemoved:
		must(l.rank >= e.Role.Level() && l.rank >= 40, "took a role above")
	case OrganizationMemberSuspended:
		must(l.rank >= 40 && l.rank >= l.ranks[OrganizationMemberKey(e.Organization, e.User)].Level(), "suspended who is above")
	case OrganizationMemberReinstated:
		must(l.rank >= 40 && l.rank >= l.ranks[OrganizationMemberKey(e.Organization, e.User)].Level(), "reinstated who is above")
	case UserProfileSet:
		must(!e.User.IsZero() && !l.barred, "nobody's profile, or by who is suspended")
		before, entered := l.profiles[ProfileKey(e.Organization, e.User)]
		own := e.User == person && entered && e.Profile.Email == before.Email
		must(l.rank >= 40 || own || l.invites() && !l.knows(e.Organization, e.User), "tied an address to somebody, or another's profile")
		must(l.saidOrStayed(before, e.Profile), "changed what was not said")
	case UserErasureRequested:
		_, entered := l.profiles[ProfileKey(e.Organization, e.User)]
		must(l.rank == 50 && entered && !e.Key.IsZero(), "by no owner, or of who has no profile that a key can erase")
		must(!l.belongs(e.User, e.Organization, l.at), "of who has not left")
	case UserErased:
		done, asked := l.erased[ProfileKey(e.Organization, e.User)]
		must(l.by.Actor.Kind == ActorSystem && asked && !done, "not by Muster, or of what was not asked for")
	case TokenIssued:
		must(!l.barred && (bound.IsZero() || bound == e.Token.Workspace), "a token of another workspace, or by who is suspended")
		must(person.IsZero() || person == e.Token.User, "a token for another")
		must(l.mayActAs(e.Token.User), "a token of a user, by who may not act as them")
		must(!slices.ContainsFunc(e.Token.Scopes, func(s Scope) bool { return !l.by.Actor.Credential.Scopes.Allow(s) }), "a token that may do more")
	case TokenRotated:
		token := l.tokens[TokenKey(e.Organization, e.TokenID)]
		must(!l.barred && (bound.IsZero() || bound == token.Workspace), "a token of another workspace, or by who is suspended")
		must(person.IsZero() || person == token.User, "a token of another")
		must(l.mayActAs(token.User), "a token of a user, by who may not act as them")
		must(!slices.ContainsFunc(token.Scopes, func(s Scope) bool { return !l.by.Actor.Credential.Scopes.Allow(s) }), "a token that may do more")
		must(token.ExpiresAt.IsZero() || l.at.Before(token.ExpiresAt), "a token that has expired")
		must(!l.revoked[TokenKey(e.Organization, e.TokenID)], "a token that was revoked")
		must(!e.FormerUntil.Before(l.at) && !e.FormerUntil.After(l.at.Add(7*24*time.Hour)), "not 7 days")
	case TokenRevoked:
		token := l.tokens[TokenKey(e.Organization, e.TokenID)]
		mine := !person.IsZero() && token.User == person && (bound.IsZero() || bound == token.Workspace)
		must(mine || l.rank >= 40, "another's token")
	case SubscriptionCreated, SubscriptionResumed, SubscriptionRewound, SubscriptionSecretRotated:
		must(l.rank >= 40 && l.reads(), "a subscription of who does not act for the organization, or may not read events")
	case SubscriptionUpdated, SubscriptionPaused, SubscriptionSkipped, SubscriptionDeleted:
		must(l.rank >= 40, "not the organization's")
	case ReviewOpened, ReviewClosed:
		must(l.rank >= 40 || !event.Concerns().Workspace.IsZero() && manages, "of who does not manage what is reviewed")
	default:
		must(false, "of no law")
	}
}

// invites reports whether the command invites somebody and its actor manages the
// workspace.
func (l law) invites() bool {
	c, ok := l.command.(InviteMember)
	return ok && l.powers[c.Workspace].level >= 40
}

// reads reports whether the actor's token may read events.
func (l law) reads() bool {
	scopes := l.by.Actor.Credential.Scopes
	return slices.Contains(scopes, "all:all") || slices.Contains(scopes, "all:read")
}

// mayActAs reports whether the actor's own token is the user's or may act as any user.
func (l law) mayActAs(user UserID) bool {
	scopes := l.by.Actor.Credential.Scopes
	return user.IsZero() || user == l.by.Actor.User || slices.Contains(scopes, "all:all") || slices.Contains(scopes, "actors:impersonate")
}

// saidOrStayed reports whether each field of a profile is as the command says, or as it
// was if the command says nothing of it.
func (l law) saidOrStayed(before, after ProfileFacts) bool {
	patch := before.Patch()
	switch c := l.command.(type) {
	case AddMember:
		patch = *c.Profile
	case AddSuspendedMember:
		patch = *c.Profile
	case SetProfile:
		patch = c.Profile
	case InviteMember:
		patch = c.Profile.Patch()
	case CreateOrganization:
		patch = c.Profile.Patch()
	}
	said := func(sent *string, was, is string) bool { return sent == nil && was == is || sent != nil && *sent == is }
	return said(patch.First, before.Name.First, after.Name.First) && said(patch.Last, before.Name.Last, after.Name.Last) &&
		said(patch.AvatarURL, before.AvatarURL, after.AvatarURL) &&
		(patch.Email == nil && before.Email == after.Email || patch.Email != nil && FoldEmail(*patch.Email) == FoldEmail(after.Email))
}
