package personal

import (
	"crypto/aes"
	"encoding/binary"
	"testing"
)

// element is an element of GCM's field GF(2^128), the first bit of which is the highest of hi
// (NIST SP 800-38D, 6.3).
type element struct{ hi, lo uint64 }

func elementOf(b []byte) element {
	return element{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}
}

func (e element) bytes() []byte {
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, e.hi), e.lo)
}

func (e element) plus(o element) element { return element{e.hi ^ o.hi, e.lo ^ o.lo} }

func (e element) times(o element) (product element) {
	for i := range 128 {
		bit := e.hi >> (63 - i%64) & 1
		if i >= 64 {
			bit = e.lo >> (63 - i%64) & 1
		}
		if bit == 1 {
			product = product.plus(o)
		}
		carry := o.lo & 1
		o = element{o.hi >> 1, o.lo>>1 | o.hi<<63}
		if carry == 1 {
			o.hi ^= 0xe1 << 56
		}
	}
	return product
}

// inverse is the element to the power of 2^128 - 2.
func (e element) inverse() element {
	result, square := element{hi: 1 << 63}, e
	for range 127 {
		square = square.times(square)
		result = result.times(square)
	}
	return result
}

// power returns the element to the power of n, which is at least 1.
func (e element) power(n int) element {
	result := e
	for range n - 1 {
		result = result.times(e)
	}
	return result
}

// collide makes a ciphertext with a tag, of two blocks, that both keys accept. For a fixed
// first block, the tags of the keys are equal if the second block solves one linear equation.
func collide(t *testing.T, one, two Key, nonce, associated []byte) []byte {
	t.Helper()
	mask := func(k Key) (h, m element) {
		block, err := aes.NewCipher(k.secret[:])
		if err != nil {
			t.Fatal(err)
		}
		hash, first := make([]byte, 16), binary.BigEndian.AppendUint32(append([]byte(nil), nonce...), 1)
		block.Encrypt(hash, hash)
		block.Encrypt(first, first)
		return elementOf(hash), elementOf(first)
	}
	block := []byte("sixteen bytes...")
	blocks := len(associated)/16 + 3 // with two of the ciphertext, and the lengths
	lengths := element{uint64(8 * len(associated)), 8 * 32}
	// sum returns the tag without the part of the second block, and the factor of that block.
	sum := func(k Key) (rest, factor element) {
		h, rest := mask(k)
		for i := range len(associated) / 16 {
			rest = rest.plus(elementOf(associated[16*i:]).times(h.power(blocks - i)))
		}
		rest = rest.plus(elementOf(block).times(h.power(3))).plus(lengths.times(h))
		return rest, h.power(2)
	}
	rest1, factor1 := sum(one)
	rest2, factor2 := sum(two)
	second := rest1.plus(rest2).times(factor1.plus(factor2).inverse())
	tag := rest1.plus(second.times(factor1))
	return append(append(append([]byte(nil), block...), second.bytes()...), tag.bytes()...)
}
