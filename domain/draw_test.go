package domain

import (
	"cmp"
	"slices"
	"time"

	"pgregory.net/rapid"
)

// The values that random commands are made of. They are few, so that commands meet.
var (
	allWorkspaces   = []WorkspaceID{studio, lab, named[workspaceKind]("loft")}
	workspaces      = []WorkspaceID{studio, studio, studio, lab, lab, allWorkspaces[2]} // most meet in one
	people          = []UserID{ada, ben, cleo, olga, adam}
	anybody         = append(slices.Clone(people), UserID{})
	emails          = []string{"a@x", "A@X", "b@x", "c@x", "d@x", "nothing", "é@x", "e\u0301@x", "\u200bé@x"}
	names           = []string{"One", "Two", ""}
	lists           = [][]Permission{nil, nil, nil, {}, {"content.edit"}, {"members.manage", "reports.view"}, {"workspace.own"}, {"any"}}
	someScopes      = []Scopes{{ScopeAll}, {"all:read"}, {"tokens:all", "users:read"}, {"tokens:all", "users:read", "actors:impersonate"}, {"members:read"}}
	someTokens      = []TokenID{key, other}
	subscriptionIDs = []SubscriptionID{feedID, {1}}
	reviewIDs       = []ReviewID{reviewID, {1}, {2}}
	ownRoles        = []RoleKey{"analyst", "deputy", "intern"}
	someRoles       = append([]RoleKey{RoleOwner, RoleOwner, RoleAdmin, RoleEditor, RoleClient, "boss"}, ownRoles...)
)

// meta draws an actor, an organization and a precondition.
func meta(t *rapid.T) Meta {
	m := byRoot
	switch actor := rapid.IntRange(0, 9).Draw(t, "actor"); {
	case actor > 4:
		m = by(rapid.SampledFrom(people).Draw(t, "person"))
	case actor > 1:
		m = byProgram
	}
	m.Actor.Credential.Scopes = rapid.SampledFrom(someScopes).Draw(t, "scopes")
	if m.Actor.Kind != ActorSystem && one(t, 5, "bound") {
		m.Actor.Credential.Workspace = rapid.SampledFrom(workspaces).Draw(t, "bound to")
	}
	if one(t, 8, "for somebody") {
		m.OnBehalfOf = rapid.SampledFrom(people).Draw(t, "on behalf of")
	}
	if one(t, 8, "at least") {
		m.Least = rapid.SampledFrom([]Level{30, 45, LevelTop}).Draw(t, "least level")
	}
	if one(t, 25, "elsewhere") {
		m.Organization = globex
	}
	if one(t, 8, "if") {
		m.If = rapid.SampledFrom([]Precondition{{Exists: true}, {Absent: true}, {Versions: []uint64{1, 2, 3, 4, 5}}}).Draw(t, "precondition")
	}
	if one(t, 5, "keyed") {
		m.ID, m.Request = CommandID{1}, Hash{1}
	}
	return m
}

// meta draws an actor whose token may have an end, at this instant or later.
func (w *world) meta(t *rapid.T) Meta {
	m := meta(t)
	if one(t, 15, "with an end") {
		m.Actor.Credential.ExpiresAt = w.at.Add(rapid.SampledFrom([]time.Duration{0, 1, time.Hour}).Draw(t, "token ends after"))
	}
	return m
}

// oneTo draws a number from 1 to the index. Making a generator costs more than drawing.
var oneTo = func() (all [26]*rapid.Generator[int]) {
	for i := range all[1:] {
		all[i+1] = rapid.IntRange(1, i+1)
	}
	return all
}()

// one draws true once in that many times.
func one(t *rapid.T, in int, label string) bool {
	return oneTo[in].Draw(t, label) == in
}

// maybe draws a pointer to a value, or nil.
func maybe[T any](t *rapid.T, label string, draw func(*rapid.T) T) *T {
	if !one(t, 2, label) {
		return nil
	}
	return new(draw(t))
}

// one draws a user whose membership has one of the states after its last event. If there
// is none, it draws any user.
func (w *world) one(t *rapid.T, states ...MembershipState) (WorkspaceID, UserID) {
	var found []Key
	for key, tie := range w.model.ties {
		if slices.Contains(states, tie.state) {
			found = append(found, key)
		}
	}
	if len(found) == 0 || one(t, 8, "anybody") {
		return rapid.SampledFrom(workspaces).Draw(t, "workspace"), rapid.SampledFrom(anybody).Draw(t, "user")
	}
	slices.SortFunc(found, func(a, b Key) int {
		return cmp.Or(slices.Compare(a.Owner[:], b.Owner[:]), slices.Compare(a.ID[:], b.ID[:]))
	})
	key := rapid.SampledFrom(found).Draw(t, "membership")
	return key.Owner, key.ID
}

// ended draws a user whose memberships have ended with others, and the event that ended
// them. If there is none, it draws any user.
func (w *world) ended(t *rapid.T) (UserID, EventID) {
	for _, user := range people {
		if list := w.state.UserMemberships(acme, user); list != nil && len(list.Ending) > 0 {
			return user, list.Ending[0].By
		}
	}
	return rapid.SampledFrom(anybody).Draw(t, "user"), eventID(1)
}

// commands returns a function for each type of command that draws one.
func (w *world) commands() map[string]func(*rapid.T, Meta) Command {
	ws, who := rapid.SampledFrom(workspaces), rapid.SampledFrom(anybody)
	rank := rapid.SampledFrom([]OrganizationRole{OrganizationOwner, OrganizationAdmin, OrganizationPlain, ""})
	name, id := rapid.SampledFrom(names), rapid.SampledFrom(someTokens)
	ownRole, list, level := rapid.SampledFrom(append([]RoleKey{RoleEditor}, ownRoles...)), rapid.SampledFrom(lists), rapid.SampledFrom([]Level{5, 15, 40, 45, 50})
	secret := rapid.SampledFrom([]Hash{{}, {1}, {2}})
	lasts := rapid.SampledFrom([]time.Duration{0, 0, time.Minute, time.Hour, MaxInvitation + 1})
	subscription := rapid.SampledFrom(subscriptionIDs)
	overlap := rapid.SampledFrom([]time.Duration{0, time.Minute, MaxOverlap, MaxOverlap + 1, -1})
	role := func(t *rapid.T) RoleKey { return rapid.SampledFrom(someRoles).Draw(t, "role") }
	permissions := func(t *rapid.T) []Permission { return list.Draw(t, "permissions") }
	end := func(t *rapid.T) time.Time {
		after := rapid.SampledFrom([]time.Duration{-1, -1, -1, 0, 3 * time.Second, time.Minute, time.Hour}).Draw(t, "ends after")
		if after < 0 {
			return time.Time{}
		}
		return w.at.Add(after)
	}
	terms := func(t *rapid.T) Terms { return Terms{role(t), permissions(t), end(t)} }
	fresh := func(t *rapid.T) MembershipID { return MembershipID{1 + rapid.Byte().Draw(t, "membership")&0x7f} }
	profile := func(t *rapid.T) ProfileFacts {
		return ProfileFacts{
			Email: rapid.SampledFrom(emails).Draw(t, "email"), Name: PersonName{First: name.Draw(t, "first name"), Last: name.Draw(t, "last name")},
			AvatarURL: rapid.SampledFrom([]string{"", "https://x/a"}).Draw(t, "picture"),
		}
	}
	// patch draws what a command says about somebody, which can be nothing.
	patch := func(t *rapid.T) ProfilePatch {
		said := profile(t).Patch()
		if one(t, 3, "without an address") {
			said.Email = nil
		}
		if one(t, 3, "without a name") {
			said.First = nil
		}
		if one(t, 2, "without a last name and a picture") {
			said.Last, said.AvatarURL = nil, nil
		}
		return said
	}
	// user draws a member for commands that name one.
	user := func(t *rapid.T) (WorkspaceID, UserID) {
		if one(t, 6, "a former member") {
			return w.one(t, MembershipRemoved)
		}
		return ws.Draw(t, "workspace"), who.Draw(t, "user")
	}

	all := map[string]func(*rapid.T, Meta) Command{
		"create organization": func(t *rapid.T, m Meta) Command {
			return CreateOrganization{m, name.Draw(t, "name"), who.Draw(t, "owner"), profile(t)}
		},
		"rename organization": func(t *rapid.T, m Meta) Command { return RenameOrganization{m, name.Draw(t, "name")} },
		"put organization's": func(t *rapid.T, m Meta) Command {
			return PutOrganizationMember{m, who.Draw(t, "user"), rank.Draw(t, "role")}
		},
		"remove organization's": func(t *rapid.T, m Meta) Command {
			return RemoveOrganizationMember{m, who.Draw(t, "user"), rapid.SampledFrom([]int{0, 1, 1, 1, 2}).Draw(t, "at once")}
		},
		"end memberships": func(t *rapid.T, m Meta) Command {
			user, by := w.ended(t)
			m.Cause = by
			return EndMemberships{m, user, rapid.IntRange(0, 2).Draw(t, "at once")}
		},
		"suspend organization's": func(t *rapid.T, m Meta) Command {
			return SuspendOrganizationMember{m, who.Draw(t, "user"), one(t, 3, "forced")}
		},
		"reinstate organization's": func(t *rapid.T, m Meta) Command { return w.drawReinstatement(t, m) },
		"set profile":              func(t *rapid.T, m Meta) Command { return SetProfile{m, w.erasing(t, "user"), patch(t)} },
		"create role": func(t *rapid.T, m Meta) Command {
			key := role(t)
			return CreateRole{m, Role{named[roleKind](string(key)), key, name.Draw(t, "name"), level.Draw(t, "level"), permissions(t), false}}
		},
		"update role": func(t *rapid.T, m Meta) Command {
			return UpdateRole{
				m, ownRole.Draw(t, "role"), maybe(t, "renamed", func(t *rapid.T) string { return name.Draw(t, "name") }),
				maybe(t, "moved", func(t *rapid.T) Level { return level.Draw(t, "level") }), maybe(t, "with others", permissions),
			}
		},
		"archive role": func(t *rapid.T, m Meta) Command { return ArchiveRole{m, ownRole.Draw(t, "role")} },
		"create workspace": func(t *rapid.T, m Meta) Command {
			return CreateWorkspace{m, ws.Draw(t, "workspace"), name.Draw(t, "name"), who.Draw(t, "owner"), fresh(t)}
		},
		"rename workspace": func(t *rapid.T, m Meta) Command {
			return RenameWorkspace{m, ws.Draw(t, "workspace"), name.Draw(t, "name")}
		},
		"archive workspace": func(t *rapid.T, m Meta) Command { return ArchiveWorkspace{m, ws.Draw(t, "workspace")} },
		"restore workspace": func(t *rapid.T, m Meta) Command { return RestoreWorkspace{m, ws.Draw(t, "workspace")} },
		"transfer ownership": func(t *rapid.T, m Meta) Command {
			return TransferOwnership{m, ws.Draw(t, "workspace"), who.Draw(t, "from"), who.Draw(t, "to")}
		},
		"add member": func(t *rapid.T, m Meta) Command {
			ws, u := user(t)
			return AddMember{m, ws, u, terms(t), fresh(t), maybe(t, "introduced", patch)}
		},
		"add suspended member": func(t *rapid.T, m Meta) Command {
			ws, u := user(t)
			return AddSuspendedMember{AddMember{m, ws, u, terms(t), fresh(t), maybe(t, "introduced", patch)}}
		},
		"put member": func(t *rapid.T, m Meta) Command {
			ws, u := user(t)
			return PutMember{m, ws, u, terms(t), fresh(t)}
		},
		"put member's role": func(t *rapid.T, m Meta) Command {
			ws, u := user(t)
			return PutMemberRole{m, ws, u, role(t), fresh(t)}
		},
		"change member": func(t *rapid.T, m Meta) Command {
			ws, u := user(t)
			return ChangeMember{m, ws, u, maybe(t, "other role", role), maybe(t, "other permissions", permissions), maybe(t, "other end", end)}
		},
		"remove member": func(t *rapid.T, m Meta) Command { ws, u := user(t); return RemoveMember{m, ws, u} },
		"suspend member": func(t *rapid.T, m Meta) Command {
			ws, u := user(t)
			if one(t, 6, "who is invited") {
				ws, u = w.one(t, MembershipInvited)
			}
			return SuspendMember{m, ws, u}
		},
		"reinstate member": func(t *rapid.T, m Meta) Command {
			ws, u := w.one(t, MembershipSuspended)
			if one(t, 6, "who is invited") {
				ws, u = w.one(t, MembershipInvited)
			}
			return ReinstateMember{m, ws, u}
		},
		"expire member": func(t *rapid.T, m Meta) Command {
			ws, u := w.one(t, MembershipActive, MembershipInvited, MembershipSuspended)
			return ExpireMember{m, ws, u}
		},
		"leave workspace": func(t *rapid.T, m Meta) Command { ws, u := user(t); return LeaveWorkspace{m, ws, u} },
		"invite member": func(t *rapid.T, m Meta) Command {
			ws, u := user(t)
			return InviteMember{m, ws, profile(t), terms(t), u, fresh(t), secret.Draw(t, "secret"), lasts.Draw(t, "lasts")}
		},
		"renew invitation": func(t *rapid.T, m Meta) Command {
			ws, u := w.one(t, MembershipInvited)
			if one(t, 3, "by anybody who may") {
				m = byRoot
			}
			return RenewInvitation{m, ws, u, secret.Draw(t, "secret"), lasts.Draw(t, "lasts")}
		},
		"accept invitation": func(t *rapid.T, m Meta) Command {
			ws, u := w.one(t, MembershipInvited)
			if one(t, 2, "by themself") {
				m = by(u)
			}
			return AcceptInvitation{m, ws, u, secret.Draw(t, "secret")}
		},
		"issue token": func(t *rapid.T, m Meta) Command {
			facts := TokenFacts{ID: id.Draw(t, "token"), Name: "Key", Scopes: rapid.SampledFrom(someScopes).Draw(t, "token's scopes"), User: who.Draw(t, "holder")}
			if one(t, 2, "for a workspace") {
				facts.Workspace = ws.Draw(t, "workspace")
			}
			facts.ExpiresAt = end(t)
			return IssueToken{m, facts}
		},
		"rotate token": func(t *rapid.T, m Meta) Command {
			m, id := w.token(t, m)
			return RotateToken{m, id, secret.Draw(t, "secret"), overlap.Draw(t, "overlap")}
		},
		"revoke token": func(t *rapid.T, m Meta) Command { return RevokeToken{m, id.Draw(t, "token")} },
		"create subscription": func(t *rapid.T, m Meta) Command {
			facts := hook
			facts.ID, facts.Batch = subscription.Draw(t, "subscription"), rapid.IntRange(0, MaxBatch+1).Draw(t, "batch")
			if one(t, 2, "for a workspace") {
				facts.Workspace = ws.Draw(t, "workspace")
			}
			return CreateSubscription{m, facts, rapid.Uint64Range(0, 9).Draw(t, "from")}
		},
		"update subscription": func(t *rapid.T, m Meta) Command {
			m, c := w.subscription(t, m, false)
			return UpdateSubscription{
				Meta: m, ID: c.ID, Name: maybe(t, "another name", func(t *rapid.T) string { return rapid.SampledFrom(names).Draw(t, "name") }),
				Workspace: maybe(t, "another workspace", func(t *rapid.T) WorkspaceID { return ws.Draw(t, "workspace") }),
			}
		},
		"pause subscription": func(t *rapid.T, m Meta) Command {
			m, c := w.subscription(t, m, false)
			return PauseSubscription{m, c.ID, PauseRequested, "", nil}
		},
		"resume subscription": func(t *rapid.T, m Meta) Command {
			m, c := w.subscription(t, m, true)
			if c.PausedAt.IsZero() && one(t, 2, "pause it first") {
				m, c = w.subscription(t, m, false)
				return PauseSubscription{m, c.ID, PauseRequested, "", nil}
			}
			return ResumeSubscription{m, c.ID}
		},
		"rewind subscription": func(t *rapid.T, m Meta) Command {
			m, c := w.subscription(t, m, false)
			return RewindSubscription{m, c.ID, rapid.Uint64Range(0, 9).Draw(t, "from")}
		},
		"skip event": func(t *rapid.T, m Meta) Command {
			m, c := w.subscription(t, m, false)
			number, set := rapid.Uint64Range(1, 9).Draw(t, "number"), c.Set
			if one(t, 4, "set since") {
				set++
			}
			return SkipEvent{m, c.ID, number, number + uint64(rapid.IntRange(0, 3).Draw(t, "off")/3), set, rapid.SampledFrom(names).Draw(t, "why")}
		},
		"rotate subscription's secret": func(t *rapid.T, m Meta) Command {
			m, c := w.subscription(t, m, false)
			if c.Version == 0 && one(t, 2, "create it first") {
				facts := hook
				facts.ID, facts.Batch = c.ID, 1
				return CreateSubscription{byRoot, facts, 0}
			}
			return RotateSubscriptionSecret{m, c.ID, secret.Draw(t, "secret"), c.Generation + rapid.IntRange(0, 2).Draw(t, "generation"), overlap.Draw(t, "overlap")}
		},
		"delete subscription": func(t *rapid.T, m Meta) Command {
			m, c := w.subscription(t, m, false)
			return DeleteSubscription{m, c.ID}
		},
	}
	w.erasureCommands(all)
	w.reviewCommands(all)
	all["revert"] = func(t *rapid.T, m Meta) Command { return w.drawRevert(t, m) }
	all["take organization's role"] = func(t *rapid.T, m Meta) Command { return TakeOrganizationRole{m, who.Draw(t, "user")} }
	all["batch of members"] = func(t *rapid.T, m Meta) Command { return drawBatch(t, m, all) }
	return all
}

// erasureCommands adds the commands that erase profiles. Whoever is to be erased must have a
// profile and have left, and few of those who are drawn are like that. So often the step before
// is taken instead.
func (w *world) erasureCommands(all map[string]func(*rapid.T, Meta) Command) {
	who, address := rapid.SampledFrom(anybody), rapid.SampledFrom(emails)
	request := func(t *rapid.T, m Meta) Command {
		if one(t, 3, "of anybody") {
			return RequestErasure{m, who.Draw(t, "user")}
		}
		for _, user := range append(slices.Clone(people), nora) {
			if w.state.Profile(acme, user) != nil && !w.model.belongs(user, acme, w.at) {
				return RequestErasure{byRoot, user}
			}
		}
		return SetProfile{byRoot, nora, ProfileFacts{Email: address.Draw(t, "email")}.Patch()}
	}
	all["request erasure"] = request
	all["finish erasure"] = func(t *rapid.T, m Meta) Command {
		user := w.erasing(t, "user")
		erasure, _ := w.state.Erasure(acme, user)
		switch pending := erasure.Pending(); {
		case pending && one(t, 2, "by Muster"):
			m = byRoot
		case !pending && one(t, 2, "ask for it first"):
			return request(t, m)
		}
		return FinishErasure{m, user, erasure.Key}
	}
}

// erasing draws a user, often one whose profile is being erased, if there is one.
func (w *world) erasing(t *rapid.T, label string) UserID {
	if one(t, 2, "who is being erased") {
		for _, user := range append(slices.Clone(people), nora) {
			if erasure, _ := w.state.Erasure(acme, user); erasure.Pending() {
				return user
			}
		}
	}
	return rapid.SampledFrom(anybody).Draw(t, label)
}

// subscription draws a subscription, and in most cases somebody who may change it: one that was
// not deleted, and is paused or not, if there is one. Otherwise it draws any.
func (w *world) subscription(t *rapid.T, m Meta, paused bool) (Meta, Subscription) {
	id := rapid.SampledFrom(subscriptionIDs).Draw(t, "subscription")
	if !one(t, 3, "any subscription") {
		for _, id := range subscriptionIDs {
			if c := w.state.Subscription(acme, id); c != nil && c.DeletedAt.IsZero() && !c.PausedAt.IsZero() == paused {
				return byRoot, *c
			}
		}
	}
	if c := w.state.Subscription(m.Organization, id); c != nil {
		return m, *c
	}
	return m, Subscription{SubscriptionFacts: SubscriptionFacts{ID: id}}
}

// token draws a token, and in most cases one that was not revoked, if there is one, and somebody
// who may change it. Otherwise it draws any.
func (w *world) token(t *rapid.T, m Meta) (Meta, TokenID) {
	if !one(t, 3, "any token") {
		for _, id := range someTokens {
			if token := w.state.Token(acme, id); token != nil && token.RevokedAt.IsZero() {
				return byRoot, id
			}
		}
	}
	return m, rapid.SampledFrom(someTokens).Draw(t, "token")
}

// drawReinstatement draws somebody who is suspended in the organization if there is one, and
// otherwise anybody.
func (w *world) drawReinstatement(t *rapid.T, m Meta) Command {
	if one(t, 2, "who is suspended") {
		for _, user := range people {
			if w.model.barred[OrganizationMemberKey(acme, user)] {
				return ReinstateOrganizationMember{byRoot, user}
			}
		}
	}
	return ReinstateOrganizationMember{m, rapid.SampledFrom(anybody).Draw(t, "user")}
}

// reviewCommands adds the commands on reviews.
func (w *world) reviewCommands(all map[string]func(*rapid.T, Meta) Command) {
	id, ws := rapid.SampledFrom(reviewIDs), rapid.SampledFrom(workspaces)
	why := rapid.SampledFrom([]string{"", "", "a reason", "two\nlines"})
	open := func(t *rapid.T, m Meta) Command {
		facts := ReviewFacts{id.Draw(t, "review"), rapid.SampledFrom(names).Draw(t, "name"), 9, now, rapid.IntRange(0, 3).Draw(t, "rows"), time.Time{}}
		if one(t, 4, "due") {
			facts.DueAt = w.at.Add(rapid.SampledFrom([]time.Duration{0, time.Hour}).Draw(t, "due after"))
		}
		if one(t, 2, "of all workspaces") {
			return OpenReview{Meta: m, Review: facts}
		}
		return OpenReview{m, ws.Draw(t, "workspace"), facts}
	}
	all["open review"] = open
	decisions := rapid.SampledFrom([]ReviewDecision{ReviewKept, ReviewRevoked, ReviewRevoked, ""})
	all["decide review of members"] = func(t *rapid.T, m Meta) Command {
		if m.person().IsZero() && !one(t, 4, "by nobody") {
			m = by(rapid.SampledFrom(people).Draw(t, "reviewer"))
		}
		c := DecideReview{Meta: m, ID: w.review(t)}
		if w.state.Review(acme, c.ID) == nil && one(t, 2, "open it first") {
			return open(t, byRoot)
		}
		for range rapid.IntRange(0, 3).Draw(t, "decisions") {
			d := RowDecision{Decision: decisions.Draw(t, "decision"), Reason: why.Draw(t, "reason")}
			if d.Workspace, d.User = w.one(t, MembershipActive); one(t, 3, "an admin of the organization") {
				d.User = ben
			}
			c.Decisions = append(c.Decisions, d)
		}
		row := w.reviewed(c.ID)
		if row != nil && one(t, 2, "the last row again") {
			c.Decisions = []RowDecision{{Workspace: row.Workspace, User: row.User, Decision: decisions.Draw(t, "other decision")}}
		}
		if row != nil && row.Decision == ReviewRevoked && one(t, 2, "take it back") {
			c.Decisions = []RowDecision{{Workspace: row.Workspace, User: row.User, Decision: ReviewKept}}
			c.Meta = by(rapid.SampledFrom([]UserID{ada, ben, olga}).Draw(t, "one who manages"))
			return c
		}
		if len(c.Decisions) > 0 && one(t, 2, "by an admin") {
			c.Meta = by(rapid.SampledFrom([]UserID{ada, ben}).Draw(t, "admin"))
		}
		return c
	}
	all["close review"] = func(t *rapid.T, m Meta) Command {
		return CloseReview{m, w.review(t), one(t, 3, "leave rows undecided"), why.Draw(t, "reason")}
	}
}

// review draws a review, in most cases one that there is.
func (w *world) review(t *rapid.T) ReviewID {
	if !one(t, 4, "any review") {
		for _, id := range reviewIDs {
			if w.state.Review(acme, id) != nil {
				return id
			}
		}
	}
	return rapid.SampledFrom(reviewIDs).Draw(t, "review")
}

// reviewed returns the row of the review that was revoked last. If none was, it returns the row
// that was decided last, or nil.
func (w *world) reviewed(id ReviewID) (last *ReviewRow) {
	for _, r := range slices.Backward(w.history) {
		if e, ok := r.Event.(ReviewRowDecided); ok && e.ID == id {
			switch row := w.state.ReviewRow(id, e.Workspace, e.User); {
			case row.Decision == ReviewRevoked:
				return row
			case last == nil:
				last = row
			}
		}
	}
	return last
}

// drawBatch draws a batch of operations on the members of one workspace.
func drawBatch(t *rapid.T, m Meta, commands map[string]func(*rapid.T, Meta) Command) Command {
	ws := rapid.SampledFrom(workspaces).Draw(t, "workspace")
	operation := func(t *rapid.T) Command {
		switch c := commands[rapid.SampledFrom([]string{"add member", "add suspended member", "invite member", "change member", "remove member"}).Draw(t, "operation")](t, m).(type) {
		case AddMember:
			c.Workspace = ws
			return c
		case AddSuspendedMember:
			c.Workspace = ws
			return c
		case InviteMember:
			c.Workspace = ws
			return c
		case ChangeMember:
			c.Workspace = ws
			return c
		case RemoveMember:
			c.Workspace = ws
			return c
		default:
			return c
		}
	}
	var operations []Command
	for range rapid.IntRange(0, 4).Draw(t, "operations") {
		operations = append(operations, operation(t))
	}
	return Batch{Meta: m, Workspace: ws, Operations: operations, Atomic: one(t, 2, "atomic")}
}
