package store

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/muster-dev/muster/events/wire"
)

// large is a log that is too large to be read at every start. It was closed by its server.
type large struct {
	dir     string
	block   string // the path of its first block
	content []byte // of that block
	all     []wire.Checkpoint
}

// largeLog makes a log of several blocks.
func largeLog(t *testing.T) large {
	t.Helper()
	before := smallLog
	smallLog = 0
	t.Cleanup(func() { smallLog = before })
	l := large{dir: t.TempDir()}
	s, end := start(t, l.dir)
	l.all = write(t, s.Partitions[0], slices.Repeat([]int{1000}, 60)...)
	s.SetMark(l.all[len(l.all)-1])
	if err := end(); err != nil {
		t.Fatal(err)
	}
	l.block = filepath.Join(l.dir, streamsDir, logStream(0), "msgs", "1.blk")
	var err error
	if l.content, err = os.ReadFile(l.block); err != nil {
		t.Fatal(err)
	}
	return l
}

// harm changes a bit of the length of a message of the first block.
func (l large) harm(t *testing.T) {
	t.Helper()
	r, err := (&Store{dir: &directory{path: l.dir}}).files(0).Read(10)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	record, err := r.Next()
	if err != nil || record.Path != l.block {
		t.Fatalf("message 10 is in %s: %v", record.Path, err)
	}
	l.content[record.Offset+2] ^= 1 << 2
	if err := os.WriteFile(l.block, l.content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func (l large) isUnchanged(t *testing.T) {
	t.Helper()
	now, err := os.ReadFile(l.block)
	if err != nil || !bytes.Equal(now, l.content) {
		t.Errorf("the damaged file of %d bytes has %d now: %v", len(l.content), len(now), err)
	}
}

// Whatever reads a damaged log while its server runs names the damage and does not make the
// server cut the files.
func TestReadingDoesNotCutTheLog(t *testing.T) {
	l := largeLog(t)
	s, end := start(t, l.dir)
	p := s.Partitions[0]
	l.harm(t)
	for name, read := range map[string]func() error{
		"a message": func() error { _, err := p.Message(t.Context(), 12); return err },
		"a page":    func() error { _, err := p.Page(t.Context(), l.all[11]); return err },
		"before":    func() error { _, _, err := p.Before(t.Context(), l.all[11].Number); return err },
		"an entry":  func() error { _, err := p.Entry(t.Context(), l.all[11].Number); return err },
		"following": func() error {
			return p.Read(t.Context(), l.all[3], nil, make(chan wire.Message, 100))
		},
	} {
		if err := read(); !errors.Is(err, wire.ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
		l.isUnchanged(t)
	}
	if tip, err := p.Tip(t.Context()); err != nil || tip != l.all[len(l.all)-1] {
		t.Errorf("the tip is %+v: %v", tip, err)
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
	l.isUnchanged(t)
}

// A start reads the blocks again that its server will read, because the server would cut
// them.
func TestStartingDoesNotCutTheLog(t *testing.T) {
	l := largeLog(t)
	l.harm(t)
	s, err := Open(t.Context(), Options{Dir: l.dir, Partitions: 1, Logger: quiet()})
	if err == nil {
		_ = s.Close()
	}
	if !errors.Is(err, wire.ErrDamaged) {
		t.Errorf("opened: %v", err)
	}
	l.isUnchanged(t)
}
