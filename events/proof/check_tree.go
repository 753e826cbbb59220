package proof

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/mod/sumdb/tlog"
)

// CheckTree compares a file of hashes with a checkpoint: the leaves must lead to its root, and all hashes
// above them must be those of the leaves. It reads the file once, and neither the log nor anything
// behind the checkpoint, which a start makes again. The error wraps [ErrTreeDamaged]. CheckTree reports
// false if the file is missing or has fewer leaves than the checkpoint: a start makes those again.
func CheckTree(path string, c Checkpoint) (whole bool, err error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return c.N == 0, nil
	}
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return false, err
	}
	if leavesOf(info.Size()/tlog.HashSize) < c.N {
		return false, nil
	}
	hashes, at := bufio.NewReaderSize(file, 256<<10), int64(0)
	next := func() (h tlog.Hash, err error) {
		_, err = io.ReadFull(hashes, h[:])
		at += tlog.HashSize
		return h, err
	}
	var edge []tlog.Hash // the roots of the perfect trees, the largest first
	for i := range c.N {
		h, err := next()
		if err != nil {
			return false, err
		}
		for n := i; n&1 == 1; n >>= 1 {
			above := tlog.NodeHash(edge[len(edge)-1], h)
			edge = edge[:len(edge)-1]
			if h, err = next(); err != nil {
				return false, err
			}
			if h != above {
				return false, fmt.Errorf("%w: %s, before byte %d", ErrTreeDamaged, path, at)
			}
		}
		edge = append(edge, h)
	}
	if root := rootOf(edge); c.N > 0 && root != c.Hash {
		return false, fmt.Errorf("%w: the leaves in %s lead to the root %s, and the checkpoint of %d events says %s", ErrTreeDamaged, path, root, c.N, c.Hash)
	}
	return true, nil
}

// rootOf returns the root above perfect trees.
func rootOf(edge []tlog.Hash) (root tlog.Hash) {
	for i := len(edge) - 1; i >= 0; i-- {
		if i == len(edge)-1 {
			root = edge[i]
		} else {
			root = tlog.NodeHash(edge[i], root)
		}
	}
	return root
}
