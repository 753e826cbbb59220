package archive

import (
	"fmt"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"
)

// tiler makes the files of a tile log (c2sp.org/tlog-tiles) from its entries. It keeps one
// unfinished tile of each level, so that its size does not depend on that of the log. The same
// entries always give the same files in the same order.
type tiler struct {
	// emit gets each file when it is complete. The content is valid until emit returns.
	emit func(name string, content []byte) error

	size   int64         // entries
	bundle []byte        // entries of the unfinished bundle
	levels [][]tlog.Hash // hashes of the unfinished tile of each level
	tile   []byte        // reused
}

// add adds an entry.
func (t *tiler) add(entry []byte) error { return t.addHashed(entry, tlog.RecordHash(entry)) }

// addHashed adds an entry whose hash is known.
func (t *tiler) addHashed(entry []byte, h tlog.Hash) (err error) {
	if t.bundle, err = torchwood.AppendTileEntry(t.bundle, entry); err != nil {
		return err
	}
	t.size++
	if t.size%torchwood.TileWidth == 0 {
		if err := t.endBundle(torchwood.TileWidth); err != nil {
			return err
		}
	}
	return t.push(0, h)
}

func (t *tiler) endBundle(width int) error {
	n := (t.size - 1) / torchwood.TileWidth
	err := t.emit(torchwood.TilePath(tlog.Tile{H: torchwood.TileHeight, L: -1, N: n, W: width}), t.bundle)
	t.bundle = t.bundle[:0]
	return err
}

// push adds a hash to a level, and the root of a tile that is complete to the level above.
func (t *tiler) push(level int, h tlog.Hash) error {
	if level == len(t.levels) {
		t.levels = append(t.levels, make([]tlog.Hash, 0, torchwood.TileWidth))
	}
	t.levels[level] = append(t.levels[level], h)
	if len(t.levels[level]) < torchwood.TileWidth {
		return nil
	}
	if err := t.endTile(level); err != nil {
		return err
	}
	root := perfect(t.levels[level])
	t.levels[level] = t.levels[level][:0]
	return t.push(level+1, root)
}

func (t *tiler) endTile(level int) error {
	hashes := t.levels[level]
	t.tile = t.tile[:0]
	for _, h := range hashes {
		t.tile = append(t.tile, h[:]...)
	}
	last := (t.size>>(torchwood.TileHeight*level) - 1) / torchwood.TileWidth
	return t.emit(torchwood.TilePath(tlog.Tile{H: torchwood.TileHeight, L: level, N: last, W: len(hashes)}), t.tile)
}

// end emits the tiles and the bundle that are not full.
func (t *tiler) end() error {
	if width := int(t.size % torchwood.TileWidth); width > 0 {
		if err := t.endBundle(width); err != nil {
			return err
		}
	}
	for level := range t.levels {
		if len(t.levels[level]) == 0 {
			continue
		}
		if err := t.endTile(level); err != nil {
			return err
		}
	}
	return nil
}

// tree returns the tree of the entries so far.
func (t *tiler) tree() (tlog.Tree, error) {
	if t.size == 0 {
		root, err := tlog.TreeHash(0, nil)
		return tlog.Tree{Hash: root}, err
	}
	var root *tlog.Hash
	for _, hashes := range t.levels { // from the right end of the tree to the left
		for len(hashes) > 0 {
			width := len(hashes) & -len(hashes) // of the rightmost perfect tree
			h := perfect(hashes[len(hashes)-width:])
			hashes = hashes[:len(hashes)-width]
			if root != nil {
				h = tlog.NodeHash(h, *root)
			}
			root = &h
		}
	}
	return tlog.Tree{N: t.size, Hash: *root}, nil
}

// perfect returns the root of a perfect tree with the hashes as its leaves.
func perfect(hashes []tlog.Hash) tlog.Hash {
	if len(hashes) == 1 {
		return hashes[0]
	}
	half := len(hashes) / 2
	return tlog.NodeHash(perfect(hashes[:half]), perfect(hashes[half:]))
}

// entries calls use with the entries of a bundle, which has width entries, and where each
// begins in the bundle.
func entries(bundle []byte, width int, use func(entry []byte, offset int) error) error {
	rest := bundle
	for i := range width {
		offset := len(bundle) - len(rest)
		entry, after, err := torchwood.ReadTileEntry(rest)
		if err != nil {
			return fmt.Errorf("entry %d of %d at offset %d: %w", i+1, width, offset, err)
		}
		rest = after
		if err := use(entry, offset); err != nil {
			return err
		}
	}
	if len(rest) > 0 {
		return fmt.Errorf("%d bytes too many at offset %d", len(rest), len(bundle)-len(rest))
	}
	return nil
}
