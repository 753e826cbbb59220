package proof_test

import (
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/transparency-dev/merkle/compact"
	foreign "github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/muster-dev/muster/events/proof"
)

func leaf(n int64) []byte {
	return fmt.Appendf(nil, `{"sequence":"0-%d","text":%q}`, n+1, strings.Repeat("text", int(n%100)))
}

func open(t *testing.T, path string) *proof.Tree {
	t.Helper()
	tree, err := proof.OpenTree(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tree.Close() })
	return tree
}

func grow(t *testing.T, tree *proof.Tree, to int64) {
	t.Helper()
	for tree.Size() < to {
		var leaves [][]byte
		for n := range min(to-tree.Size(), 1+rand.Int64N(40)) {
			leaves = append(leaves, leaf(tree.Size()+n))
		}
		if err := tree.Append(leaves...); err != nil {
			t.Fatal(err)
		}
	}
}

func head(t *testing.T, tree *proof.Tree, n int64) tlog.Tree {
	t.Helper()
	h, err := tree.Head(n)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestRoot computes roots without keeping the tree.
func TestRoot(t *testing.T) {
	var r proof.Root
	for n := range int64(300) {
		if h := r.Head(); h.N != n || h.Hash != foreignRoot(t, n) || r.N() != n {
			t.Fatalf("the root of %d leaves is %+v", n, h)
		}
		r.Add(leaf(n))
	}
}

// foreignRoot computes the root with other people's code.
func foreignRoot(t *testing.T, n int64) tlog.Hash {
	t.Helper()
	r := (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewEmptyRange(0)
	for i := range n {
		if err := r.Append(rfc6962.DefaultHasher.HashLeaf(leaf(i)), nil); err != nil {
			t.Fatal(err)
		}
	}
	root, err := r.GetRootHash(nil)
	if err != nil {
		t.Fatal(err)
	}
	if n == 0 {
		root = rfc6962.DefaultHasher.EmptyRoot()
	}
	return tlog.Hash(root)
}

func TestTree(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tree")
	tree := open(t, path)
	heads := map[int64]tlog.Tree{}
	for n := int64(0); n < 2000; n += 1 + rand.Int64N(200) {
		grow(t, tree, n)
		heads[n] = head(t, tree, n)
		if want := foreignRoot(t, n); heads[n].Hash != want {
			t.Fatalf("the root of %d leaves is %s, not %s", n, heads[n].Hash, want)
		}
	}
	all := tree.Size()
	again := open(t, path) // as after a restart
	if again.Size() != all || head(t, again, all) != head(t, tree, all) {
		t.Fatal("the tree is another one when it is opened again")
	}
	grow(t, again, all+77)
	if want := foreignRoot(t, all+77); head(t, again, all+77).Hash != want {
		t.Error("a tree that was opened again grows into another one")
	}
	for n, then := range heads {
		if now := head(t, again, n); now != then {
			t.Errorf("the tree of %d leaves has changed", n)
		}
	}
}

// TestConsistent compares pairs of trees with the verifier of other people.
func TestConsistent(t *testing.T) {
	tree := open(t, filepath.Join(t.TempDir(), "tree"))
	grow(t, tree, 700)
	for range 100 {
		n := 2 + rand.Int64N(699)
		m := 1 + rand.Int64N(n-1)
		earlier, later := head(t, tree, m), head(t, tree, n)
		if err := proof.Consistent(tree, earlier, later); err != nil {
			t.Fatal(err)
		}
		p, err := tlog.ProveTree(n, m, tree)
		if err != nil {
			t.Fatal(err)
		}
		err = foreign.VerifyConsistency(rfc6962.DefaultHasher, uint64(m), uint64(n), bytesOf(p), earlier.Hash[:], later.Hash[:])
		if err != nil {
			t.Errorf("%d to %d: %v", m, n, err)
		}
		earlier.Hash[rand.IntN(sha256.Size)] ^= 1
		if proof.Consistent(tree, earlier, later) == nil {
			t.Errorf("%d to %d: another history is consistent", m, n)
		}
	}
}

func bytesOf(hashes []tlog.Hash) [][]byte {
	var all [][]byte
	for _, h := range hashes {
		all = append(all, h[:])
	}
	return all
}

// TestTreeAfterCrash cuts the file anywhere, as a crash may leave it, and goes on.
func TestTreeAfterCrash(t *testing.T) {
	dir := t.TempDir()
	tree := open(t, filepath.Join(dir, "tree"))
	grow(t, tree, 300)
	want := head(t, tree, 300)
	whole, err := os.ReadFile(filepath.Join(dir, "tree"))
	if err != nil {
		t.Fatal(err)
	}
	if len(whole) != int(tlog.StoredHashCount(300))*tlog.HashSize {
		t.Fatalf("the file has %d bytes", len(whole))
	}
	for range 100 {
		at := rand.IntN(len(whole) + 1)
		path := filepath.Join(dir, "cut")
		if err := os.WriteFile(path, whole[:at], 0o600); err != nil {
			t.Fatal(err)
		}
		cut := open(t, path)
		n := cut.Size()
		if tlog.StoredHashCount(n)*tlog.HashSize > int64(at) || tlog.StoredHashCount(n+1)*tlog.HashSize <= int64(at) {
			t.Fatalf("%d bytes are %d leaves", at, n)
		}
		grow(t, cut, 300)
		if head(t, cut, 300) != want {
			t.Errorf("cut to %d bytes, the tree grows into another one", at)
		}
	}
	if err := tree.Cut(200); err != nil {
		t.Fatal(err)
	}
	grow(t, tree, 300)
	if head(t, tree, 300) != want {
		t.Error("a tree that was cut grows into another one")
	}
	if err := tree.Cut(301); err == nil {
		t.Error("a tree can be cut to more than it has")
	}
}

func TestReadTree(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tree")
	if _, err := proof.ReadTree(path); err == nil {
		t.Error("a missing tree can be read")
	}
	tree := open(t, path)
	grow(t, tree, 5)
	if err := os.Truncate(path, tlog.StoredHashCount(5)*tlog.HashSize-1); err != nil {
		t.Fatal(err)
	}
	read, err := proof.ReadTree(path)
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	if info, err := os.Stat(path); err != nil || read.Size() != 4 || info.Size() != tlog.StoredHashCount(5)*tlog.HashSize-1 {
		t.Errorf("reading a tree has changed it: %d leaves, %v, %v", read.Size(), info, err)
	}
}

func TestLeafTooLong(t *testing.T) {
	tree := open(t, filepath.Join(t.TempDir(), "tree"))
	if err := tree.Append(make([]byte, proof.MaxLeaf)); err != nil {
		t.Fatal(err)
	}
	if err := tree.Append(leaf(1), make([]byte, proof.MaxLeaf+1)); err == nil || tree.Size() != 1 {
		t.Errorf("%v, and %d leaves", err, tree.Size())
	}
}

func BenchmarkAppend(b *testing.B) {
	tree, err := proof.OpenTree(filepath.Join(b.TempDir(), "tree"))
	if err != nil {
		b.Fatal(err)
	}
	defer tree.Close()
	leaves := make([][]byte, 16)
	for i := range leaves {
		leaves[i] = make([]byte, 700)
	}
	for b.Loop() {
		if err := tree.Append(leaves...); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(leaves)), "ns/leaf")
}
