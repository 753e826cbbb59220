package store

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
)

// A mark is read as it was written, beside those of other partitions. One that is
// damaged is an error, and one that was never written is none.
func TestHighWaterMark(t *testing.T) {
	path := filepath.Join(t.TempDir(), highWaterFile)
	h, err := openHighWater(path, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.close() })
	marks := map[int]wire.Checkpoint{}
	for _, p := range []int{3, 0, 3} {
		c := wire.Checkpoint{Position: wire.Position{Partition: p, Number: uint64(10*p) + 7}, Message: uint64(p) + 1, Hash: domain.Hash{byte(p), 0xff}}
		if err := h.write(c); err != nil {
			t.Fatal(err)
		}
		marks[p] = c
	}
	for p := range 5 {
		got, found, err := h.read(p)
		want, written := marks[p]
		if err != nil || found != written || written && got != want {
			t.Errorf("partition %d: %+v, %t, %v", p, got, found, err)
		}
	}
	content, err := os.ReadFile(path)
	if err != nil || len(content) != 4*highWaterWidth {
		t.Fatalf("%d bytes, %v", len(content), err)
	}
	content[3*highWaterWidth+1] = '4' // says that it is another partition's
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, found, err := h.read(3); err == nil || found {
		t.Errorf("a damaged mark is read as %+v", got)
	}
}
