package seal

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-dev/muster/events/natstest"
	"github.com/muster-dev/muster/events/personal"
	"github.com/muster-dev/muster/events/store"
)

// A log on servers is copied with its erasure ledger, and without the key that its checkpoints are
// signed with.
func TestCopyFromServers(t *testing.T) {
	place := store.Options{URL: natstest.Outside(t), Dir: t.TempDir()}
	erased := personal.Erasure{Organization: acme, Keys: []personal.KeyID{{15: 1}}, Time: started, Position: "0-1"}
	writeTo(t, place, func(o *old) {
		if _, err := o.log.Beside(t.Context(), store.Keys); err != nil {
			t.Fatal(err)
		}
		subject := strings.Replace(store.Keys.Subjects[0], "*", "checkpoints", 1)
		if _, err := o.log.JS.Publish(t.Context(), subject, []byte("PRIVATE key of checkpoints")); err != nil {
			t.Fatal(err)
		}
		ledger, err := personal.OpenLedgerStream(t.Context(), personal.Servers{JS: o.log.JS, Beside: o.log.Beside}, false)
		if err == nil {
			err = errors.Join(ledger.Append(t.Context(), erased), ledger.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
	})
	to := filepath.Join(t.TempDir(), "copy")
	place.Dir, place.ReadOnly, place.Logger = "", true, quiet
	if _, err := Copy(t.Context(), Options{From: place, To: to, Logger: quiet}); err != nil {
		t.Fatal(err)
	}
	if found := search(t, to, append(canaries, "PRIVATE key")...); len(found) > 0 {
		t.Error(found)
	}
	if found := search(t, to, "beside MUSTER_KEYS"); len(found) == 0 {
		t.Error("the key of webhooks was not copied")
	}
	ledger, err := personal.ReadLedger(filepath.Join(to, personal.LedgerName))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ledger.Close() }()
	count := 0
	for e, err := range ledger.All(t.Context()) {
		if count++; err != nil || e.Keys[0] != erased.Keys[0] {
			t.Errorf("%v, %v", e, err)
		}
	}
	if info, err := os.Stat(filepath.Join(to, personal.LedgerName)); count != 1 || err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%d erasures; %v", count, err)
	}
}
