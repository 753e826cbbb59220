package proof_test

import (
	"bytes"
	crypto "crypto/rand"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	formats "github.com/transparency-dev/formats/log"
	tlogproof "github.com/transparency-dev/formats/proof"
	foreign "github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"

	"github.com/muster-dev/muster/events/proof"
	"github.com/muster-dev/muster/events/wire"
)

func newKey(t *testing.T) proof.Key {
	t.Helper()
	key, err := proof.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestProof has proofs of random events in random trees checked by other people's code, which
// gets nothing but the event's bytes, the text of the proof, and the published key.
func TestProof(t *testing.T) {
	tree := open(t, filepath.Join(t.TempDir(), "tree"))
	key := newKey(t)
	keys := key.Verifier().Keys(3)
	for range 60 {
		grow(t, tree, tree.Size()+1+rand.Int64N(30))
		n := 1 + rand.Int64N(tree.Size())
		checkpoint, err := key.Sign(0, head(t, tree, n))
		if err != nil {
			t.Fatal(err)
		}
		number := uint64(1 + rand.Int64N(n))
		event := leaf(int64(number) - 1)
		p, err := proof.Prove(tree, checkpoint, number, event)
		if err != nil {
			t.Fatal(err)
		}
		checkWithFormats(t, keys, event, p.Text())

		v, err := proof.ParseVerifier(keys)
		if err != nil {
			t.Fatal(err)
		}
		got, err := v.Check(event, p.Text())
		if err != nil || got.Position != (wire.Position{Number: number}) || got.Checkpoint.Tree != checkpoint.Tree {
			t.Fatalf("%+v, %v", got, err)
		}
		flipped := bytes.Clone(p.Text())
		flipped[rand.IntN(len(flipped))] ^= 1 << rand.IntN(8)
		if _, err := v.Check(event, flipped); err == nil {
			t.Errorf("a proof with a flipped bit passes:\n%s\n%s", p.Text(), flipped)
		}
		event[rand.IntN(len(event))] ^= 1
		if _, err := v.Check(event, p.Text()); !errors.Is(err, proof.ErrNotIncluded) {
			t.Errorf("an event with a flipped bit passes: %v", err)
		}
		if _, err := proof.Prove(tree, checkpoint, number, event); !errors.Is(err, proof.ErrTreeDamaged) {
			t.Errorf("a proof is made that does not hold: %v", err)
		}
		if _, err := proof.Prove(tree, checkpoint, uint64(n+1), leaf(n)); !errors.Is(err, proof.ErrNotCovered) {
			t.Errorf("a proof is made of what the checkpoint does not cover: %v", err)
		}
	}
}

func checkWithFormats(t *testing.T, keys string, event, text []byte) {
	t.Helper()
	var p tlogproof.TLogProof
	if err := p.Unmarshal(text); err != nil {
		t.Fatal(err)
	}
	vkey, _, _ := strings.Cut(keys, "\n")
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		t.Fatal(err)
	}
	c, _, _, err := formats.ParseCheckpoint(p.Checkpoint, verifier.Name(), verifier)
	if err != nil {
		t.Fatal(err)
	}
	var hashes [][]byte
	for _, h := range p.Hashes {
		hashes = append(hashes, h[:])
	}
	if err := foreign.VerifyInclusion(rfc6962.DefaultHasher, p.Index, c.Size, rfc6962.DefaultHasher.HashLeaf(event), hashes, c.Hash); err != nil {
		t.Fatal(err)
	}
}

// TestProofOfOtherPlace moves an event: the place that it names is not the one that is proved.
func TestProofOfOtherPlace(t *testing.T) {
	tree := open(t, filepath.Join(t.TempDir(), "tree"))
	key := newKey(t)
	if err := tree.Append(leaf(1), leaf(0)); err != nil {
		t.Fatal(err)
	}
	c, err := key.Sign(0, head(t, tree, 2))
	if err != nil {
		t.Fatal(err)
	}
	p, err := proof.Prove(tree, c, 1, leaf(1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := key.Verifier().Check(leaf(1), p.Text()); !errors.Is(err, proof.ErrNotIncluded) {
		t.Error(err)
	}
}

func TestKey(t *testing.T) {
	key := newKey(t)
	again, err := proof.ParseKey(key.Text())
	if err != nil || !again.Verifier().Equal(key.Verifier()) || !bytes.Equal(again.Text(), key.Text()) {
		t.Fatal(err)
	}
	secret := strings.SplitN(string(key.Text()), "+", 5)[4]
	if shown := fmt.Sprintf("%v %+v %#v %s", key, key, key, key); strings.Contains(shown, secret[4:20]) || !strings.Contains(shown, key.Verifier().Installation()) {
		t.Error("a key is shown when it is printed")
	}
	for i := range key.Text() {
		damaged := bytes.Clone(key.Text())
		damaged[i] ^= 1 << rand.IntN(8)
		if found, err := proof.ParseKey(damaged); err == nil && !found.Verifier().Equal(key.Verifier()) {
			t.Errorf("byte %d is damaged, and the key passes as another one", i)
		} else if err != nil && (!errors.Is(err, proof.ErrKeyDamaged) || strings.Contains(err.Error(), secret[4:20])) {
			t.Error(err)
		}
		if _, err := proof.ParseKey(key.Text()[:i]); !errors.Is(err, proof.ErrKeyDamaged) {
			t.Errorf("%d bytes of a key pass: %v", i, err)
		}
	}
}

func TestVerifier(t *testing.T) {
	key, other := newKey(t), newKey(t)
	v := key.Verifier()
	for _, text := range []string{v.Keys(4), v.Key(2), "\n" + v.Key(0) + "\n\n", v.NoteKey("reports")} {
		if found, err := proof.ParseVerifier(text); err != nil || !found.Equal(v) {
			t.Errorf("%q: %v", text, err)
		}
	}
	_, foreignKey, err := note.GenerateKey(crypto.Reader, "example.com/log")
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"", foreignKey, "\n", "x", v.Key(0) + "\n" + other.Verifier().Key(0), v.Key(0)[1:], strings.Replace(v.Key(0), "muster/", "mustard/", 1)} {
		if _, err := proof.ParseVerifier(text); err == nil {
			t.Errorf("%q is a key", text)
		}
	}
	tree := open(t, filepath.Join(t.TempDir(), "tree"))
	grow(t, tree, 3)
	c, err := key.Sign(2, head(t, tree, 3))
	if err != nil {
		t.Fatal(err)
	}
	opened, err := v.Open(c.Note)
	if err != nil || opened.Partition != 2 || opened.Tree != c.Tree {
		t.Errorf("%+v, %v", opened, err)
	}
	if _, err := other.Verifier().Open(c.Note); !errors.Is(err, proof.ErrNotSigned) {
		t.Error(err)
	}
	for i := range 8 * len(c.Note) {
		flipped := bytes.Clone(c.Note)
		flipped[i/8] ^= 1 << (i % 8)
		if _, err := v.Open(flipped); err == nil {
			t.Errorf("bit %d is flipped, and the checkpoint passes:\n%s", i, flipped)
		}
	}
	signed, err := key.SignNote("reports", "text\n")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := v.OpenNote("reports", signed); err != nil || text != "text\n" {
		t.Errorf("%q, %v", text, err)
	}
	if _, err := v.OpenNote("backups", signed); !errors.Is(err, proof.ErrNotSigned) {
		t.Error(err)
	}
	if _, err := key.SignNote("7", "text\n"); err == nil {
		t.Error("a note can be signed with the name of a partition")
	}
}
