package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-dev/muster/events/personal"
	"github.com/muster-dev/muster/events/wire"
)

// TestRestoreAfterLostErasures restores a backup that is older than two erasures, with the ledger. The
// log goes on and gives the positions of these erasures to other events. What is backed up then can
// be restored, too, and nobody who was erased is back.
func TestRestoreAfterLostErasures(t *testing.T) {
	t.Parallel()
	dir, work := t.TempDir(), t.TempDir()
	old, later := filepath.Join(work, "old.tar"), filepath.Join(work, "later.tar")
	p := serving(t, dir, "--partitions", "1", nativeOnly)
	s := p.api.found()
	before, after, there := newCanary(), newCanary(), newCanary()
	before.enter(p.api, s)
	does(t, "backup", "--data", dir, "--out", old, "--keys-for", backupRecipient)
	after.enter(p.api, s) // the backup does not have the key at all
	before.erase(p.api, s)
	last := after.asked(p.api, s)
	after.erase(p.api, s)
	p.stop()

	to := filepath.Join(work, "restored")
	restoreWithKeys(t, old, to, "--ledger", filepath.Join(dir, "erasure-ledger"))
	p = serving(t, to, nativeOnly)
	before.unshown(p.api, s, "")
	there.enter(p.api, s)
	p.api.beyond(s, last)
	does(t, "backup", "--data", to, "--out", later, "--keys-for", backupRecipient)
	p.stop()

	again := filepath.Join(work, "again")
	restoreWithKeys(t, later, again, "--ledger", filepath.Join(to, "erasure-ledger"))
	p = serving(t, again, nativeOnly)
	before.unshown(p.api, s, "")
	if r := p.api.must(200, "GET", there.path(s), ""); !bytes.Contains(r.body, []byte(there.word)) {
		t.Errorf("who was not erased reads as %s", r.body)
	}
	p.stop()
	unkept(t, again, filepath.Join(dir, "erasure-ledger"), 2)
	verified(t, "--data", again)
	does(t, "restore", later, "--data", filepath.Join(work, "without"), "--without-keys", "--ledger", filepath.Join(to, "erasure-ledger"))
}

// TestRestoreAfterLostLedger loses the ledger of a log. With --ledger-lost a backup with keys is
// restored, and who was erased according to the log or to the new ledger is not back. From then on the
// ledger is whole again.
func TestRestoreAfterLostLedger(t *testing.T) {
	t.Parallel()
	dir, work := t.TempDir(), t.TempDir()
	file, next := filepath.Join(work, "file.tar"), filepath.Join(work, "next.tar")
	ledger := filepath.Join(dir, personal.LedgerName)
	p := serving(t, dir, "--partitions", "1", nativeOnly)
	s := p.api.found()
	before, between, after := newCanary(), newCanary(), newCanary()
	for _, c := range []*canary{&before, &between, &after} {
		c.enter(p.api, s)
	}
	before.erase(p.api, s)
	p.stop()
	if err := os.Remove(ledger); err != nil {
		t.Fatal(err)
	}
	p.start()
	p.ready()
	between.erase(p.api, s)
	does(t, "backup", "--data", dir, "--out", file, "--keys-for", backupRecipient)
	after.erase(p.api, s)
	p.stop()

	to, identity := filepath.Join(work, "restored"), filepath.Join(work, "identity")
	writeFile(t, identity, []byte(backupIdentity))
	if status, text := says(t, "restore", file, "--data", to, "--keys-identity", identity, "--ledger", ledger); status != 1 || !strings.Contains(text, "say --ledger-lost") {
		t.Errorf("the ledger lacks an erasure: %d: %s", status, text)
	}
	restoreWithKeys(t, file, to, "--ledger", ledger, "--ledger-lost")
	p = serving(t, to, nativeOnly)
	for _, c := range []canary{before, between, after} {
		c.unshown(p.api, s, "")
	}
	does(t, "backup", "--data", to, "--out", next, "--keys-for", backupRecipient)
	p.stop()
	unkept(t, to, filepath.Join(to, personal.LedgerName), 3)
	verified(t, "--data", to)
	again := filepath.Join(work, "again")
	restoreWithKeys(t, next, again, "--ledger", filepath.Join(to, personal.LedgerName))
	unkept(t, again, filepath.Join(to, personal.LedgerName), 3)
}

// restoreWithKeys restores a backup for backupRecipient.
func restoreWithKeys(t *testing.T, file, to string, args ...string) {
	t.Helper()
	identity := filepath.Join(t.TempDir(), "identity")
	writeFile(t, identity, []byte(backupIdentity))
	does(t, append([]string{"restore", file, "--data", to, "--keys-identity", identity}, args...)...)
}

// beyond writes until the log has gone beyond the position.
func (c apiClient) beyond(s site, position string) {
	c.t.Helper()
	end, err := wire.ParsePosition(position)
	if err != nil {
		c.t.Fatal(err)
	}
	for user := newCanary(); ; {
		at, err := wire.ParsePosition(c.must(200, "PUT", user.path(s), newCanary().profile(0)).header.Get("Muster-Position"))
		if err != nil {
			c.t.Fatal(err)
		}
		if at.Number > end.Number+5 {
			return
		}
	}
}

// unkept demands that the directory has no key that the ledger lists, which has so many erasures.
func unkept(t *testing.T, dir, ledger string, erasures int) {
	t.Helper()
	l, err := personal.ReadLedger(ledger)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	kept := secretsIn(t, dir)
	for e, err := range l.All(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range e.Keys {
			if secret, marked := kept[key.String()]; !marked || secret != nil {
				t.Errorf("the key of the erasure at %s is marked as destroyed: %v, and is there: %v", e.Position, marked, secret != nil)
			}
		}
		erasures--
	}
	if erasures != 0 {
		t.Errorf("%s has not %d more erasures", ledger, erasures)
	}
}
