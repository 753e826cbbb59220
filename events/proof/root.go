package proof

import "golang.org/x/mod/sumdb/tlog"

// Root computes the root hash of a tree while its leaves are read, and keeps no more of the tree
// than one hash for each perfect tree that the leaves form. The zero value is the empty tree.
type Root struct {
	n    int64
	edge []tlog.Hash // the roots of these perfect trees, the largest first
}

// Add adds a leaf.
func (r *Root) Add(leaf []byte) {
	h := tlog.RecordHash(leaf)
	for n := r.n; n&1 == 1; n >>= 1 { // the leaf completes a perfect tree
		h = tlog.NodeHash(r.edge[len(r.edge)-1], h)
		r.edge = r.edge[:len(r.edge)-1]
	}
	r.edge = append(r.edge, h)
	r.n++
}

// N returns the number of leaves.
func (r *Root) N() int64 { return r.n }

// Head returns the tree of the leaves.
func (r *Root) Head() tlog.Tree {
	if r.n == 0 {
		return empty
	}
	h := r.edge[len(r.edge)-1]
	for i := len(r.edge) - 2; i >= 0; i-- {
		h = tlog.NodeHash(r.edge[i], h)
	}
	return tlog.Tree{N: r.n, Hash: h}
}
