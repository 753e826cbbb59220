package domain

import (
	"encoding/binary"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// row is one statement of the rules: given these events, when this command is decided,
// then these events or this error follow.
type row struct {
	name  string
	given []Event
	when  Command
	then  []Event
	// err is a sentinel or an error of a type. Of the latter only the fields that
	// programs read are compared.
	err error
}

// The tables of all nouns. They are in one place so that a test can find what none of
// them reaches.
var tables = map[string][]row{
	"organization":        organizationRows,
	"organization member": organizationMemberRows,
	"user":                userRows,
	"erasure":             erasures,
	"workspace":           workspaceRows,
	"member":              memberRows,
	"levels":              levelRows(),
	"member's terms":      changeRows,
	"member's end":        endRows,
	"suspension":          suspensionRows,
	"invitation":          invitationRows,
	"ownership":           ownershipRows,
	"owners":              ownerRows,
	"standing":            standingRows,
	"offboarding":         offboardingRows,
	"custom role":         customRoleRows,
	"batch":               batchRows,
	"token rotation":      rotationRows,
	"token":               tokenRows,
	"subscription":        subscriptionRows,
	"review":              reviewRows,
	"command":             commandRows,
	"revert":              revertRows,
}

func TestRules(t *testing.T) {
	for noun, rows := range tables {
		t.Run(noun, func(t *testing.T) {
			for _, r := range rows {
				t.Run(r.when.CommandType()+"/"+r.name, r.run)
			}
		})
	}
}

func (r row) run(t *testing.T) {
	state := fold(r.given...)
	decided, err := Decide(state, now, r.when)
	if !sameError(err, r.err) {
		t.Fatalf("error %v, want %v", err, r.err)
	}
	if d := cmp.Diff(r.then, decided.Events); d != "" {
		t.Errorf("events, want - and got +:\n%s", d)
	}
	if before := fold(r.given...); !reflect.DeepEqual(before.all(), state.all()) {
		t.Errorf("deciding changed the state:\n%s", cmp.Diff(before.all(), state.all()))
	}
	needed, err := Decide(see(state, r.when), now, r.when)
	if d := cmp.Diff(decided.Events, needed.Events); d != "" || !sameError(err, r.err) {
		t.Errorf("with no more than it needs: error %v, events\n%s", err, d)
	}
}

// see returns a state with what the command needs and nothing else. It finds out what
// that is as a writer does: it loads what is missing until nothing is.
func see(s *State, c Command) *State {
	small := &State{}
	look(small, s, c)
	return small
}

// look puts copies of what the command needs into the small state.
func look(small, s *State, c Command) {
	for missing := true; missing; {
		missing = false
		for _, k := range Needs(small, c) {
			if small.Holds(k) {
				continue
			}
			missing = true
			if p := s.part(k); p != nil {
				small.Put(k, p.clone())
			} else {
				small.Put(k, nil)
			}
		}
	}
}

// sameError reports whether clients cannot tell the error from the wanted one.
func sameError(got, want error) bool {
	var invalid, wantInvalid *InvalidError
	var already, wantAlready *AlreadyMemberError
	var last, wantLast *LastOwnerError
	switch {
	case errors.As(want, &wantInvalid):
		return errors.As(got, &invalid) && invalid.Pointer == wantInvalid.Pointer && invalid.Code == wantInvalid.Code
	case errors.As(want, &wantAlready):
		return errors.As(got, &already) && *already == *wantAlready
	case errors.As(want, &wantLast):
		return errors.As(got, &last) && slices.Equal(last.Workspaces, wantLast.Workspaces)
	default:
		return errors.Is(got, want)
	}
}

func invalid(pointer, code string) error { return &InvalidError{Pointer: pointer, Code: code} }

// now is the time at which the commands of the tables are decided. The given events
// happened in the minutes before.
var now = time.Date(2026, 3, 5, 23, 9, 47, 0, time.UTC)

// fold returns the state after the events. The n-th event has the number n.
func fold(events ...Event) *State {
	s := &State{}
	for i, e := range events {
		Evolve(s, &Recorded{
			ID: eventID(i + 1), Event: e, Number: uint64(i + 1), Time: now.Add(time.Duration(i-len(events)) * time.Second),
			Actor: byProgram.Actor,
		})
	}
	return s
}

// eventID returns the id of the n-th event.
func eventID(n int) (id EventID) {
	binary.BigEndian.PutUint64(id[8:], uint64(n))
	return id
}

// The organizations, workspaces and users of most rows.
var (
	acme, globex = named[organizationKind]("acme"), named[organizationKind]("globex")
	studio, lab  = named[workspaceKind]("studio"), named[workspaceKind]("lab") // of acme
	vault        = named[workspaceKind]("vault")                               // of globex

	ada  = named[userKind]("ada")  // owner of acme
	ben  = named[userKind]("ben")  // admin of acme
	cleo = named[userKind]("cleo") // member of acme
	olga = named[userKind]("olga") // owner of the studio
	adam = named[userKind]("adam") // admin of the studio
	edna = named[userKind]("edna") // editor in the studio
	vera = named[userKind]("vera") // viewer in the studio
	carl = named[userKind]("carl") // client in the studio
	zoe  = named[userKind]("zoe")  // nothing in acme but owner of its lab

	key   = named[tokenKind]("key")   // a token of acme
	other = named[tokenKind]("other") // another one
)

var stage = []Event{
	OrganizationCreated{inOrganization(acme), "Acme"},
	UserProfileSet{About: user(ada), Profile: profile("ada@acme.test")},
	OrganizationMemberAdded{user(ada), OrganizationOwner},
	OrganizationMemberAdded{user(ben), OrganizationAdmin},
	OrganizationMemberAdded{user(cleo), OrganizationPlain},
	WorkspaceCreated{inWorkspace(studio), "Studio"},
	added(studio, olga, RoleOwner),
	added(studio, adam, RoleAdmin),
	added(studio, edna, RoleEditor),
	added(studio, vera, RoleViewer),
	added(studio, carl, RoleClient),
	WorkspaceCreated{inWorkspace(lab), "Lab"},
	added(lab, zoe, RoleOwner),
	OrganizationCreated{inOrganization(globex), "Globex"},
	OrganizationMemberAdded{About{Organization: globex, User: zoe}, OrganizationOwner},
	WorkspaceCreated{inWorkspace(vault), "Vault"},
	added(vault, zoe, RoleOwner),
	added(vault, edna, RoleEditor),
}

// after returns the given events followed by more.
func after(given []Event, more ...Event) []Event {
	return append(given[:len(given):len(given)], more...)
}

func named[Kind any](name string) (id ID[Kind]) {
	copy(id[:], name)
	return id
}

// membership returns the id of a user's membership in most rows.
func membership(ws WorkspaceID, user UserID) (id MembershipID) {
	copy(id[:8], ws[:])
	copy(id[8:], user[:])
	return id
}

func inOrganization(org OrganizationID) About { return About{Organization: org} }
func user(u UserID) About                     { return About{Organization: acme, User: u} }
func inWorkspace(ws WorkspaceID) About        { return member(ws, UserID{}) }

func member(ws WorkspaceID, u UserID) About {
	if ws == vault {
		return About{globex, ws, u}
	}
	return About{acme, ws, u}
}

func added(ws WorkspaceID, u UserID, role RoleKey) Event {
	return addedOn(ws, u, Terms{Role: role})
}

func addedOn(ws WorkspaceID, u UserID, t Terms) Event {
	return MemberAdded{member(ws, u), membership(ws, u), t.Role, t.Permissions, t.ExpiresAt}
}

// addedUntil adds a member whose membership ends by itself.
func addedUntil(ws WorkspaceID, u UserID, role RoleKey, end time.Time) Event {
	return addedOn(ws, u, Terms{Role: role, ExpiresAt: end})
}

// addedWith adds a member with permissions instead of the role's.
func addedWith(ws WorkspaceID, u UserID, role RoleKey, permissions ...Permission) Event {
	return addedOn(ws, u, Terms{Role: role, Permissions: permissions})
}

func changed(ws WorkspaceID, u UserID, from, to RoleKey) Event {
	return MemberRoleChanged{member(ws, u), membership(ws, u), Change[RoleKey]{from, to}}
}

func removed(ws WorkspaceID, u UserID, role RoleKey) Event {
	return MemberRemoved{member(ws, u), membership(ws, u), role}
}

// invited invites the user for an hour, with a secret whose hash is 5.
func invited(ws WorkspaceID, u UserID, role RoleKey) Event {
	return invitedUntil(ws, u, role, now.Add(time.Hour))
}

func invitedUntil(ws WorkspaceID, u UserID, role RoleKey, end time.Time) Event {
	return MemberInvited{member(ws, u), membership(ws, u), role, nil, time.Time{}, InvitationFacts{Hash{5}, end}}
}

func suspended(ws WorkspaceID, u UserID) Event {
	return MemberSuspended{member(ws, u), membership(ws, u)}
}

func expired(ws WorkspaceID, u UserID, role RoleKey) Event {
	return MemberExpired{member(ws, u), membership(ws, u), role}
}

// barred suspends a user in acme.
func barred(u UserID) Event { return OrganizationMemberSuspended{user(u)} }

func profile(email string) ProfileFacts {
	return ProfileFacts{Email: email, Name: PersonName{"First", "Last"}, AvatarURL: "https://acme.test/a.png"}
}

// The actors. Their tokens have every scope, so that only the rules can refuse them.
var (
	byMuster  = Meta{Organization: acme, Actor: Actor{Kind: ActorSystem, ID: "muster"}}
	byRoot    = Meta{Organization: acme, Actor: Actor{Kind: ActorSystem, ID: "root", Credential: Credential{Scopes: Scopes{ScopeAll}}}}
	byProgram = Meta{Organization: acme, Actor: Actor{Kind: ActorToken, ID: "program", Credential: Credential{Scopes: Scopes{ScopeAll}}}}
)

// by returns the Meta of a person who acts through a token that is bound to them.
func by(u UserID) Meta {
	return Meta{Organization: acme, Actor: Actor{
		Kind: ActorUser, ID: u.String(), User: u, Credential: Credential{Scopes: Scopes{ScopeAll}},
	}}
}

// within binds the actor's token to a workspace.
func within(ws WorkspaceID, m Meta) Meta {
	m.Actor.Credential.Workspace = ws
	return m
}

// as makes the actor act on behalf of a user.
func as(u UserID, m Meta) Meta {
	m.OnBehalfOf = u
	return m
}

// to addresses the command to another organization.
func to(org OrganizationID, m Meta) Meta {
	m.Organization = org
	return m
}

// scoped gives the actor's token these scopes only.
func scoped(m Meta, scopes ...Scope) Meta {
	m.Actor.Credential.Scopes = scopes
	return m
}

// given adds a precondition.
func given(p Precondition, m Meta) Meta {
	m.If = p
	return m
}
