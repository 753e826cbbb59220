package events

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/feed"
	"github.com/muster-dev/muster/events/proof"
)

// prove proves the organization's event with the id, and checks the proof.
func prove(t *testing.T, n *node, org domain.OrganizationID, id domain.EventID) proof.Inclusion {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	stored, inclusion, err := n.Prove(ctx, org, id)
	if err != nil {
		t.Fatal(err)
	}
	if checked, err := n.Verifier().Check(stored, inclusion.Text()); err != nil || checked.Position != inclusion.Position {
		t.Fatalf("%+v, %v", checked, err)
	}
	return inclusion
}

// TestProve proves what was just written and what was written long ago, before and after a
// restart, and also when the hashes have been lost.
func TestProve(t *testing.T) {
	dir := t.TempDir()
	n := start(t, Options{Dir: dir, Partitions: 2})
	a := found(t, n)
	for range 30 {
		if _, err := n.Run(t.Context(), a.add()); err != nil {
			t.Fatal(err)
		}
	}
	awaitAll(t, n, a)
	var ids []domain.EventID
	for _, e := range n.fold.entries {
		if e.Event.Concerns().Organization == a.org {
			ids = append(ids, e.ID)
		}
	}
	first := prove(t, n, a.org, ids[0])
	prove(t, n, a.org, ids[len(ids)-1])
	if _, _, err := n.Prove(t.Context(), domain.OrganizationID{1}, ids[0]); !errors.Is(err, feed.ErrUnknownEvent) {
		t.Errorf("another organization's event: %v", err)
	}
	if err := n.end(); err != nil {
		t.Fatal(err)
	}
	p := first.Position.Partition
	tree := filepath.Join(dir, "proof", "tree-0"+string(rune('0'+p)))
	for name, harm := range map[string]func() error{
		"nothing": func() error { return nil },
		"missing": func() error { return os.Remove(tree) },
		"short":   func() error { return os.Truncate(tree, 700) },
		"damaged": func() error {
			hashes, err := os.ReadFile(tree)
			if err != nil {
				return err
			}
			clear(hashes[min(100, len(hashes)/2):])
			return os.WriteFile(tree, hashes, 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			if err := harm(); err != nil {
				t.Fatal(err)
			}
			n := start(t, Options{Dir: dir})
			again := prove(t, n, a.org, ids[0])
			if again.Checkpoint.N < first.Checkpoint.N {
				t.Errorf("the checkpoint goes back from %d to %d", first.Checkpoint.N, again.Checkpoint.N)
			}
			if _, err := n.Run(t.Context(), a.add()); err != nil {
				t.Fatal(err)
			}
			awaitAll(t, n, a)
			prove(t, n, a.org, n.fold.entries[len(n.fold.entries)-1].ID)
			for _, c := range n.Checkpoints(t.Context()) {
				if c.Trouble != nil {
					t.Error(c.Trouble)
				}
			}
			if err := n.end(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// awaitAll waits until everything in the organization's partition is visible.
func awaitAll(t *testing.T, n *node, a tenant) {
	t.Helper()
	tip, err := n.Tip(t.Context(), n.Partition(a.org))
	if err == nil {
		err = n.WaitFor(t.Context(), tip)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// TestEventTooLarge: no rule lets such an event through, so its reason is made longer than the
// rules do.
func TestEventTooLarge(t *testing.T) {
	n := start(t, Options{Dir: t.TempDir()})
	a := found(t, n)
	c := a.add()
	c.Reason = strings.Repeat("x", proof.MaxLeaf)
	if _, err := n.Run(t.Context(), c); !errors.Is(err, ErrEventTooLarge) {
		t.Error(err)
	}
	if _, err := n.Try(t.Context(), c); !errors.Is(err, ErrEventTooLarge) {
		t.Error(err)
	}
	c.Reason = strings.Repeat("x", proof.MaxLeaf-2000)
	if _, err := n.Run(t.Context(), c); err != nil {
		t.Error(err)
	}
	awaitAll(t, n, a)
	prove(t, n, a.org, n.fold.entries[len(n.fold.entries)-1].ID)
}

// TestKeyLost loses key, checkpoint or both.
func TestKeyLost(t *testing.T) {
	dir := t.TempDir()
	n := start(t, Options{Dir: dir, Partitions: 1})
	a := found(t, n)
	awaitAll(t, n, a)
	verifier := n.Verifier()
	if n.Checkpoint(t.Context(), 0).N == 0 {
		t.Fatal("nothing was signed")
	}
	if err := n.end(); err != nil {
		t.Fatal(err)
	}
	at := func(name string) string { return filepath.Join(dir, "proof", name) }
	for name, want := range map[string]error{"key": proof.ErrKeyLost, "checkpoint-00": proof.ErrCheckpointLost} {
		if err := os.Rename(at(name), at(name)+".away"); err != nil {
			t.Fatal(err)
		}
		if _, err := tryStart(t, Options{Dir: dir, Partitions: 1}); !errors.Is(err, want) {
			t.Errorf("without %s: %v", name, err)
		}
		if err := os.Rename(at(name)+".away", at(name)); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(at("key"))
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	whole, err := os.ReadFile(at("key"))
	if err != nil {
		t.Fatal(err)
	}
	other, err := proof.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	for want, text := range map[error][]byte{proof.ErrKeyDamaged: whole[:len(whole)/2], proof.ErrOtherKey: other.Text()} {
		if err := os.WriteFile(at("key"), text, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := tryStart(t, Options{Dir: dir, Partitions: 1}); !errors.Is(err, want) {
			t.Errorf("%v instead of %v", err, want)
		}
	}
	if err := os.WriteFile(at("key"), whole, 0o600); err != nil {
		t.Fatal(err)
	}
	n = start(t, Options{Dir: dir, Partitions: 1})
	if !n.Verifier().Equal(verifier) {
		t.Error("the key is another one after a restart")
	}
}
