package projections

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/muster-dev/muster/domain"
)

// drawCommand draws any command. There are few names, so that the commands meet.
func drawCommand(t *rapid.T, h *history, org domain.OrganizationID) domain.Command {
	meta := root(org)
	if rapid.Bool().Draw(t, "keyed") {
		meta = keyed(org)
	}
	// A workspace belongs to the organization that its number says, so that the
	// same one is not made twice.
	ws := wsID(rapid.IntRange(0, 1).Draw(t, "workspace")<<8 | int(org[0]))
	user := userID(rapid.IntRange(1, 4).Draw(t, "user"))
	meta.Actor = rapid.SampledFrom([]domain.Actor{
		meta.Actor, meta.Actor, meta.Actor,
		{Kind: domain.ActorToken, ID: "token", Credential: meta.Actor.Credential},
		{Kind: domain.ActorUser, ID: userID(1).String(), User: userID(1), Credential: meta.Actor.Credential},
	}).Draw(t, "actor")
	if meta.Actor.Kind == domain.ActorToken && rapid.Bool().Draw(t, "on behalf") {
		meta.OnBehalfOf = userID(2)
	}
	switch rapid.IntRange(0, 4).Draw(t, "about") {
	case 0:
		return drawOfOrganization(t, h, meta, user)
	case 1:
		return drawOfWorkspace(t, meta, ws, user)
	case 2:
		return drawOfRole(t, meta)
	default:
		if rapid.IntRange(0, 5).Draw(t, "batch") > 0 {
			return drawOfMember(t, h, meta, ws, user)
		}
		b := domain.Batch{Meta: meta, Workspace: ws, Atomic: rapid.Bool().Draw(t, "atomic")}
		for n := range 4 {
			b.Operations = append(b.Operations, drawOfMember(t, h, meta, ws, userID(n+1)))
		}
		return b
	}
}

var names = rapid.SampledFrom([]string{"Ada", "Zoë", "Ærø & Søn"})

func drawFacts(t *rapid.T) domain.ProfileFacts {
	return domain.ProfileFacts{
		Email: rapid.SampledFrom([]string{"a@example.com", "A@example.com", "b@example.com", "Ç@example.com", "C\u0327@example.com", "c@example.com"}).Draw(t, "email"),
		Name:  domain.PersonName{First: names.Draw(t, "name")}, AvatarURL: rapid.SampledFrom([]string{"", "https://example.com/a.png"}).Draw(t, "avatar"),
	}
}

func drawOfOrganization(t *rapid.T, h *history, meta domain.Meta, user domain.UserID) domain.Command {
	org := meta.Organization
	token := domain.TokenID{org[0], byte(rapid.IntRange(0, 2).Draw(t, "token")), 0xE}
	switch rapid.IntRange(0, 17).Draw(t, "command") {
	case 13, 14, 15:
		return drawOfErasure(t, h, meta, user)
	case 16:
		return domain.TakeOrganizationRole{Meta: meta, User: user}
	case 17:
		return drawRevert(t, h, meta)
	case 12:
		return drawOfReview(t, meta, user)
	case 10, 11:
		return drawOfSubscription(t, h, meta)
	case 0:
		return domain.CreateOrganization{Meta: meta, Name: names.Draw(t, "name"), Owner: user, Profile: drawFacts(t)}
	case 1:
		return domain.RenameOrganization{Meta: meta, Name: names.Draw(t, "name")}
	case 2, 3:
		role := rapid.SampledFrom([]domain.OrganizationRole{domain.OrganizationOwner, domain.OrganizationAdmin, domain.OrganizationPlain}).Draw(t, "role")
		return domain.PutOrganizationMember{Meta: meta, User: user, Role: role}
	case 4:
		if list := h.state.UserMemberships(org, user); list != nil && len(list.Ending) > 0 {
			meta.Cause, meta.Actor = list.Ending[0].By, domain.Actor{Kind: domain.ActorSystem, ID: "muster"}
			return domain.EndMemberships{Meta: meta, User: user, AtOnce: rapid.IntRange(0, 1).Draw(t, "at once")}
		}
		return domain.RemoveOrganizationMember{Meta: meta, User: user, AtOnce: rapid.IntRange(0, 2).Draw(t, "at once")}
	case 5:
		return domain.SuspendOrganizationMember{Meta: meta, User: user, Force: rapid.Bool().Draw(t, "forced")}
	case 6:
		return domain.ReinstateOrganizationMember{Meta: meta, User: user}
	case 7:
		facts := domain.TokenFacts{
			ID: token, Name: names.Draw(t, "name"), Secret: domain.Hash(append(token[:], token[:]...)),
			Scopes: domain.Scopes{"workspaces:read", "workspace_members:all"},
		}
		if rapid.Bool().Draw(t, "bound") {
			facts.User = user
		}
		return domain.IssueToken{Meta: meta, Token: facts}
	case 8:
		secret := domain.Hash(append(token[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "secret")...))
		return domain.RotateToken{Meta: meta, Token: token, Secret: secret, Overlap: time.Hour}
	default:
		return domain.RevokeToken{Meta: meta, Token: token}
	}
}

// drawOfErasure draws what leads to the erasure of a user who mostly has no membership.
func drawOfErasure(t *rapid.T, h *history, meta domain.Meta, user domain.UserID) domain.Command {
	if rapid.IntRange(0, 4).Draw(t, "a stranger") > 0 {
		user = userID(5)
		meta.Actor, meta.OnBehalfOf = root(meta.Organization).Actor, domain.UserID{}
	}
	erasure, _ := h.state.Erasure(meta.Organization, user)
	switch rapid.IntRange(0, 3).Draw(t, "erasure") {
	case 0:
		return domain.SetProfile{Meta: meta, User: user, Profile: drawFacts(t).Patch()}
	case 1, 2:
		return domain.RequestErasure{Meta: meta, User: user}
	default:
		meta.Actor = domain.Actor{Kind: domain.ActorSystem, ID: "muster"}
		return domain.FinishErasure{Meta: meta, User: user, Key: erasure.Key}
	}
}

// drawRevert draws an event that says itself what was before, and reverts it.
func drawRevert(t *rapid.T, h *history, meta domain.Meta) domain.Command {
	message := rapid.SampledFrom(h.messages).Draw(t, "message")
	event := rapid.SampledFrom(message.Entries).Draw(t, "event").Recorded
	return domain.Revert{Meta: meta, Event: &event, Seen: event.Number + uint64(rapid.IntRange(0, 99).Draw(t, "seen"))}
}

// setOf returns which event has set the subscription's cursor.
func setOf(h *history, org domain.OrganizationID, id domain.SubscriptionID) uint64 {
	if c := h.state.Subscription(org, id); c != nil {
		return c.Set
	}
	return 0
}

func drawOfSubscription(t *rapid.T, h *history, meta domain.Meta) domain.Command {
	facts := webhook(rapid.ByteRange(1, 2).Draw(t, "subscription"))
	facts.ID[1] = meta.Organization[0]
	from := rapid.Uint64Range(0, 3).Draw(t, "from")
	switch rapid.IntRange(0, 9).Draw(t, "command") {
	case 0, 1, 2:
		return domain.CreateSubscription{Meta: meta, Subscription: facts, From: from}
	case 3:
		types := rapid.SampledFrom([][]string{{}, {"muster.member.*"}, {"muster.role.created", "muster.token.*"}}).Draw(t, "types")
		return domain.UpdateSubscription{Meta: meta, ID: facts.ID, Name: new(names.Draw(t, "name")), Types: &types}
	case 4:
		return domain.PauseSubscription{Meta: meta, ID: facts.ID, Cause: domain.PauseGone, Detail: "410"}
	case 5:
		return domain.ResumeSubscription{Meta: meta, ID: facts.ID}
	case 6:
		return domain.RewindSubscription{Meta: meta, ID: facts.ID, From: from}
	case 7:
		return domain.SkipEvent{Meta: meta, ID: facts.ID, Number: from + 1, Next: from + 1, Set: setOf(h, meta.Organization, facts.ID), Why: "a reason"}
	case 8:
		return domain.RotateSubscriptionSecret{Meta: meta, ID: facts.ID, Secret: domain.Hash{byte(from)}, Generation: int(from) + 1, Overlap: time.Hour}
	default:
		return domain.DeleteSubscription{Meta: meta, ID: facts.ID}
	}
}

func drawOfReview(t *rapid.T, meta domain.Meta, user domain.UserID) domain.Command {
	facts := review(rapid.ByteRange(1, 2).Draw(t, "review"))
	facts.ID[1] = meta.Organization[0]
	switch rapid.IntRange(0, 5).Draw(t, "command") {
	case 0, 1:
		return domain.OpenReview{Meta: meta, Review: facts}
	case 2:
		return domain.CloseReview{Meta: meta, ID: facts.ID, LeaveUndecided: true, Why: "late"}
	default:
		meta.OnBehalfOf = userID(rapid.IntRange(1, 4).Draw(t, "reviewer"))
		decision := rapid.SampledFrom([]domain.ReviewDecision{domain.ReviewKept, domain.ReviewRevoked}).Draw(t, "decision")
		return domain.DecideReview{Meta: meta, ID: facts.ID, Decisions: []domain.RowDecision{{Workspace: wsID(1), User: user, Decision: decision}}}
	}
}

func drawOfWorkspace(t *rapid.T, meta domain.Meta, ws domain.WorkspaceID, user domain.UserID) domain.Command {
	switch rapid.IntRange(0, 5).Draw(t, "command") {
	case 0:
		return domain.CreateWorkspace{Meta: meta, Workspace: ws, Name: names.Draw(t, "name"), Owner: user, Membership: membershipID(ws, user)}
	case 1:
		return domain.RenameWorkspace{Meta: meta, Workspace: ws, Name: names.Draw(t, "name")}
	case 2:
		return domain.ArchiveWorkspace{Meta: meta, Workspace: ws}
	case 3:
		return domain.RestoreWorkspace{Meta: meta, Workspace: ws}
	case 4:
		return domain.TransferOwnership{Meta: meta, Workspace: ws, From: userID(rapid.IntRange(1, 4).Draw(t, "from")), To: user}
	default:
		return domain.SetProfile{Meta: meta, User: user, Profile: drawFacts(t).Patch()}
	}
}

// unique returns an id that no command has used before.
func unique(meta domain.Meta) domain.MembershipID {
	return domain.MembershipID(root(meta.Organization).ID)
}

var permissionLists = rapid.SampledFrom([][]domain.Permission{nil, {}, {"workspace.view"}, {"reports.view", "reports.export"}})

func drawOfRole(t *rapid.T, meta domain.Meta) domain.Command {
	key := rapid.SampledFrom([]domain.RoleKey{"auditor", "chief"}).Draw(t, "key")
	level := domain.Level(rapid.SampledFrom([]int{5, 40, 49}).Draw(t, "level"))
	switch rapid.IntRange(0, 4).Draw(t, "command") {
	case 0, 1:
		return domain.CreateRole{Meta: meta, Role: domain.Role{
			ID: domain.RoleID{meta.Organization[0], key[0]}, Key: key, Name: names.Draw(t, "name"), Level: level, Permissions: permissionLists.Draw(t, "permissions"),
		}}
	case 2, 3:
		permissions := permissionLists.Draw(t, "permissions")
		return domain.UpdateRole{Meta: meta, Key: key, Level: &level, Permissions: &permissions}
	default:
		return domain.ArchiveRole{Meta: meta, Key: key}
	}
}

func drawOfMember(t *rapid.T, h *history, meta domain.Meta, ws domain.WorkspaceID, user domain.UserID) domain.Command {
	terms := domain.Terms{
		Role: rapid.SampledFrom([]domain.RoleKey{
			domain.RoleOwner, domain.RoleOwner, domain.RoleAdmin, domain.RoleEditor, domain.RoleClient, "auditor", "chief",
		}).Draw(t, "role"),
		Permissions: permissionLists.Draw(t, "permissions"),
	}
	// The history's clock makes a step of about two milliseconds with every message.
	if lasts := rapid.SampledFrom([]int{0, 0, 0, 3, 10, 1000}).Draw(t, "lasts"); lasts > 0 {
		terms.ExpiresAt = h.now.Truncate(time.Millisecond).Add(time.Duration(lasts) * time.Millisecond)
	}
	lasts := rapid.SampledFrom([]time.Duration{0, 0, 5 * time.Millisecond}).Draw(t, "invitation lasts")
	switch rapid.IntRange(0, 14).Draw(t, "command") {
	case 0, 1:
		c := domain.AddMember{Meta: meta, Workspace: ws, User: user, Terms: terms, Membership: membershipID(ws, user)}
		if rapid.Bool().Draw(t, "introduced") {
			c.Profile = new(drawFacts(t).Patch())
		}
		if rapid.Bool().Draw(t, "suspended") {
			return domain.AddSuspendedMember{AddMember: c}
		}
		return c
	case 2:
		if rapid.Bool().Draw(t, "role alone") {
			return domain.PutMemberRole{Meta: meta, Workspace: ws, User: user, Role: terms.Role, Membership: membershipID(ws, user)}
		}
		return domain.PutMember{Meta: meta, Workspace: ws, User: user, Terms: terms, Membership: membershipID(ws, user)}
	case 3, 4:
		// Who it is follows from the address, so the membership's id cannot be made of it.
		return domain.InviteMember{
			Meta: meta, Workspace: ws, Profile: drawFacts(t), Terms: terms, User: user, Membership: unique(meta),
			Secret: domain.Hash(append(ws[:], meta.ID[:]...)), Lasts: lasts,
		}
	case 5, 6:
		c := domain.AcceptInvitation{Meta: meta, Workspace: ws, User: user}
		if member := h.state.Membership(ws, user); member != nil && rapid.Bool().Draw(t, "with secret") {
			c.Secret = member.Invitation.Secret
		}
		return c
	case 7:
		return domain.RenewInvitation{Meta: meta, Workspace: ws, User: user, Secret: domain.Hash(append(ws[:], meta.ID[:]...)), Lasts: lasts}
	case 8, 9:
		c := domain.ChangeMember{Meta: meta, Workspace: ws, User: user}
		if rapid.Bool().Draw(t, "change role") {
			c.Role = &terms.Role
		}
		if rapid.Bool().Draw(t, "change permissions") {
			c.Permissions = &terms.Permissions
		}
		if rapid.Bool().Draw(t, "change expiry") {
			c.ExpiresAt = &terms.ExpiresAt
		}
		return c
	case 10:
		return domain.SuspendMember{Meta: meta, Workspace: ws, User: user}
	case 11:
		return domain.ReinstateMember{Meta: meta, Workspace: ws, User: user}
	case 12:
		return domain.RemoveMember{Meta: meta, Workspace: ws, User: user}
	case 13:
		meta.Actor = domain.Actor{Kind: domain.ActorToken, ID: "token", Credential: meta.Actor.Credential}
		meta.OnBehalfOf = user
		return domain.LeaveWorkspace{Meta: meta, Workspace: ws, User: user}
	default:
		meta.Actor = domain.Actor{Kind: domain.ActorSystem, ID: "muster"}
		return domain.ExpireMember{Meta: meta, Workspace: ws, User: user}
	}
}

// What is never drawn, [TestAgreesWithEvolve] does not compare with the state.
func TestEveryCommandIsDrawn(t *testing.T) {
	t.Parallel()
	h := newHistory(1)
	for _, c := range []domain.Command{
		createOrganization(orgID(1), 9), createWorkspace(orgID(1), wsID(1), 9), createWorkspace(orgID(1), wsID(2), 9),
		addMember(orgID(1), wsID(1), 1, domain.RoleEditor), addMember(orgID(1), wsID(2), 1, domain.RoleEditor),
		domain.RemoveOrganizationMember{Meta: root(orgID(1)), User: userID(1), AtOnce: 1},
	} {
		h.do(t, c)
	}
	command := rapid.Custom(func(t *rapid.T) string { return drawCommand(t, h, orgID(1)).CommandType() })
	drawn := make(map[string]bool)
	for seed := range 5000 {
		drawn[command.Example(seed)] = true
	}
	for _, kind := range commandTypes(t) {
		if !drawn[kind] {
			t.Errorf("drawCommand never draws a %s", kind)
		}
	}
}
