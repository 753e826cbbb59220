package backup

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"filippo.io/age"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/natstest"
	"github.com/muster-dev/muster/events/personal"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// sealedKey is the key of the profiles that tests write.
const sealedKey = "6f0c9e34-6ec1-4c46-9d9c-3c1f4f0a7c55"

// seal appends a message with a sealed profile.
func seal(t *testing.T, p *store.Partition) {
	t.Helper()
	tip, err := p.Tip(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := domain.Recorded{
		Event: domain.UserProfileSet{
			About:   domain.About{Organization: domain.OrganizationID{1}, User: domain.UserID{2}},
			Profile: domain.ProfileFacts{Email: "ada@example.com"},
		},
		ID: (&wire.EventIDs{Last: tip.ID}).Next(testTime), Number: tip.Number + 1, Time: testTime, Actor: domain.Actor{Kind: domain.ActorSystem, ID: "root"},
	}
	payload, err := wire.Append(nil, p.Number, &r)
	if err != nil {
		t.Fatal(err)
	}
	before, _, found := bytes.Cut(payload, []byte(`"data":`))
	if !found {
		t.Fatalf("%s has no data", payload)
	}
	payload = append(before, `"data":{"profile":{"sealed":"c2VhbGVkIQ==","key":"`+sealedKey+`"}}}]`...)
	if err := p.Append(t.Context(), wire.Next(tip, "a test", payload)); err != nil {
		t.Fatal(err)
	}
}

// A log with sealed profiles is restored without keys only if that is wanted. Then all of them are
// erased, because no service starts on a log that lacks keys.
func TestWithoutKeys(t *testing.T) {
	s, _ := open(t, store.Options{Dir: t.TempDir(), Partitions: 2})
	write(t, s.Partitions[0], 3)
	if a := whole(t, saved(t, s, Options{})); a.Sealed {
		t.Error("nothing is sealed")
	}
	for range 3 {
		seal(t, s.Partitions[1])
	}
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	file := saved(t, s, Options{})
	a := whole(t, file)
	if !a.Sealed {
		t.Error("profiles are sealed")
	}
	key := personal.KeyID{}
	if err := key.UnmarshalText([]byte(sealedKey)); err != nil {
		t.Fatal(err)
	}
	for name, place := range map[string]store.Options{"directory": {Dir: t.TempDir(), Logger: quiet()}, "server": {URL: natstest.Outside(t), Logger: quiet()}} {
		t.Run(name, func(t *testing.T) {
			unchecked, err := Open(t.Context(), newMemory(file), nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, archive := range []*Archive{a, unchecked} {
				for _, identities := range [][]age.Identity{nil, {identity}} {
					if err := archive.Restore(t.Context(), place, RestoreOptions{Identities: identities}); !errors.Is(err, ErrKeysNeeded) {
						t.Errorf("without keys, and with %d identities: %v", len(identities), err)
					}
				}
			}
			if err := a.Restore(t.Context(), place, RestoreOptions{WithoutKeys: true}); err != nil {
				t.Fatal(err)
			}
			o := personal.Options{Dir: place.Dir, ReadOnly: true}
			if place.URL != "" {
				restored, _ := open(t, store.Options{URL: place.URL, ReadOnly: true})
				o.Servers = &personal.Servers{JS: restored.JS}
			}
			keys, err := personal.Open(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = keys.Close() }()
			if _, err := keys.Find(context.Background(), key); !errors.Is(err, personal.ErrErased) {
				t.Errorf("the key: %v", err)
			}
		})
	}
}
