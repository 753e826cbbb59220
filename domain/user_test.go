package domain

import (
	"strings"
	"testing"
)

var userRows = []row{
	{name: "one's own name", given: stage, when: SetProfile{by(ada), ada, renamed("ada@acme.test").Patch()}, then: []Event{
		UserProfileSet{About: user(ada), Profile: renamed("ada@acme.test")},
	}},
	{
		name: "one's own name, by a member of a workspace", given: after(stage, UserProfileSet{About: user(vera), Profile: profile("vera@acme.test")}),
		when: SetProfile{by(vera), vera, renamed("vera@acme.test").Patch()}, then: []Event{UserProfileSet{About: user(vera), Profile: renamed("vera@acme.test")}},
	},
	{
		name: "one's own name, on behalf", given: after(stage, UserProfileSet{About: user(vera), Profile: profile("vera@acme.test")}),
		when: SetProfile{as(vera, byProgram), vera, renamed("vera@acme.test").Patch()}, then: []Event{UserProfileSet{About: user(vera), Profile: renamed("vera@acme.test")}},
	},
	{name: "an address of one's own choice", given: stage, when: SetProfile{by(vera), vera, profile("vera@acme.test").Patch()}, err: ErrNotAllowed},
	{
		name: "another address than the organization knows", given: after(stage, UserProfileSet{About: user(vera), Profile: profile("vera@acme.test")}),
		when: SetProfile{by(vera), vera, profile("boss@acme.test").Patch()}, err: ErrNotAllowed,
	},
	{
		name: "one's own name, out of the organization", given: after(stage, UserProfileSet{About: user(nora), Profile: profile("nora@acme.test")}),
		when: SetProfile{by(nora), nora, renamed("nora@acme.test").Patch()}, err: ErrNotAllowed,
	},
	{name: "another's, by an admin", given: stage, when: SetProfile{by(ben), vera, profile("vera@acme.test").Patch()}, then: []Event{
		UserProfileSet{About: user(vera), Profile: profile("vera@acme.test")},
	}},
	{name: "by a program", given: stage, when: SetProfile{byProgram, vera, profile("vera@acme.test").Patch()}, then: []Event{
		UserProfileSet{About: user(vera), Profile: profile("vera@acme.test")},
	}},
	{name: "another's", given: stage, when: SetProfile{by(cleo), vera, profile("vera@acme.test").Patch()}, err: ErrNotAllowed},
	{name: "another's, by a workspace's owner", given: stage, when: SetProfile{by(olga), vera, profile("vera@acme.test").Patch()}, err: ErrNotAllowed},
	{name: "another's, on behalf of them by a person", given: stage, when: SetProfile{as(vera, by(cleo)), vera, profile("vera@acme.test").Patch()}, err: ErrNotAllowed},
	{name: "by a program of a workspace", given: stage, when: SetProfile{within(studio, byProgram), vera, profile("vera@acme.test").Patch()}, err: ErrNotAllowed},
	{name: "nobody's, by a program of a workspace", given: stage, when: SetProfile{within(studio, byProgram), UserID{}, profile("vera@acme.test").Patch()}, err: ErrNotAllowed},
	{name: "nobody's", given: stage, when: SetProfile{byProgram, UserID{}, profile("vera@acme.test").Patch()}, err: invalid("/user_id", "required")},
	{name: "the same", given: stage, when: SetProfile{by(ada), ada, profile("ada@acme.test").Patch()}},
	{name: "the address in another case", given: stage, when: SetProfile{by(ada), ada, profile("Ada@acme.test").Patch()}, then: []Event{
		UserProfileSet{About: user(ada), Profile: profile("Ada@acme.test")},
	}},
	{name: "an address that is taken", given: stage, when: SetProfile{by(ben), ben, profile("ada@acme.test").Patch()}, err: ErrEmailTaken},
	{name: "an address that is taken in another case", given: stage, when: SetProfile{by(ben), ben, profile("ADA@Acme.Test").Patch()}, err: ErrEmailTaken},
	{name: "an address that was given up", given: adaMoved, when: SetProfile{by(ben), ben, profile("ada@acme.test").Patch()}, then: []Event{
		UserProfileSet{About: user(ben), Profile: profile("ada@acme.test")},
	}},
	{name: "an address that was moved to", given: adaMoved, when: SetProfile{by(ben), ben, profile("ada@apex.test").Patch()}, err: ErrEmailTaken},
	{name: "no names", given: stage, when: SetProfile{by(ben), ben, ProfileFacts{Email: "ben@acme.test"}.Patch()}, then: []Event{
		UserProfileSet{About: user(ben), Profile: ProfileFacts{Email: "ben@acme.test"}},
	}},
	{name: "a name and nothing else", given: stage, when: SetProfile{by(ada), ada, ProfilePatch{First: new("A.")}}, then: []Event{
		UserProfileSet{About: user(ada), Profile: ProfileFacts{"ada@acme.test", PersonName{"A.", "Last"}, "https://acme.test/a.png"}},
	}},
	{name: "an address and nothing else", given: stage, when: SetProfile{by(ben), ada, ProfilePatch{Email: new("a@acme.test")}}, then: []Event{
		UserProfileSet{About: user(ada), Profile: ProfileFacts{"a@acme.test", PersonName{"First", "Last"}, "https://acme.test/a.png"}},
	}},
	{name: "no picture and no last name", given: stage, when: SetProfile{by(ada), ada, ProfilePatch{Last: new(""), AvatarURL: new("")}}, then: []Event{
		UserProfileSet{About: user(ada), Profile: ProfileFacts{"ada@acme.test", PersonName{"First", ""}, ""}},
	}},
	{name: "nothing", given: stage, when: SetProfile{by(ada), ada, ProfilePatch{}}},
	{name: "nothing, of somebody new", given: stage, when: SetProfile{by(ben), ben, ProfilePatch{}}, err: invalid("/email", "required")},
	{name: "a name, of somebody new", given: stage, when: SetProfile{by(ben), ben, ProfilePatch{First: new("Ben")}}, err: invalid("/email", "required")},
	{name: "a name, with an address of earlier versions", given: after(stage, UserProfileSet{About: user(vera), Profile: profile("v@x_y.")}), when: SetProfile{by(vera), vera, ProfilePatch{Email: new("v@x_y."), First: new("V.")}}, then: []Event{
		UserProfileSet{About: user(vera), Profile: ProfileFacts{"v@x_y.", PersonName{"V.", "Last"}, "https://acme.test/a.png"}},
	}},
	{name: "a name, with an address that another has since earlier versions", given: twins, when: SetProfile{by(vera), vera, ProfilePatch{First: new("V.")}}, then: []Event{
		UserProfileSet{About: user(vera), Profile: ProfileFacts{"e\u0301@x", PersonName{"V.", "Last"}, "https://acme.test/a.png"}},
	}},
	{name: "an address that two have since earlier versions", given: twins, when: SetProfile{by(ben), ben, profile("É@x").Patch()}, err: ErrEmailTaken},
	{name: "an address that looks like another's", given: stage, when: SetProfile{by(ben), ben, profile("ada@\uff41cme.test").Patch()}, err: ErrEmailTaken},
	{
		name: "too long a first name", given: stage, err: invalid("/name/first", "too_long"),
		when: SetProfile{by(ben), ben, ProfileFacts{Email: "b@c", Name: PersonName{First: strings.Repeat("b", 201)}}.Patch()},
	},
	{
		name: "a last name of two lines", given: stage, err: invalid("/name/last", "invalid_characters"),
		when: SetProfile{by(ben), ben, ProfileFacts{Email: "b@c", Name: PersonName{"Ben", "Bo\nlt"}}.Patch()},
	},
	{
		name: "a picture from anywhere but https", given: stage, err: invalid("/avatar_url", "invalid_url"),
		when: SetProfile{by(ben), ben, ProfileFacts{Email: "b@c", AvatarURL: "javascript:alert(1)"}.Patch()},
	},
	{
		name: "too long an address of a picture", given: stage, err: invalid("/avatar_url", "invalid_url"),
		when: SetProfile{by(ben), ben, ProfileFacts{Email: "b@c", AvatarURL: "https://a/" + strings.Repeat("b", MaxURL)}.Patch()},
	},
	{name: "of no organization", when: SetProfile{byProgram, ada, profile("ada@acme.test").Patch()}, err: ErrUnknownOrganization},
}

// twins have addresses that earlier versions told apart.
var twins = after(stage, UserProfileSet{About: user(vera), Profile: profile("e\u0301@x")}, UserProfileSet{About: user(edna), Profile: profile("é@x")})

var adaMoved = after(stage, UserProfileSet{About: user(ada), Profile: profile("ada@apex.test")})

// If a profile gets another address, the old one is free. If it gets the same address in
// another case, the address is not free.
func TestProfileAgain(t *testing.T) {
	s := fold(adaMoved...)
	if !s.emailHolder(acme, "ada@acme.test").IsZero() || s.emailHolder(acme, "ADA@apex.test") != ada {
		t.Error("the address did not move with its holder")
	}
	if p := s.Profile(acme, ada); !p.CreatedAt.Before(p.UpdatedAt) {
		t.Errorf("the profile forgot when it was made: %+v", p)
	}
	s = fold(after(stage, UserProfileSet{About: user(ada), Profile: profile("ADA@acme.test")})...)
	if s.emailHolder(acme, "ada@acme.test") != ada {
		t.Error("another case freed the address")
	}
}

// Of users who have one address since earlier versions the last one counts whose entry was
// written. When that user gives it up, the other one counts.
func TestTwins(t *testing.T) {
	for _, c := range []struct {
		name string
		more []Event
		want UserID
	}{
		{"both", nil, edna},
		{"the first one renamed", []Event{UserProfileSet{About: user(vera), Profile: renamed("e\u0301@x")}}, vera},
		{"the last one moved", []Event{UserProfileSet{About: user(edna), Profile: profile("edna@x")}}, vera},
		{"the first one moved", []Event{UserProfileSet{About: user(vera), Profile: profile("vera@x")}}, edna},
		{"both moved", []Event{UserProfileSet{About: user(vera), Profile: profile("vera@x")}, UserProfileSet{About: user(edna), Profile: profile("edna@x")}}, UserID{}},
	} {
		if got := fold(after(twins, c.more...)...).emailHolder(acme, "É@x"); got != c.want {
			t.Errorf("%s: %s has it, want %s", c.name, got, c.want)
		}
	}
}

// renamed returns another profile with the same address.
func renamed(email string) ProfileFacts {
	p := profile(email)
	p.Name.First = "Renamed"
	return p
}
