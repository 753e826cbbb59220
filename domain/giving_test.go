package domain

import (
	"errors"
	"slices"
	"testing"
	"time"
)

// giver is somebody who gives, with what they have in the studio.
type giver struct {
	name  string
	meta  Meta
	level Level        // 0: manages nothing
	has   []Permission // below the top level
	acts  bool         // for the organization
}

func givers() []giver {
	admin, _ := BuiltInRole(RoleAdmin)
	return []giver{
		{"root token", byRoot, 50, nil, true},
		{"program", byProgram, 50, nil, true},
		{"program of the workspace", within(studio, byProgram), 50, nil, false},
		{"organization owner", by(ada), 50, nil, true},
		{"organization admin", by(ben), 50, nil, true},
		{"organization admin, bound to the workspace", within(studio, by(ben)), 50, nil, false},
		{"organization admin who is a viewer", by(lena), 50, nil, true},
		{"owner", by(olga), 50, nil, false},
		{"owner with a list", by(omar), 50, nil, false},
		{"admin", by(adam), 40, admin.Permissions, false},
		{"program for admin", as(adam, byProgram), 40, admin.Permissions, false},
		{"admin with a list of less", by(abby), 40, []Permission{"members.manage", "workspace.view"}, false},
		{"admin with a list of more", by(amos), 40, append(slices.Clone(admin.Permissions), "reports.view"), false},
		{"admin with an empty list", by(aldo), 40, nil, false},
		{"deputy", by(dana), 45, deputy.Permissions, false},
		{"suspended owner", by(sue), 0, nil, false},
		{"owner, suspended in the organization", by(bart), 0, nil, false},
		{"former owner, by expiry", by(exa), 0, nil, false},
		{"invited owner", by(ivy), 0, nil, false},
		{"analyst", by(anna), 0, nil, false},
		{"editor", by(edna), 0, nil, false},
		{"organization member", by(cleo), 0, nil, false},
	}
}

var (
	lena, omar       = named[userKind]("lena"), named[userKind]("omar")
	abby, amos, aldo = named[userKind]("abby"), named[userKind]("amos"), named[userKind]("aldo")

	withGivers = after(withRoles,
		OrganizationMemberAdded{user(lena), OrganizationAdmin}, added(studio, lena, RoleViewer),
		addedWith(studio, omar, RoleOwner, "workspace.own"),
		addedWith(studio, abby, RoleAdmin, "members.manage", "workspace.view"),
		addedWith(studio, amos, RoleAdmin, slices.Concat(builtIn[1].Permissions, []Permission{"reports.view"})...),
		addedWith(studio, aldo, RoleAdmin, []Permission{}...),
	)
)

// way is one way to give somebody a role and a list in the studio: to ned, or to the
// giver themself.
type way struct {
	name string
	// given are the events before, and gives is the command. The membership has the terms
	// after it.
	given func(u UserID, t Terms) []Event
	gives func(m Meta, u UserID, t Terms) Command
	// only says which terms can be given in this way; nil for all.
	only func(t Terms) bool
}

func ways() []way {
	none := func(UserID, Terms) []Event { return nil }
	was := func(more ...func(UserID) Event) func(UserID, Terms) []Event { // a member on terms that are never given
		return func(u UserID, _ Terms) []Event {
			events := []Event{addedWith(studio, u, "intern", "never.given")}
			for _, event := range more {
				events = append(events, event(u))
			}
			return events
		}
	}
	suspends := func(u UserID) Event { return suspended(studio, u) }
	removes := func(u UserID) Event { return removed(studio, u, "intern") }
	wasWith := func(u UserID, t Terms) []Event {
		return []Event{addedOn(studio, u, Terms{"intern", t.Permissions, time.Time{}})}
	}
	known := func(u UserID, _ Terms) []Event {
		return []Event{UserProfileSet{About: user(u), Profile: profile("ned@x")}}
	}
	ofRole := func(t Terms) bool { return t.Permissions == nil }

	add := func(m Meta, u UserID, t Terms) Command { return AddMember{m, studio, u, t, membership(studio, u), nil} }
	put := func(m Meta, u UserID, t Terms) Command { return PutMember{m, studio, u, t, membership(studio, u)} }
	putRole := func(m Meta, u UserID, t Terms) Command {
		return PutMemberRole{m, studio, u, t.Role, membership(studio, u)}
	}
	invite := func(m Meta, u UserID, t Terms) Command {
		return InviteMember{m, studio, profile("ned@x"), t, u, membership(studio, u), Hash{5}, 0}
	}
	change := func(m Meta, u UserID, t Terms) Command {
		return ChangeMember{Meta: m, Workspace: studio, User: u, Role: &t.Role, Permissions: &t.Permissions}
	}
	role := func(m Meta, u UserID, t Terms) Command { return changeRole(m, studio, u, t.Role) }
	list := func(m Meta, u UserID, t Terms) Command {
		return ChangeMember{Meta: m, Workspace: studio, User: u, Permissions: &t.Permissions}
	}
	batch := func(atomic bool, gives func(Meta, UserID, Terms) Command) func(Meta, UserID, Terms) Command {
		return func(m Meta, u UserID, t Terms) Command { return Batch{m, studio, []Command{gives(m, u, t)}, atomic} }
	}
	return []way{
		{"adding", none, add, nil},
		{"adding again", was(removes), add, nil},
		{"adding whose time is over", func(u UserID, _ Terms) []Event { return []Event{addedUntil(studio, u, "intern", now)} }, add, nil},
		{"putting a new one", none, put, nil},
		{"putting", was(), put, nil},
		{"putting who was removed", was(removes), put, nil},
		{"putting the role of a new one", none, putRole, ofRole},
		{"putting the role of who was removed", was(removes), putRole, ofRole},
		{"putting the role beside a list", wasWith, putRole, nil},
		{"inviting", known, invite, nil},
		{"inviting somebody new", none, invite, nil},
		{"inviting who was removed", func(u UserID, t Terms) []Event { return append(known(u, t), was(removes)(u, t)...) }, invite, nil},
		{"changing the role", wasWith, role, nil},
		{"changing the list", func(u UserID, t Terms) []Event { return []Event{addedWith(studio, u, t.Role, "never.given")} }, list, nil},
		{"changing both", was(), change, nil},
		{"changing who is suspended", was(suspends), change, nil},
		{"changing who is invited", func(u UserID, _ Terms) []Event {
			return []Event{welcome(u, Terms{Role: "intern", Permissions: []Permission{"never.given"}})}
		}, change, nil},
		{"adding in a batch", none, batch(false, add), nil},
		{"adding in an atomic batch", none, batch(true, add), nil},
		{"inviting in a batch", none, batch(true, invite), nil},
		{"changing in a batch", was(), batch(true, change), nil},
		{"putting in a batch", was(), batch(false, put), nil},
		{"the workspace", wasWith, func(m Meta, u UserID, _ Terms) Command { return TransferOwnership{m, studio, olga, u} }, func(t Terms) bool { return t.Role == RoleOwner }},
	}
}

// allTerms returns roles with and without lists.
func allTerms() (all []Terms) {
	for _, role := range []RoleKey{RoleOwner, RoleAdmin, RoleEditor, RoleClient, "analyst", "deputy"} {
		for _, list := range [][]Permission{nil, {}, {"members.manage"}, {"workspace.view", "reports.view"}, {"billing.manage"}} {
			all = append(all, Terms{Role: role, Permissions: list})
		}
	}
	return all
}

// Every giver tries every way to give every role and list. They succeed only if the role is
// not above their level and they have every permission that the receiver has afterwards,
// or act at the top level.
func TestGiving(t *testing.T) {
	ned := named[userKind]("ned")
	given, refused := 0, 0
	for _, g := range givers() {
		for _, w := range ways() {
			for _, terms := range allTerms() {
				if w.only != nil && !w.only(terms) {
					continue
				}
				state := fold(after(withGivers, w.given(ned, terms)...)...)
				role, _ := state.Role(acme, terms.Role)
				want := g.refusal(role, terms)
				err := try(state, w.gives(g.meta, ned, terms))
				if !sameError(err, want) {
					t.Errorf("%s, %s %s with %v: %v, want %v", g.name, w.name, terms.Role, terms.Permissions, err, want)
				}
				if want != nil {
					refused++
					continue
				}
				given++
				if got := state.Membership(studio, ned); got.Role != terms.Role || !samePermissions(got.Permissions, terms.Permissions) {
					t.Errorf("%s, %s %s with %v: gave %+v", g.name, w.name, terms.Role, terms.Permissions, got)
				}
			}
		}
	}
	if given < 1000 || refused < 1000 {
		t.Errorf("%d were given and %d refused", given, refused)
	}
}

// Members who manage the workspace give themselves no more than they have.
func TestGivingOneself(t *testing.T) {
	for _, g := range givers() {
		if fold(withGivers...).Membership(studio, g.meta.person()) == nil {
			continue
		}
		for _, w := range ways() {
			if w.name != "putting" && w.name != "changing both" && w.name != "changing in a batch" && w.name != "putting in a batch" {
				continue
			}
			for _, terms := range allTerms() {
				state := fold(withGivers...)
				self := *state.Membership(studio, g.meta.person())
				role, _ := state.Role(acme, terms.Role)
				want := g.refusal(role, terms)
				if same := self.Role == terms.Role && samePermissions(self.Permissions, terms.Permissions); same && g.level > 0 {
					want = nil // what already is
				}
				if err := try(state, w.gives(g.meta, self.User, terms)); !sameError(err, want) {
					t.Errorf("%s, %s themself %s with %v: %v, want %v", g.name, w.name, terms.Role, terms.Permissions, err, want)
				}
			}
		}
	}
}

// Roles are held against the giver, too, for all workspaces at once.
func TestGivingRoles(t *testing.T) {
	for _, g := range givers() {
		for name, c := range map[string]Command{
			"creating":                  CreateRole{g.meta, Role{Key: "chief", Name: "Chief", Level: 49, Permissions: []Permission{"billing.manage"}}},
			"adding a permission":       UpdateRole{Meta: g.meta, Key: "deputy", Permissions: &[]Permission{"members.manage", "billing.manage"}},
			"raising":                   UpdateRole{Meta: g.meta, Key: "analyst", Level: new(Level(49))},
			"adding to an archived one": UpdateRole{Meta: g.meta, Key: "intern", Permissions: &[]Permission{"billing.manage"}},
			"a workspace":               CreateWorkspace{g.meta, annex, "Annex", edna, MembershipID{1}},
		} {
			var want error
			if !g.acts {
				want = ErrNotAllowed
			}
			if err := try(fold(withGivers...), c); !sameError(err, want) {
				t.Errorf("%s, %s: %v, want %v", g.name, name, err, want)
			}
		}
	}
	// Somebody who defined roles below the top level would be held to what they have.
	less := authority{40, []Permission{"members.manage"}}
	if err := less.mayGive(deputy, deputy.Permissions); !errors.Is(err, ErrRoleAboveOwn) {
		t.Error(err)
	}
}

// refusal returns why the giver may not give the terms; nil if they may.
func (g giver) refusal(role Role, t Terms) error {
	gives := role.Permissions
	if t.Permissions != nil {
		gives = t.Permissions
	}
	lacks := func(p Permission) bool { return !slices.Contains(g.has, p) }
	switch {
	case g.level == 0:
		return ErrNotAllowed
	case role.Level > g.level, g.level < 50 && slices.ContainsFunc(gives, lacks):
		return ErrRoleAboveOwn
	}
	return nil
}

// try decides the command on what it needs and folds its events. The error is that of the command or of its
// only operation.
func try(s *State, c Command) error {
	decided, err := Decide(see(s, c), now, c)
	if err == nil && len(decided.Outcomes) > 0 {
		err = decided.Outcomes[0].Err
	}
	for _, e := range decided.Events {
		Evolve(s, &Recorded{Event: e, Number: 1000, Time: now, Actor: c.Metadata().Actor})
	}
	return err
}

// The union of two authorities has the higher level and all permissions of both.
func TestAuthorityIsUnion(t *testing.T) {
	for _, c := range []struct{ a, b, want authority }{
		{authority{}, authority{}, authority{}},
		{authority{40, []Permission{"a.b"}}, authority{}, authority{40, []Permission{"a.b"}}},
		{authority{}, authority{40, []Permission{"a.b"}}, authority{40, []Permission{"a.b"}}},
		{authority{40, []Permission{"a.b", "a.c"}}, authority{45, []Permission{"a.c", "a.d"}}, authority{45, []Permission{"a.b", "a.c", "a.d"}}},
		{authority{45, []Permission{"a.c", "a.d"}}, authority{40, []Permission{"a.b", "a.c"}}, authority{45, []Permission{"a.c", "a.d", "a.b"}}},
		{top, authority{10, []Permission{"a.b"}}, authority{LevelTop, []Permission{"a.b"}}},
	} {
		shared := slices.Clone(c.a.permissions)[:len(c.a.permissions):len(c.a.permissions)]
		got := authority{c.a.level, append(make([]Permission, 0, 10), shared...)}.and(c.b)
		if got.level != c.want.level || !slices.Equal(got.permissions, c.want.permissions) {
			t.Errorf("%+v and %+v: %+v, want %+v", c.a, c.b, got, c.want)
		}
	}
	// The lists are shared with the state and stay as they are.
	list := make([]Permission, 1, 10)
	list[0] = "a.b"
	_ = UnitePermissions(list, []Permission{"a.c"})
	if got := list[:2][1]; got != "" {
		t.Errorf("the memory behind the list has %q now", got)
	}
}
