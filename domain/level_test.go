package domain

import (
	"fmt"
	"slices"
	"time"
)

// levelRows returns the rows of the rule "nobody above their own level": an actor changes
// and takes every role up to their own level and none above it. They give those of them
// whose permissions they have. TestGiving has more about giving.
func levelRows() (rows []row) {
	actors := []struct {
		name  string
		meta  Meta
		level Level // 0: manages nothing
	}{
		{"root token", byRoot, 50},
		{"program", byProgram, 50},
		{"program of the workspace", within(studio, byProgram), 50},
		{"organization owner", by(ada), 50},
		{"organization admin", by(ben), 50},
		{"program for organization admin", as(ben, byProgram), 50},
		{"owner", by(olga), 50},
		{"owner, bound to the workspace", within(studio, by(olga)), 50},
		{"admin", by(adam), 40},
		{"program for admin", as(adam, byProgram), 40},
		{"deputy", by(dana), 45},
		{"suspended owner", by(sue), 0},
		{"owner, suspended in the organization", by(bart), 0},
		{"former owner, by expiry", by(exa), 0},
		{"invited owner", by(ivy), 0},
		{"analyst", by(anna), 0},
		{"editor", by(edna), 0},
		{"viewer", by(vera), 0},
		{"client", by(carl), 0},
		{"organization member", by(cleo), 0},
		{"program for stranger", as(zoe, byProgram), 0},
	}
	// A command that demands a level is done at that level and refused below it.
	for _, a := range actors[:len(actors):len(actors)] {
		for _, least := range []Level{30, 41, LevelTop} {
			demanding := a
			demanding.name, demanding.meta.Least = fmt.Sprintf("%s, of %d", a.name, least), least
			if a.level < least {
				demanding.level = 0
			}
			actors = append(actors, demanding)
		}
	}
	ned := named[userKind]("ned")
	client, _ := BuiltInRole(RoleClient)
	admin, _ := BuiltInRole(RoleAdmin)
	for _, a := range actors {
		refusal := func(role Role) error {
			switch {
			case a.level == 0:
				return ErrNotAllowed
			case role.Level > a.level:
				return ErrRoleAboveOwn
			}
			return nil
		}
		has := map[Level]Role{40: admin, 45: deputy}[a.level]
		giving := func(role Role) error {
			lacks := func(p Permission) bool { return !has.Allows(p) }
			if err := refusal(role); err != nil || a.level == LevelTop || !slices.ContainsFunc(role.Permissions, lacks) {
				return err
			}
			return ErrRoleAboveOwn
		}
		add := func(given []Event, c Command, err error, e Event) {
			r := row{name: a.name, given: given, when: c, err: err}
			if err == nil {
				r.then = []Event{e}
			}
			rows = append(rows, r)
		}
		for _, role := range append(BuiltInRoles(), deputy, analyst) {
			is := func(state ...Event) []Event { return after(withRoles, state...) }
			one, t := member(studio, ned), Terms{Role: role.Key}
			id, err, give := membership(studio, ned), refusal(role), giving(role)
			facts := InvitationFacts{Hash{5}, now.Add(DefaultInvitation)}
			add(withRoles, AddMember{a.meta, studio, ned, t, id, nil}, give, added(studio, ned, role.Key))
			add(withRoles, PutMember{a.meta, studio, ned, t, id}, give, added(studio, ned, role.Key))
			add(withRoles, PutMemberRole{a.meta, studio, ned, role.Key, id}, give, added(studio, ned, role.Key))
			add(is(UserProfileSet{About: user(ned), Profile: profile("ned@x")}), InviteMember{a.meta, studio, profile("ned@x"), t, UserID{}, id, Hash{5}, 0}, give,
				MemberInvited{one, id, role.Key, nil, time.Time{}, facts})
			add(is(invited(studio, ned, role.Key)), RenewInvitation{a.meta, studio, ned, Hash{5}, 0}, err, MemberInvitationRenewed{one, id, facts})
			add(is(added(studio, ned, role.Key)), RemoveMember{a.meta, studio, ned}, err, removed(studio, ned, role.Key))
			add(is(added(studio, ned, role.Key)), SuspendMember{a.meta, studio, ned}, err, suspended(studio, ned))
			add(is(added(studio, ned, role.Key), suspended(studio, ned)), ReinstateMember{a.meta, studio, ned}, err, MemberReinstated{one, id})
			if role.Key != RoleClient {
				down := err
				if down == nil {
					down = giving(client)
				}
				add(is(added(studio, ned, role.Key)), changeRole(a.meta, studio, ned, RoleClient), down, changed(studio, ned, role.Key, RoleClient))
				add(is(added(studio, ned, RoleClient)), changeRole(a.meta, studio, ned, role.Key), give, changed(studio, ned, RoleClient, role.Key))
			}
		}
	}
	return rows
}
