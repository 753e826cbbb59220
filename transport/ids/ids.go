package ids

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"math/rand/v2"
	"time"
)

// New returns a new UUIDv7 (RFC 9562). Ids made in a later millisecond sort later.
//
// Every request needs an id or two, so New must be cheap. An id is not a secret, which
// allows the runtime's random generator. uuid.NewV7 takes twice as long, even with
// uuid.EnableRandPool: it reads crypto/rand, and holds two global locks to order the
// ids of one millisecond. Nothing in Muster needs that order. See BenchmarkNew.
func New() [16]byte {
	var id [16]byte
	binary.BigEndian.PutUint64(id[:8], uint64(time.Now().UnixMilli())<<16|uint64(rand.Uint32N(1<<16))) //nolint:gosec // after 1970
	binary.BigEndian.PutUint64(id[8:], rand.Uint64())
	return stamp(id, 7)
}

// Derived returns a UUIDv8 (RFC 9562) that is always the same for the same texts: the
// first 16 bytes of the SHA-256 of what [WriteText] writes for each of them. The log
// holds such ids, so this derivation is part of the stored format.
func Derived(texts ...string) [16]byte {
	sum := sha256.New()
	for _, text := range texts {
		WriteText(sum, text)
	}
	return stamp([16]byte(sum.Sum(nil)), 8)
}

// WriteText adds a text to the hash, preceded by its length in 8 bytes. Without the
// lengths, two different lists of texts could have the same hash.
func WriteText(h hash.Hash, text string) {
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], uint64(len(text)))
	h.Write(length[:])
	h.Write([]byte(text))
}

// stamp writes the version and the variant into an id.
func stamp(id [16]byte, version byte) [16]byte {
	id[6] = id[6]&0x0f | version<<4
	id[8] = id[8]&0x3f | 0x80
	return id
}
