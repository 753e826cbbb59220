package events

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"path/filepath"
	"testing"

	"github.com/google/uuid"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/seal"
	"github.com/muster-dev/muster/events/store"
)

// The hash in an event cannot be made by somebody who guesses what the request said.
func TestRequestHashesNeedASecret(t *testing.T) {
	o := Options{Dir: t.TempDir(), Partitions: 1}
	n := start(t, o)
	a := found(t, n)
	add := a.add()
	add.Request = sha256.Sum256([]byte("add ada@example.com"))
	other := add
	other.Request = sha256.Sum256([]byte("add bob@example.com"))
	tried, err := n.Try(t.Context(), add)
	if err != nil || len(tried.Tried) != 1 || tried.Tried[0].Request.IsZero() || tried.Tried[0].Request == add.Request {
		t.Errorf("what would be written: %+v, %v", tried.Tried, err)
	}
	first := must(t, n, add)
	again := func(n *node) {
		t.Helper()
		if r, err := n.Run(t.Context(), add); err != nil || !r.Replayed || r.Position != first.Position {
			t.Errorf("the same request: %+v, %v", r, err)
		}
		if _, err := n.Run(t.Context(), other); !errors.Is(err, ErrIdempotencyMismatch) {
			t.Errorf("another request with the same key: %v", err)
		}
	}
	again(n)
	n.seen(t, first.Position)
	if err := n.end(); err != nil {
		t.Fatal(err)
	}

	n = start(t, o)
	again(n)
	n.seen(t, first.Position)
	want, has := domain.Hash(n.Keys().RequestHash(add.Request[:])), false
	for _, e := range n.fold.entries {
		if e.Request == want {
			has = true
		} else if !e.Request.IsZero() {
			t.Errorf("event %d has the hash %x", e.Number, e.Request)
		}
		if bytes.Contains(e.Stored, hex.AppendEncode(nil, add.Request[:])) {
			t.Errorf("event %d has the plain hash", e.Number)
		}
	}
	if !has {
		t.Error("no event has the hash of the request")
	}

	// A copy has hashed it again, since it cannot tell which hashes need it.
	if err := n.end(); err != nil {
		t.Fatal(err)
	}
	to := filepath.Join(t.TempDir(), "sealed")
	copied, err := seal.Copy(t.Context(), seal.Options{From: store.Options{Dir: o.Dir, ReadOnly: true, Logger: quiet()}, To: to, Logger: quiet()})
	if err != nil || copied.Requests == 0 {
		t.Fatalf("copied %+v: %v", copied, err)
	}
	n = start(t, Options{Dir: to, Partitions: 1})
	again(n)
}

// Idempotency keys that were used before hashes needed a secret are still good, also in a copy
// of the log that audit seal has made.
func TestOlderRequestHashes(t *testing.T) {
	n := start(t, Options{Dir: t.TempDir(), Partitions: 1})
	a := found(t, n)
	request, other := domain.Hash(sha256.Sum256([]byte("one"))), domain.Hash(sha256.Sum256([]byte("other")))
	once := n.Keys().RequestHash(request[:])
	twice := n.Keys().RequestHash(once[:])
	for name, kept := range map[string]domain.Hash{"plain": request, "with a secret": once, "copied": twice} {
		add := a.add()
		add.ID = domain.CommandID(uuid.New())
		n.fold.mu.Lock()
		n.fold.state.Put(domain.DoneKey(a.org, add.ID), &domain.Done{
			Organization: a.org, Command: add.ID, Request: kept, Number: 1, After: &domain.State{},
		})
		n.fold.mu.Unlock()
		add.Request = request
		if r, err := n.Run(t.Context(), add); err != nil || !r.Replayed {
			t.Errorf("%s: the same request: %+v, %v", name, r, err)
		}
		add.Request = other
		if _, err := n.Run(t.Context(), add); !errors.Is(err, ErrIdempotencyMismatch) {
			t.Errorf("%s: another request: %v", name, err)
		}
	}
}

// A retry costs a few hashes, and a command one.
func BenchmarkRequestHash(b *testing.B) {
	n := start(b, Options{Dir: b.TempDir()})
	for b.Loop() {
		n.profiles.requestHash(domain.Hash{1})
	}
}
