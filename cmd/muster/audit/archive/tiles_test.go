package archive

import (
	"fmt"
	"testing"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"
)

// The files and the roots of the tiler are those that package tlog makes of the same entries, for
// every size around the edges of tiles.
func TestTiler(t *testing.T) {
	t.Parallel()
	var hashes []tlog.Hash
	reader := tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
		found := make([]tlog.Hash, len(indexes))
		for i, index := range indexes {
			found[i] = hashes[index]
		}
		return found, nil
	})
	const most = 256*256 + 258
	files := map[string]string{}
	keep := func(name string, content []byte) error {
		files[name] = string(content)
		return nil
	}
	tl := tiler{emit: keep}
	for n := range int64(most) {
		entry := fmt.Appendf(nil, "entry %d", n)
		stored, err := tlog.StoredHashes(n, entry, reader)
		if err != nil {
			t.Fatal(err)
		}
		hashes = append(hashes, stored...)
		if err := tl.add(entry); err != nil {
			t.Fatal(err)
		}
		if size := n + 1; size < 20 || size%256 < 2 || size > 65530 {
			want, err := tlog.TreeHash(size, reader)
			got, err2 := tl.tree()
			if err != nil || err2 != nil || got.N != size || got.Hash != want {
				t.Fatalf("the tree of %d entries is %v, %v, %v", size, got, err, err2)
			}
		}
	}
	if err := tl.end(); err != nil {
		t.Fatal(err)
	}
	tiles := tlog.NewTiles(torchwood.TileHeight, 0, most)
	for _, tile := range tiles {
		want, err := tlog.ReadTileData(tile, reader)
		if err != nil {
			t.Fatal(err)
		}
		if name := torchwood.TilePath(tile); files[name] != string(want) {
			t.Errorf("%s is missing or another one", name)
		}
	}
	if want := len(tiles) + most/256 + 1; len(files) != want {
		t.Errorf("there are %d files, want %d", len(files), want)
	}
}

// A log without entries has a tree, too.
func TestTilerWithoutEntries(t *testing.T) {
	t.Parallel()
	tl := tiler{emit: func(name string, _ []byte) error { return fmt.Errorf("%s is made", name) }}
	want, err := tlog.TreeHash(0, nil)
	if got, err2 := tl.tree(); err != nil || err2 != nil || got.Hash != want || tl.end() != nil {
		t.Errorf("it is %v, %v, %v", got, err, err2)
	}
}
