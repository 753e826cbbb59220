package projections

import "math/bits"

// bloom is a set of hashes that can only grow. It never denies a hash that was added, but it
// takes some others for added. It is a split block Bloom filter: the bits of a hash are in
// the eight words of one block, one in each word, so that a look at it misses the processor's
// cache once. When the set outgrows its blocks it gets another layer, twice as large as all
// that it has.
type bloom struct {
	layers [][]block
	n      int // hashes that were added, apart from those that were taken for added
	room   int // hashes that may still be added to the last layer
}

type block [8]uint64

const (
	blockBytes = 64
	// hashesInBlock is how many hashes share a block on average when a layer is full: each has
	// 25 bits. Then a layer takes one in about 10,000 others for added.
	hashesInBlock = 20
	leastHashes   = 10 * hashesInBlock
)

// newBloom returns a set that gets a second layer after that many hashes.
func newBloom(room int) *bloom {
	b := new(bloom)
	b.grow(room)
	return b
}

func (b *bloom) grow(room int) {
	b.room = max(room, leastHashes)
	b.layers = append(b.layers, make([]block, (b.room+hashesInBlock-1)/hashesInBlock))
}

// bytes returns how much memory the blocks take.
func (b *bloom) bytes() (n int) {
	for _, layer := range b.layers {
		n += len(layer) * blockBytes
	}
	return n
}

// has reports whether the hash may have been added.
func (b *bloom) has(hash uint64) bool {
	for _, layer := range b.layers {
		if at(layer, hash).has(hash) {
			return true
		}
	}
	return false
}

func (b *bloom) add(hash uint64) {
	if b.has(hash) {
		return
	}
	if b.room == 0 {
		b.grow(2 * b.n)
	}
	b.n++
	b.room--
	at(b.layers[len(b.layers)-1], hash).add(hash)
}

// at returns the hash's block. The highest bits of the hash say which one it is, and the
// lowest say which bits it has there.
func at(layer []block, hash uint64) *block {
	i, _ := bits.Mul64(hash, uint64(len(layer)))
	return &layer[i]
}

func (w *block) has(hash uint64) bool {
	for i := range w {
		if w[i]>>(hash&63)&1 == 0 {
			return false
		}
		hash >>= 6
	}
	return true
}

func (w *block) add(hash uint64) {
	for i := range w {
		w[i] |= 1 << (hash & 63)
		hash >>= 6
	}
}
