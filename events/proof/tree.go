package proof

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"os"
	"sync/atomic"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"
)

// MaxLeaf is the most bytes of a leaf. The entry bundles of c2sp.org/tlog-tiles have no room
// for the length of a longer one.
const MaxLeaf = math.MaxUint16

// ErrTreeDamaged reports that a file of hashes is not what was written.
var ErrTreeDamaged = errors.New("the hashes of the tree are damaged")

// Tree is the Merkle tree of one partition, with its hashes in a file. One goroutine may
// append to it or cut it, while any number read what it had before.
type Tree struct {
	file *os.File
	size atomic.Int64 // leaves that are completely in the file

	// Only the goroutine that appends touches these.
	edge   []tlog.Hash // the roots of the perfect trees that the leaves form, the largest first
	buffer []byte      // hashes that are about to be written
}

var _ interface {
	tlog.HashReader
	torchwood.TileReader
} = (*Tree)(nil)

// OpenTree opens the file of a tree, or makes an empty one. A leaf that is not completely in
// the file is cut off. Whether the hashes are right is not known before a root has been
// compared.
func OpenTree(path string) (*Tree, error) {
	return openTree(path, os.O_RDWR|os.O_CREATE)
}

// ReadTree opens the file of a tree for reading only, and changes nothing. The tree has the
// leaves that the file has now, also if another process appends to it.
func ReadTree(path string) (*Tree, error) {
	return openTree(path, os.O_RDONLY)
}

func openTree(path string, flag int) (*Tree, error) {
	file, err := os.OpenFile(path, flag, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the hashes of the tree: %w", err)
	}
	t := &Tree{file: file}
	info, err := file.Stat()
	if err == nil {
		t.size.Store(leavesOf(info.Size() / tlog.HashSize))
		if flag != os.O_RDONLY {
			err = t.Cut(t.Size())
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening the hashes of the tree: %w", err), file.Close())
	}
	return t, nil
}

// leavesOf returns how many leaves are completely among that many stored hashes. A tree of n
// leaves has 2n hashes less the number of ones in n.
func leavesOf(hashes int64) int64 {
	n := hashes / 2
	for 2*(n+1)-int64(bits.OnesCount64(uint64(n+1))) <= hashes { //nolint:gosec // it is not negative
		n++
	}
	return n
}

// Size returns the number of leaves.
func (t *Tree) Size() int64 { return t.size.Load() }

// Append adds leaves to the tree with one write. The file is not flushed. If Append fails, the
// tree is as it was before.
func (t *Tree) Append(leaves ...[]byte) error {
	before := t.Size()
	edge := append([]tlog.Hash(nil), t.edge...)
	t.buffer = t.buffer[:0]
	for i, leaf := range leaves {
		if len(leaf) > MaxLeaf {
			return fmt.Errorf("leaf %d has %d bytes of at most %d", before+int64(i), len(leaf), MaxLeaf)
		}
		h := tlog.RecordHash(leaf)
		t.buffer = append(t.buffer, h[:]...)
		for n := before + int64(i); n&1 == 1; n >>= 1 { // the leaf completes a perfect tree
			h = tlog.NodeHash(edge[len(edge)-1], h)
			edge = edge[:len(edge)-1]
			t.buffer = append(t.buffer, h[:]...)
		}
		edge = append(edge, h)
	}
	if _, err := t.file.WriteAt(t.buffer, tlog.StoredHashCount(before)*tlog.HashSize); err != nil {
		return fmt.Errorf("writing the hashes of the tree: %w", err)
	}
	t.edge = edge
	t.size.Store(before + int64(len(leaves)))
	return nil
}

// Cut takes away all leaves but the first n. The tree must have as many.
func (t *Tree) Cut(n int64) error {
	if n > t.Size() {
		return fmt.Errorf("the tree has %d leaves, and cannot be cut to %d", t.Size(), n)
	}
	var edge []tlog.Hash
	if n > 0 {
		var err error
		if edge, err = t.ReadHashes(torchwood.RightEdge(n)); err != nil {
			return err
		}
	}
	if err := t.file.Truncate(tlog.StoredHashCount(n) * tlog.HashSize); err != nil {
		return fmt.Errorf("cutting the hashes of the tree: %w", err)
	}
	t.edge = edge
	t.size.Store(n)
	return nil
}

// Head returns the root hash of the tree's first n leaves.
func (t *Tree) Head(n int64) (tlog.Tree, error) {
	if n < 0 || n > t.Size() {
		return tlog.Tree{}, fmt.Errorf("the tree has %d leaves, not %d", t.Size(), n)
	}
	root, err := tlog.TreeHash(n, t)
	return tlog.Tree{N: n, Hash: root}, err
}

// Flush flushes the file to disk.
func (t *Tree) Flush() error {
	if err := t.file.Sync(); err != nil {
		return fmt.Errorf("flushing the hashes of the tree: %w", err)
	}
	return nil
}

// Close closes the file.
func (t *Tree) Close() error { return t.file.Close() }

// ReadHashes returns the hashes with the indexes of [tlog.StoredHashIndex].
func (t *Tree) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if _, err := t.file.ReadAt(hashes[i][:], index*tlog.HashSize); err != nil {
			return nil, fmt.Errorf("%w: reading hash %d: %w", ErrTreeDamaged, index, err)
		}
	}
	return hashes, nil
}

// ReadTiles returns the data of tiles of hashes. The file has no entries.
func (t *Tree) ReadTiles(ctx context.Context, tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, tile := range tiles {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if tile.H != torchwood.TileHeight || tile.L < 0 {
			return nil, fmt.Errorf("tile %s: only hashes in tiles of height %d are here", tile.Path(), torchwood.TileHeight)
		}
		var err error
		if data[i], err = tlog.ReadTileData(tile, t); err != nil {
			return nil, err
		}
	}
	return data, nil
}

// SaveTiles does nothing.
func (t *Tree) SaveTiles([]tlog.Tile, [][]byte) {}

// ReadEndpoint returns an error: a tree has nothing but hashes.
func (t *Tree) ReadEndpoint(_ context.Context, path string) ([]byte, error) {
	return nil, fmt.Errorf("%s: %w", path, errors.ErrUnsupported)
}

// Consistent returns nil if the tree later continues the tree earlier, which must have no more
// leaves. The reader has the hashes of the later one. It need not be trusted.
func Consistent(r tlog.HashReader, earlier, later tlog.Tree) error {
	switch {
	case earlier.N > later.N:
		return fmt.Errorf("a tree of %d leaves cannot continue one of %d", later.N, earlier.N)
	case earlier.N == later.N && earlier.Hash != later.Hash:
		return fmt.Errorf("two different trees of %d leaves: %w", later.N, ErrInconsistent)
	case earlier.N == 0 || earlier.N == later.N:
		return nil
	}
	p, err := tlog.ProveTree(later.N, earlier.N, r)
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(p, later.N, later.Hash, earlier.N, earlier.Hash); err != nil {
		return fmt.Errorf("the tree of %d leaves does not continue the one of %d: %w", later.N, earlier.N, ErrInconsistent)
	}
	return nil
}

// ErrInconsistent reports two trees of which none continues the other.
var ErrInconsistent = errors.New("the log has two histories")
