package transport

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"time"
)

// newUUID makes a UUIDv7: ids made later sort later, by milliseconds. Ids are not
// secrets, so the runtime's generator will do.
func newUUID() [16]byte {
	var id [16]byte
	binary.BigEndian.PutUint64(id[:8], uint64(time.Now().UnixMilli())<<16|uint64(rand.Uint32N(1<<16))) //nolint:gosec // after 1970
	binary.BigEndian.PutUint64(id[8:], rand.Uint64())
	return stampUUID(id, 7)
}

// derivedUUID makes a UUIDv8 that is always the same for the same texts.
func derivedUUID(texts ...string) [16]byte {
	hash := sha256.New()
	for _, text := range texts {
		hashText(hash, text)
	}
	return stampUUID([16]byte(hash.Sum(nil)), 8)
}

func stampUUID(id [16]byte, version byte) [16]byte {
	id[6] = id[6]&0x0f | version<<4
	id[8] = id[8]&0x3f | 0x80
	return id
}
