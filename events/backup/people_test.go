package backup

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"filippo.io/age"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/natstest"
	"github.com/muster-dev/muster/events/personal"
	"github.com/muster-dev/muster/events/store"
)

// somebody is one whose data is sealed.
var somebody = personal.About{Organization: domain.OrganizationID{1}, User: domain.UserID{2}}

// persons are the keys of three people: one is there, one was erased before the backup, and one
// is erased after it.
type persons struct {
	t                    *testing.T
	keys                 *personal.Keys
	there, before, after personal.Key
	secret               []byte // of the one who is erased after the backup
	sealed               []byte
	hash                 [32]byte
	ledger               *personal.Ledger
}

func newPersons(t *testing.T, dir string) *persons {
	t.Helper()
	p := &persons{t: t}
	var err error
	if p.keys, err = personal.Open(t.Context(), personal.Options{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	for _, key := range []*personal.Key{&p.there, &p.before, &p.after} {
		if *key, err = p.keys.Take(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	p.sealed, p.hash = p.there.Seal(somebody, []byte("ada@example.com")), p.keys.RequestHash([]byte("a request"))
	if err := p.keys.Destroy(t.Context(), p.before.ID()); err != nil {
		t.Fatal(err)
	}
	err = p.keys.Each(t.Context(), func(c personal.Copy) error {
		if c.ID == p.after.ID() {
			p.secret = c.Secret
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	path := t.TempDir()
	ledger, err := personal.OpenLedger(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []personal.Key{p.before, p.after} {
		e := personal.Erasure{Organization: somebody.Organization, User: somebody.User, Keys: []personal.KeyID{key.ID()}, Time: testTime, Position: "0-1000"}
		if err := ledger.Append(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	if err := ledger.Close(); err != nil {
		t.Fatal(err)
	}
	if p.ledger, err = personal.ReadLedger(filepath.Join(path, "erasure-ledger")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.ledger.Close() })
	return p
}

func (p *persons) stop() {
	p.t.Helper()
	if err := p.keys.Close(); err != nil {
		p.t.Fatal(err)
	}
}

// check compares the keys in a restored directory, to which the keys of the backup were
// restored or only the ledger.
func (p *persons) check(t *testing.T, dir string, restored bool) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		if bytes.Contains(content, p.secret) {
			t.Errorf("%s has the key of somebody who was erased after the backup", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := personal.Open(t.Context(), personal.Options{Dir: dir, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = keys.Close() }()
	for _, key := range []personal.Key{p.before, p.after} {
		if _, err := keys.Find(t.Context(), key.ID()); !errors.Is(err, personal.ErrErased) {
			t.Errorf("the key of somebody who was erased: %v", err)
		}
	}
	key, err := keys.Find(t.Context(), p.there.ID())
	if !restored {
		if !errors.Is(err, personal.ErrUnknownKey) {
			t.Errorf("the key of somebody, without keys: %v", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := key.Open(somebody, p.sealed); err != nil || string(plain) != "ada@example.com" {
		t.Errorf("what was sealed is %q: %v", plain, err)
	}
	if keys.RequestHash([]byte("a request")) != p.hash {
		t.Error("requests have another hash")
	}
	ledger, err := personal.ReadLedger(filepath.Join(dir, "erasure-ledger"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ledger.Close() }()
	var one, other bytes.Buffer
	if err := errors.Join(ledger.Export(t.Context(), &one), p.ledger.Export(t.Context(), &other)); err != nil || one.String() != other.String() {
		t.Errorf("the ledger is\n%s, and not\n%s: %v", &one, &other, err)
	}
}

// On servers, too, the keys of erased people are never restored, and the ledger goes on.
func TestErasuresOnServers(t *testing.T) {
	dir := t.TempDir()
	s, end := open(t, store.Options{Dir: dir, Partitions: 1})
	write(t, s.Partitions[0], 2)
	people := newPersons(t, dir)
	people.stop()
	if err := end(); err != nil {
		t.Fatal(err)
	}
	stopped, _ := open(t, store.Options{Dir: dir, ReadOnly: true})
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	a := whole(t, saved(t, stopped, Options{KeysFor: []age.Recipient{identity.Recipient()}}))
	url := natstest.Outside(t)
	err = a.Restore(t.Context(), store.Options{URL: url, Logger: quiet()}, RestoreOptions{Identities: []age.Identity{identity}, Ledger: people.ledger})
	if err != nil {
		t.Fatal(err)
	}
	restored, _ := open(t, store.Options{URL: url, ReadOnly: true})
	servers := personal.Servers{JS: restored.JS}
	ledger, err := personal.OpenLedgerStream(t.Context(), servers, true)
	if err != nil {
		t.Fatal(err)
	}
	var one, other bytes.Buffer
	if err := errors.Join(ledger.Export(t.Context(), &one), people.ledger.Export(t.Context(), &other)); err != nil || one.String() != other.String() {
		t.Errorf("the ledger is\n%s, and not\n%s: %v", &one, &other, err)
	}
	keys, err := personal.Open(t.Context(), personal.Options{Servers: &servers, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = keys.Close() }()
	for name, key := range map[string]personal.Key{"before": people.before, "after": people.after} {
		if _, err := keys.Find(t.Context(), key.ID()); !errors.Is(err, personal.ErrErased) {
			t.Errorf("the key of who was erased %s the backup: %v", name, err)
		}
	}
	if key, err := keys.Find(t.Context(), people.there.ID()); err != nil {
		t.Error(err)
	} else if plain, err := key.Open(somebody, people.sealed); err != nil || string(plain) != "ada@example.com" {
		t.Errorf("what was sealed is %q: %v", plain, err)
	}
}
