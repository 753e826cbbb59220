package backup

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"filippo.io/age"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/personal"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// record appends a message with an event.
func record(t *testing.T, p *store.Partition, e domain.Event) wire.Position {
	t.Helper()
	tip, err := p.Tip(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := domain.Recorded{
		Event: e, ID: (&wire.EventIDs{Last: tip.ID}).Next(testTime), Number: tip.Number + 1, Time: testTime,
		Actor: domain.Actor{Kind: domain.ActorSystem, ID: "root"},
	}
	payload, err := wire.Append(nil, p.Number, &r)
	if err == nil {
		err = p.Append(t.Context(), wire.Next(tip, "a test", append(payload, ']')))
	}
	if err != nil {
		t.Fatal(err)
	}
	return wire.Position{Partition: p.Number, Number: r.Number}
}

// ledgerOf returns a ledger with the erasures.
func ledgerOf(t *testing.T, erasures ...personal.Erasure) *personal.Ledger {
	t.Helper()
	dir := t.TempDir()
	l, err := personal.OpenLedger(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range erasures {
		if err := l.Append(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if l, err = personal.ReadLedger(filepath.Join(dir, personal.LedgerName)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// A ledger that cannot be that of the log is refused, and so are keys that cannot be its own, before
// anything is made.
func TestOthersLedgerAndKeys(t *testing.T) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s, _ := open(t, store.Options{Dir: dir, Partitions: 2})
	people, err := personal.Open(t.Context(), personal.Options{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	about := domain.About{Organization: domain.OrganizationID{1}, User: domain.UserID{2}}
	var keys [2]personal.Key
	for i := range keys {
		if keys[i], err = people.Take(t.Context()); err != nil {
			t.Fatal(err)
		}
		record(t, s.Partitions[1], domain.UserProfileSet{About: about, Sealed: domain.SealedProfile{Key: keys[i].ID(), Text: "c2VhbGVkIQ=="}})
	}
	at := record(t, s.Partitions[1], domain.UserErasureRequested{About: about, Key: keys[0].ID()})
	record(t, s.Partitions[1], domain.UserErased{About: about, Key: keys[0].ID()})
	if err := errors.Join(people.Destroy(t.Context(), keys[0].ID()), people.Close()); err != nil {
		t.Fatal(err)
	}
	file := saved(t, s, Options{KeysFor: []age.Recipient{identity.Recipient()}})
	a := whole(t, file)

	erasure := personal.Erasure{Organization: about.Organization, User: about.User, Keys: []personal.KeyID{keys[0].ID()}, Time: testTime, Position: at.String()}
	later, stranger, beyond := erasure, erasure, erasure
	later.Keys, later.Position = []personal.KeyID{keys[1].ID()}, "1-1000"
	stranger.Keys = []personal.KeyID{{15: 1}}
	beyond.Keys, beyond.Position = []personal.KeyID{{15: 2}}, "7-1"
	identities := []age.Identity{identity}
	for name, o := range map[string]RestoreOptions{
		"an empty one":                   {Ledger: ledgerOf(t)},
		"one without the erasure":        {Ledger: ledgerOf(t, later)},
		"one of another log":             {Ledger: ledgerOf(t, erasure, stranger)},
		"one of a log with more of them": {Ledger: ledgerOf(t, erasure, beyond)},
	} {
		o.Identities = identities
		to := filepath.Join(t.TempDir(), "to")
		if err := a.Restore(t.Context(), store.Options{Dir: to, Logger: quiet()}, o); !errors.Is(err, ErrOtherLedger) {
			t.Errorf("the ledger is %s: %v", name, err)
		}
		if _, err := os.Lstat(to); !os.IsNotExist(err) {
			t.Errorf("the ledger is %s: something was made: %v", name, err)
		}
	}
	if err := a.Restore(t.Context(), store.Options{Dir: filepath.Join(t.TempDir(), "to"), Logger: quiet()}, RestoreOptions{Identities: identities}); err == nil {
		t.Error("restored without a ledger although somebody was erased")
	}
	to := filepath.Join(t.TempDir(), "to")
	if err := a.Restore(t.Context(), store.Options{Dir: to, Logger: quiet()}, RestoreOptions{Identities: identities, Ledger: ledgerOf(t, erasure, later)}); err != nil {
		t.Errorf("with the right ledger: %v", err)
	}

	// The restored log has a ledger with what its log says to be done, so the next restore of it needs no more.
	for name, o := range map[string]RestoreOptions{
		"a lost ledger":                    {Identities: identities, LedgerLost: true},
		"a ledger that began again":        {Identities: identities, LedgerLost: true, Ledger: ledgerOf(t, later)},
		"no keys":                          {WithoutKeys: true},
		"no keys, and a ledger of another": {WithoutKeys: true, Ledger: ledgerOf(t, stranger)},
	} {
		to := filepath.Join(t.TempDir(), "to")
		if err := a.Restore(t.Context(), store.Options{Dir: to, Logger: quiet()}, o); err != nil {
			t.Errorf("with %s: %v", name, err)
			continue
		}
		ledger, err := personal.ReadLedger(filepath.Join(to, personal.LedgerName))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = ledger.Close() })
		if err := a.consistent(t.Context(), RestoreOptions{Identities: identities, Ledger: ledger}); err != nil && (o.Ledger == nil || o.LedgerLost) {
			t.Errorf("with %s the ledger of the restored log: %v", name, err)
		}
		var lines []personal.Erasure
		for e, err := range ledger.All(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, e)
		}
		if last := lines[len(lines)-1]; !reflect.DeepEqual(last, erasure) {
			t.Errorf("with %s the ledger ends with %+v, and not with %+v", name, last, erasure)
		}
	}

	// Keys of another log, as somebody could have packed before.
	delete(a.told.sealed, keys[0].ID())
	a.told.sealed[personal.KeyID{15: 9}] = struct{}{}
	err = a.Restore(t.Context(), store.Options{Dir: filepath.Join(t.TempDir(), "to"), Logger: quiet()}, RestoreOptions{Identities: identities, Ledger: ledgerOf(t, erasure)})
	if !errors.Is(err, ErrKeysIncomplete) {
		t.Errorf("keys that lack one: %v", err)
	}
}

// A backup with keys is refused if those in the directory are not the log's.
func TestBackupOfOtherKeys(t *testing.T) {
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s, _ := open(t, store.Options{Dir: dir, Partitions: 1})
	write(t, s.Partitions[0], 1)
	if err := s.Home(t.Context(), "0123456789abcdef"); err != nil {
		t.Fatal(err)
	}
	for _, missing := range []bool{true, false} {
		if !missing {
			people, err := personal.Open(t.Context(), personal.Options{Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			if err := people.Close(); err != nil {
				t.Fatal(err)
			}
		}
		_, err := Write(t.Context(), io.Discard, s, Options{KeysFor: []age.Recipient{identity.Recipient()}})
		if !errors.Is(err, store.ErrOtherKeys) {
			t.Errorf("missing is %v: %v", missing, err)
		}
	}
	if a := whole(t, saved(t, s, Options{})); a.Keys {
		t.Error("a backup without keys has some")
	}
}
