package domain

import (
	"strings"
	"testing"
	"unicode"
)

var userRows = []row{
	{name: "one's own name", given: stage, when: SetProfile{by(ada), ada, renamed("ada@acme.test")}, then: []Event{
		UserProfileSet{user(ada), renamed("ada@acme.test")},
	}},
	{
		name: "one's own name, by a member of a workspace", given: after(stage, UserProfileSet{user(vera), profile("vera@acme.test")}),
		when: SetProfile{by(vera), vera, renamed("vera@acme.test")}, then: []Event{UserProfileSet{user(vera), renamed("vera@acme.test")}},
	},
	{
		name: "one's own name, on behalf", given: after(stage, UserProfileSet{user(vera), profile("vera@acme.test")}),
		when: SetProfile{as(vera, byProgram), vera, renamed("vera@acme.test")}, then: []Event{UserProfileSet{user(vera), renamed("vera@acme.test")}},
	},
	{name: "an address of one's own choice", given: stage, when: SetProfile{by(vera), vera, profile("vera@acme.test")}, err: ErrNotAllowed},
	{
		name: "another address than the organization knows", given: after(stage, UserProfileSet{user(vera), profile("vera@acme.test")}),
		when: SetProfile{by(vera), vera, profile("boss@acme.test")}, err: ErrNotAllowed,
	},
	{
		name: "one's own name, out of the organization", given: after(stage, UserProfileSet{user(nora), profile("nora@acme.test")}),
		when: SetProfile{by(nora), nora, renamed("nora@acme.test")}, err: ErrNotAllowed,
	},
	{name: "another's, by an admin", given: stage, when: SetProfile{by(ben), vera, profile("vera@acme.test")}, then: []Event{
		UserProfileSet{user(vera), profile("vera@acme.test")},
	}},
	{name: "by a program", given: stage, when: SetProfile{byProgram, vera, profile("vera@acme.test")}, then: []Event{
		UserProfileSet{user(vera), profile("vera@acme.test")},
	}},
	{name: "another's", given: stage, when: SetProfile{by(cleo), vera, profile("vera@acme.test")}, err: ErrNotAllowed},
	{name: "another's, by a workspace's owner", given: stage, when: SetProfile{by(olga), vera, profile("vera@acme.test")}, err: ErrNotAllowed},
	{name: "another's, on behalf of them by a person", given: stage, when: SetProfile{as(vera, by(cleo)), vera, profile("vera@acme.test")}, err: ErrNotAllowed},
	{name: "by a program of a workspace", given: stage, when: SetProfile{within(studio, byProgram), vera, profile("vera@acme.test")}, err: ErrNotAllowed},
	{name: "nobody's, by a program of a workspace", given: stage, when: SetProfile{within(studio, byProgram), UserID{}, profile("vera@acme.test")}, err: ErrNotAllowed},
	{name: "nobody's", given: stage, when: SetProfile{byProgram, UserID{}, profile("vera@acme.test")}, err: invalid("/user_id", "required")},
	{name: "the same", given: stage, when: SetProfile{by(ada), ada, profile("ada@acme.test")}},
	{name: "the address in another case", given: stage, when: SetProfile{by(ada), ada, profile("Ada@acme.test")}, then: []Event{
		UserProfileSet{user(ada), profile("Ada@acme.test")},
	}},
	{name: "an address that is taken", given: stage, when: SetProfile{by(ben), ben, profile("ada@acme.test")}, err: ErrEmailTaken},
	{name: "an address that is taken in another case", given: stage, when: SetProfile{by(ben), ben, profile("ADA@Acme.Test")}, err: ErrEmailTaken},
	{name: "an address that was given up", given: adaMoved, when: SetProfile{by(ben), ben, profile("ada@acme.test")}, then: []Event{
		UserProfileSet{user(ben), profile("ada@acme.test")},
	}},
	{name: "an address that was moved to", given: adaMoved, when: SetProfile{by(ben), ben, profile("ada@apex.test")}, err: ErrEmailTaken},
	{name: "no names", given: stage, when: SetProfile{by(ben), ben, ProfileFacts{Email: "ben@acme.test"}}, then: []Event{
		UserProfileSet{user(ben), ProfileFacts{Email: "ben@acme.test"}},
	}},
	{
		name: "too long a first name", given: stage, err: invalid("/name/first", "too_long"),
		when: SetProfile{by(ben), ben, ProfileFacts{Email: "b@c", Name: PersonName{First: strings.Repeat("b", 201)}}},
	},
	{
		name: "a last name of two lines", given: stage, err: invalid("/name/last", "invalid_characters"),
		when: SetProfile{by(ben), ben, ProfileFacts{Email: "b@c", Name: PersonName{"Ben", "Bo\nlt"}}},
	},
	{
		name: "a picture from anywhere but https", given: stage, err: invalid("/avatar_url", "invalid_url"),
		when: SetProfile{by(ben), ben, ProfileFacts{Email: "b@c", AvatarURL: "javascript:alert(1)"}},
	},
	{
		name: "too long an address of a picture", given: stage, err: invalid("/avatar_url", "invalid_url"),
		when: SetProfile{by(ben), ben, ProfileFacts{Email: "b@c", AvatarURL: "https://a/" + strings.Repeat("b", MaxURL)}},
	},
	{name: "of no organization", when: SetProfile{byProgram, ada, profile("ada@acme.test")}, err: ErrUnknownOrganization},
}

var adaMoved = after(stage, UserProfileSet{user(ada), profile("ada@apex.test")})

func TestCheckEmail(t *testing.T) {
	long := strings.Repeat("a", MaxEmail-2) + "@b"
	for _, email := range []string{"a@b", "ada.lovelace+x@example.com", "üñí@exämple.test", long} {
		if err := checkEmail("/email", email); err != nil {
			t.Errorf("%q is refused: %v", email, err)
		}
	}
	for _, email := range []string{
		"", "@", "a", "a@", "@b", "a@b@c", "a b@c", "a@b ", " a@b", "a@b\n", "a@b\x00", "a@\xff", "a\u00a0b@c", "a" + long,
	} {
		if err := checkEmail("/email", email); !sameError(err, invalid("/email", "invalid_email")) {
			t.Errorf("%q: %v", email, err)
		}
	}
}

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
	s = fold(after(stage, UserProfileSet{user(ada), profile("ADA@acme.test")})...)
	if s.emailHolder(acme, "ada@acme.test") != ada {
		t.Error("another case freed the address")
	}
}

// Addresses that differ only in case have one key, in every alphabet.
func TestFoldEmail(t *testing.T) {
	for r := range rune(0x20000) { // no character above has two cases
		s := string(r)
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			if FoldEmail(s) != FoldEmail(string(f)) {
				t.Errorf("%q and %q have two forms", s, f)
			}
		}
		if folded := FoldEmail(s); FoldEmail(folded) != folded || r < 0x80 && folded != strings.ToLower(s) {
			t.Errorf("%q folds to %q, and that to %q", s, folded, FoldEmail(folded))
		}
	}
}

func FuzzFoldEmail(f *testing.F) {
	for _, pair := range [][2]string{
		{"ada@example.com", "ADA@Example.COM"}, {"ſ@x", "S@X"}, {"σ@x", "ς@X"}, {"İ@x", "i@x"}, {"K@x", "k@x"}, {"ẞ@x", "ß@x"}, {"\xff@x", "\xfe@x"},
	} {
		f.Add(pair[0], pair[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if folded := FoldEmail(a); FoldEmail(folded) != folded {
			t.Errorf("%q folds to %q, and that to %q", a, folded, FoldEmail(folded))
		}
		if checkEmail("", a) != nil || checkEmail("", b) != nil {
			return
		}
		if strings.EqualFold(a, b) && EmailKey(acme, a) != EmailKey(acme, b) {
			t.Errorf("%q and %q are the same but for case, and have two keys", a, b)
		}
		if EmailKey(acme, a) == EmailKey(globex, a) {
			t.Errorf("%q has one key in two organizations", a)
		}
	})
}

// renamed returns another profile with the same address.
func renamed(email string) ProfileFacts {
	p := profile(email)
	p.Name.First = "Renamed"
	return p
}
