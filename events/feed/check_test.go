package feed

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/muster-dev/muster/events/store"
)

// Damage that JetStream does not report never shows a gap, wherever it is, and new
// events come all the same.
func TestDamageIsMadeGood(t *testing.T) {
	whole := t.TempDir()
	n := start(t, store.Options{Dir: whole})
	for range 100 {
		n.write(t, 3)
	}
	n.seen(t)
	want := n.all(t, Filter{Organization: testOrg})
	if err := n.end(); err != nil {
		t.Fatal(err)
	}
	size := len(block(t, whole, nil))
	for _, at := range []int{size / 5, size / 2, size - 1000, size - 9} {
		t.Run(fmt.Sprintf("a bit flips at %d of %d", at, size), func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
				t.Fatal(err)
			}
			block(t, dir, func(content []byte) { content[at] ^= 1 })
			n := start(t, store.Options{Dir: dir})
			n.write(t, 1)
			n.seen(t)
			got := n.all(t, Filter{Organization: testOrg})
			if len(got) != len(want)+1 {
				t.Fatalf("%d events of %d", len(got), len(want)+1)
			}
			for i := range want {
				if got[i].Number != want[i].Number || !bytes.Equal(got[i].Shown, want[i].Shown) {
					t.Fatalf("event %d differs", i+1)
				}
			}
			for _, e := range want {
				if found, err := n.EventAt(t.Context(), testOrg, e.Number); err != nil || !bytes.Equal(found.Shown, e.Shown) {
					t.Fatalf("event %d: %v, %v", e.Number, found, err)
				}
			}
		})
	}
}

// block changes the file that holds the feed's messages, and returns its content.
func block(t *testing.T, dir string, change func([]byte)) []byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "jetstream", "*", "*", "streams", store.FeedStream(0), "msgs", "*.blk"))
	if err != nil || len(paths) != 1 {
		t.Fatalf("%v: %v", paths, err)
	}
	content, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(content)
		if err := os.WriteFile(paths[0], content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return content
}
