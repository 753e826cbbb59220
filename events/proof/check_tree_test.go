package proof

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// Every bit that flips in a file of hashes, up to the checkpoint, is found.
func TestCheckTree(t *testing.T) {
	for _, size := range []int64{1, 2, 3, 7, 8, 21} {
		path := filepath.Join(t.TempDir(), "tree")
		tree, err := OpenTree(path)
		if err != nil {
			t.Fatal(err)
		}
		for i := range size + 4 { // the last ones are behind the checkpoint
			if err := tree.Append(fmt.Append(nil, "event ", i)); err != nil {
				t.Fatal(err)
			}
		}
		head, err := tree.Head(size)
		if err = errors.Join(err, tree.Close()); err != nil {
			t.Fatal(err)
		}
		c := Checkpoint{Tree: head}
		if whole, err := CheckTree(path, c); err != nil || !whole {
			t.Fatalf("of %d: %v, %v", size, whole, err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		covered := int(tlog.StoredHashCount(size)) * tlog.HashSize
		for at := range text {
			text[at] ^= 1 << (at % 8)
			if err := os.WriteFile(path, text, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := CheckTree(path, c); errors.Is(err, ErrTreeDamaged) != (at < covered) {
				t.Errorf("of %d, byte %d: %v", size, at, err)
			}
			text[at] ^= 1 << (at % 8)
		}
		if err := os.WriteFile(path, text[:covered-1], 0o600); err != nil {
			t.Fatal(err)
		}
		if whole, err := CheckTree(path, c); err != nil || whole {
			t.Errorf("a file that is too short: %v, %v", whole, err)
		}
		if whole, err := CheckTree(path+"-missing", c); err != nil || whole {
			t.Errorf("no file: %v, %v", whole, err)
		}
	}
}
