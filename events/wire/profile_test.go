package wire

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/muster-dev/muster/domain"
)

// drawProfile draws what a directory says about a person.
func drawProfile(t *rapid.T) domain.ProfileFacts {
	text := rapid.String()
	return domain.ProfileFacts{
		Email: text.Draw(t, "email"), Name: domain.PersonName{First: text.Draw(t, "first"), Last: text.Draw(t, "last")}, AvatarURL: text.Draw(t, "avatar"),
	}
}

func TestAProfileIsReadAsItWasWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := drawProfile(t)
		b, err := AppendProfile([]byte("before"), want)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ParseProfile(bytes.TrimPrefix(b, []byte("before"))); err != nil || got != want {
			t.Errorf("%+v was written as %s and read as %+v, %v", want, b, got, err)
		}
	})
	for _, bad := range []string{``, `{}x`, `{"email":"a","name":{"first":"b","last":"c"},"more":1}`, `{"email":"a`} {
		if got, err := ParseProfile([]byte(bad)); err == nil {
			t.Errorf("%s was read as %+v", bad, got)
		}
	}
}

// What is shown of a sealed profile differs from what is stored in its data only, and can be
// decoded like it.
func TestASealedProfileIsShown(t *testing.T) {
	sealed := domain.UserProfileSet{
		About:  domain.About{Organization: domain.OrganizationID{1}, User: domain.UserID{3}},
		Sealed: domain.SealedProfile{Key: domain.PersonalKeyID{19}, Text: "c2VhbGVkIQ=="},
	}
	r := recorded(sealed)
	r.Reason = `,"data":{"profile":{"sealed":"no","key":"no"}}}`
	stored, err := Encode(nil, 3, r)
	if err != nil {
		t.Fatal(err)
	}
	before, _, _ := strings.Cut(string(stored), `"data":{"profile":{"sealed":"c2VhbGVkIQ==","key":"13000000-0000-0000-0000-000000000000"}}}`)
	if len(before) == len(stored) {
		t.Fatalf("the profile is not sealed in %s", stored)
	}
	for _, c := range []struct {
		name string
		with func(*domain.UserProfileSet)
		data string
	}{
		{"opened", func(e *domain.UserProfileSet) { e.Profile = domain.ProfileFacts{Email: "ada@example.com"} }, `{"profile":{"email":"ada@example.com","name":{"first":"","last":""}}}`},
		{"erased", func(e *domain.UserProfileSet) { e.Erased = true }, `{"profile":null,"erased":true}`},
	} {
		with := sealed
		c.with(&with)
		shown, err := WithData(stored, with)
		if want := before + `"data":` + c.data + `}`; err != nil || string(shown) != want {
			t.Fatalf("%s is shown as %s, not %s: %v", c.name, shown, want, err)
		}
		with.Sealed = domain.SealedProfile{}
		entry, _, err := Decode(shown)
		if d := cmp.Diff(domain.Event(with), entry.Event); err != nil || d != "" {
			t.Errorf("%s is decoded as, want - and got +: %v\n%s", c.name, err, d)
		}
	}
	if shown, err := WithData(bytes.Replace(stored, []byte("sealed"), []byte("salted"), 2), sealed); err == nil {
		t.Errorf("an event without a sealed profile was shown as %s", shown)
	}
}

func TestOddProfilesAreRefused(t *testing.T) {
	stored, err := Encode(nil, 3, recorded(domain.UserProfileSet{About: domain.About{Organization: domain.OrganizationID{1}, User: domain.UserID{3}}}))
	if err != nil {
		t.Fatal(err)
	}
	before, _, _ := bytes.Cut(stored, []byte(`{"profile":`))
	const key = `"13000000-0000-0000-0000-000000000000"`
	for _, data := range []string{
		`{}`, `{"profile":null}`, `{"profile":null,"erased":false}`, `{"erased":true,"more":1}`,
		`{"profile":{"sealed":"","key":` + key + `}}`, `{"profile":{"sealed":"abc","key":` + key + `}}`, `{"profile":{"sealed":"a c=","key":` + key + `}}`,
		`{"profile":{"sealed":"abcd"}}`, `{"profile":{"key":` + key + `}}`, `{"profile":{"sealed":"abcd","key":"00000000-0000-0000-0000-000000000000"}}`,
		`{"profile":{"sealed":"abcd","key":` + key + `,"email":"a@x"}}`, `{"profile":{"sealed":"abcd","key":` + key + `},"erased":true}`,
	} {
		odd := append(append(bytes.Clone(before), data...), '}')
		if entry, _, err := decode(odd); err == nil {
			t.Errorf("%s was decoded as %+v", data, entry.Event)
		}
		if entries, ok := quickly(append(append([]byte{'['}, odd...), ']'), Position{3, 1042}); ok {
			t.Errorf("%s was decoded quickly as %+v", data, entries[0].Event)
		}
	}
}
