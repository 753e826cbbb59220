package projections

import (
	"math/rand/v2"
	"testing"
)

// What was added is there, whatever the size that was expected, and hardly anything else.
func TestBloom(t *testing.T) {
	t.Parallel()
	for _, expected := range []int{0, 1_000, 100_000, 200_000} {
		added, others := rand.New(rand.NewPCG(1, 2)), rand.New(rand.NewPCG(3, 4))
		b := newBloom(expected)
		const n = 100_000
		for range n {
			b.add(added.Uint64())
		}
		size := b.bytes()
		added = rand.New(rand.NewPCG(1, 2))
		for range n {
			hash := added.Uint64()
			if !b.has(hash) {
				t.Fatal("a hash that was added is not there")
			}
			b.add(hash)
		}
		wrong := 0
		for range n {
			if b.has(others.Uint64()) {
				wrong++
			}
		}
		t.Logf("expected %d: %d bits each, %d of %d others", expected, 8*size/n, wrong, n)
		if wrong > n/1000 || size > 12*n || b.bytes() != size {
			t.Errorf("expected %d: %d of %d others are taken for added, %d bytes", expected, wrong, n, size)
		}
	}
}

func BenchmarkBloom(b *testing.B) {
	filter := newBloom(1_000_000)
	r := rand.New(rand.NewPCG(1, 2))
	for range 1_000_000 {
		filter.add(r.Uint64())
	}
	for b.Loop() {
		filter.has(r.Uint64())
	}
}
