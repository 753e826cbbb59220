package store

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
)

// A mark is read as it was written, beside those of other partitions. One that is
// damaged is an error, and one that was never written is none.
func TestHighWaterMark(t *testing.T) {
	path := filepath.Join(t.TempDir(), highWaterFile)
	h, err := openHighWater(path, false, quiet())
	if err != nil {
		t.Fatal(err)
	}
	marks := map[int]wire.Checkpoint{}
	for _, p := range []int{3, 0, 3} {
		c := wire.Checkpoint{Position: wire.Position{Partition: p, Number: uint64(10*p) + 7}, Message: uint64(p) + 1, Hash: domain.Hash{byte(p), 0xff}}
		h.set(c)
		marks[p] = c
	}
	if err := h.close(); err != nil {
		t.Fatal(err)
	}
	if h, err = openHighWater(path, true, quiet()); err != nil {
		t.Fatal(err)
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
	if h, err = openHighWater(path, true, quiet()); err != nil {
		t.Fatal(err)
	}
	if got, found, err := h.read(3); err != nil || !found || got != marks[3] {
		t.Errorf("the exact mark is not taken for the damaged one: %+v, %v", got, err)
	}
	if _, _, err := h.flushed(3); !errors.Is(err, ErrMarkDamaged) {
		t.Errorf("the mark is not damaged: %v", err)
	}
	recent := filepath.Join(filepath.Dir(path), recentFile)
	content, err = os.ReadFile(recent)
	if err != nil {
		t.Fatal(err)
	}
	content[3*recentWidth+10] ^= 1
	if err := os.WriteFile(recent, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if h, err = openHighWater(path, true, quiet()); err != nil {
		t.Fatal(err)
	}
	if got, found, err := h.read(3); !errors.Is(err, ErrMarkDamaged) || found {
		t.Errorf("a damaged mark is read as %+v, %v", got, err)
	}
}

// A file that a power cut left empty, short or full of zeros is no mark.
func TestHighWaterMarkAfterAPowerCut(t *testing.T) {
	for name, content := range map[string][]byte{
		"empty": nil, "short": []byte("00 0000"), "zeros": make([]byte, 2*highWaterWidth),
	} {
		path := filepath.Join(t.TempDir(), highWaterFile)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		h, err := openHighWater(path, true, quiet())
		if err != nil {
			t.Fatal(err)
		}
		if got, found, err := h.read(0); err != nil || found {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// The file follows the mark by itself, and is replaced as a whole.
func TestHighWaterMarkIsWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), highWaterFile)
	h, err := openHighWater(path, false, quiet())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.close() })
	for number := range uint64(1000) {
		h.set(wire.Checkpoint{Position: wire.Position{Partition: 1, Number: number}, Message: number + 1})
	}
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		now, err := openHighWater(path, true, quiet())
		if err == nil {
			if got, found, err := now.read(1); err != nil || !found {
				t.Fatalf("half a file: %+v, %v", got, err)
			} else if got.Message == 1000 {
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatal("the file does not follow")
		}
	}
}
