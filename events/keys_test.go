package events

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/personal"
	"github.com/muster-dev/muster/events/store"
)

// keyOf returns the key of the owner's profile.
func (n *node) keyOf(t *testing.T, a tenant) personal.KeyID {
	t.Helper()
	tip, err := n.Tip(t.Context(), n.Partition(a.org))
	if err == nil {
		err = n.fold.WaitFor(t.Context(), tip)
	}
	if err != nil {
		t.Fatal(err)
	}
	n.fold.mu.Lock()
	defer n.fold.mu.Unlock()
	p := n.fold.state.Profile(a.org, a.owner)
	if p == nil || p.Key.IsZero() {
		t.Fatal("the owner has no sealed profile")
	}
	return p.Key
}

// A log with sealed profiles is not opened with other keys, and none are made for it, whether the log
// says which keys are its own or an older version has written it.
func TestLostKeys(t *testing.T) {
	for _, named := range []bool{true, false} {
		dir, other := t.TempDir(), t.TempDir()
		n := start(t, Options{Dir: dir, Partitions: 1})
		a := found(t, n)
		key := n.keyOf(t, a)
		stranger := start(t, Options{Dir: other, Partitions: 1})
		if err := errors.Join(n.end(), stranger.end()); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, personal.FileName)
		mine, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		foreign, err := os.ReadFile(filepath.Join(other, personal.FileName))
		if err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string][]byte{"missing": nil, "empty": {}, "of another log": foreign, "zeros": make([]byte, len(mine))} {
			if !named {
				if err := os.RemoveAll(filepath.Join(dir, "jetstream", "jetstream", "$G", "streams", store.Keys.Name)); err != nil {
					t.Fatal(err)
				}
			}
			_ = os.Remove(path + "-journal")
			if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			if text != nil {
				if err := os.WriteFile(path, text, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			_, err := tryStart(t, Options{Dir: dir, Partitions: 1})
			if !errors.Is(err, store.ErrOtherKeys) && !errors.Is(err, personal.ErrForeignFile) {
				t.Errorf("named is %v, %s: %v", named, name, err)
			}
			if found, err := os.ReadFile(path); text == nil && !os.IsNotExist(err) || !bytes.Equal(found, text) && name != "of another log" {
				t.Errorf("named is %v, %s: the file was changed: %v", named, name, err)
			}
		}
		_ = os.Remove(path + "-journal")
		if err := os.WriteFile(path, mine, 0o600); err != nil {
			t.Fatal(err)
		}
		n = start(t, Options{Dir: dir, Partitions: 1})
		if _, err := n.Keys().Find(t.Context(), key); err != nil {
			t.Errorf("with the right keys: %v", err)
		}
		if err := n.end(); err != nil {
			t.Fatal(err)
		}
	}
}

// Nobody is erased whose key is unknown.
func TestEraseUnknownKey(t *testing.T) {
	dir := t.TempDir()
	n := start(t, Options{Dir: dir, Partitions: 1})
	key := n.keyOf(t, found(t, n))
	unknown := domain.PersonalKeyID{15: 1}
	if err := n.Erase(t.Context(), personal.Erasure{Keys: []personal.KeyID{unknown}}, func(string) {}); !errors.Is(err, personal.ErrUnknownKey) {
		t.Errorf("an unknown key: %v", err)
	}
	for range 2 {
		if err := n.Erase(t.Context(), personal.Erasure{Keys: []personal.KeyID{key}, Position: "0-1"}, func(string) {}); err != nil {
			t.Error(err)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, personal.LedgerName))
	if err != nil || strings.Contains(string(text), unknown.String()) || !strings.Contains(string(text), key.String()) {
		t.Errorf("the ledger: %s, %v", text, err)
	}
}

// A start with an older copy of the keys destroys again what the ledger lists.
func TestStartWithOlderKeys(t *testing.T) {
	dir := t.TempDir()
	n := start(t, Options{Dir: dir, Partitions: 1})
	key := n.keyOf(t, found(t, n))
	if err := n.end(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, personal.FileName)
	older, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n = start(t, Options{Dir: dir, Partitions: 1})
	if err := n.Erase(t.Context(), personal.Erasure{Keys: []personal.KeyID{key}, Position: "0-1"}, func(string) {}); err != nil {
		t.Fatal(err)
	}
	if err := n.end(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, older, 0o600); err != nil {
		t.Fatal(err)
	}
	n = start(t, Options{Dir: dir, Partitions: 1})
	if _, err := n.Keys().Find(t.Context(), key); !errors.Is(err, personal.ErrErased) {
		t.Errorf("the key is back: %v", err)
	}
}

// Somebody whose key was destroyed although the log does not say so, as after a restore, gets a new key
// with the next profile.
func TestProfileAfterDestroyedKey(t *testing.T) {
	n := start(t, Options{Dir: t.TempDir(), Partitions: 1})
	a := found(t, n)
	key := n.keyOf(t, a)
	if err := n.Keys().Destroy(t.Context(), key); err != nil {
		t.Fatal(err)
	}
	email := "countess@example.com"
	must(t, n, domain.SetProfile{Meta: root(a.org), User: a.owner, Profile: domain.ProfilePatch{Email: &email}})
	next := n.keyOf(t, a)
	if _, err := n.Keys().Find(t.Context(), next); err != nil || next == key {
		t.Errorf("the new profile is sealed with key %s, and the destroyed one is %s: %v", next, key, err)
	}
}
