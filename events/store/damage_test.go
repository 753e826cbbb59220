package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/muster-dev/muster/events/wire"
)

// stored is a data directory with one partition, whose process was killed: it has no
// index. mark is the message that the high-water mark names.
type stored struct {
	dir     string
	block   string // the path of its only block
	content []byte // of the block
	starts  []int  // where the messages start
}

func killedAfter(t *testing.T, messages, mark int) stored {
	t.Helper()
	running := t.TempDir()
	s, end := start(t, running)
	all := write(t, s.Partitions[0], slices.Repeat([]int{1}, messages)...)
	if mark > 0 {
		s.SetMark(all[mark])
	}
	if err := end(); err != nil { // the mark is on the disk now
		t.Fatal(err)
	}
	k := stored{dir: t.TempDir()}
	if err := os.CopyFS(k.dir, os.DirFS(running)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(k.dir, streamsDir, logStream(0), "msgs", "index.db")); err != nil {
		t.Fatal(err)
	}
	k.block = filepath.Join(k.dir, streamsDir, logStream(0), "msgs", "1.blk")
	var err error
	if k.content, err = os.ReadFile(k.block); err != nil {
		t.Fatal(err)
	}
	d, err := openDirectory(k.dir, true)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.close() }()
	r, err := (&Store{dir: d}).files(0).Read(1)
	if err != nil {
		t.Fatal(err)
	}
	for {
		record, err := r.Next()
		if err != nil {
			break
		}
		k.starts = append(k.starts, int(record.Offset))
	}
	if err := r.Close(); err != nil || len(k.starts) != messages {
		t.Fatalf("%d messages: %v", len(k.starts), err)
	}
	return k
}

func (k stored) write(t *testing.T, content []byte) {
	t.Helper()
	if err := os.WriteFile(k.block, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// A log that is damaged is refused, with the place of the damage. Nothing is changed by
// that, so that the rest of it can still be read.
func TestDamagedLogIsRefused(t *testing.T) {
	const messages, mark = 6, 5
	k := killedAfter(t, messages, mark)
	random := rand.New(rand.NewPCG(1, 2))
	for message, begin := range k.starts[:mark] {
		for range 10 {
			content := bytes.Clone(k.content)
			content[begin+random.IntN(k.starts[message+1]-begin)] ^= 1 << random.IntN(8)
			k.write(t, content)
			k.refused(t, fmt.Sprintf("1.blk, offset %d, where message %d is expected", begin, message+1), wire.ErrDamaged)
		}
	}
	for _, cut := range k.starts[1:mark] { // between two messages
		k.write(t, k.content[:cut])
		k.refused(t, fmt.Sprintf("message %d with event 0-%d is gone", mark, mark), ErrTruncated)
	}
	k.write(t, k.content[:k.starts[mark]-1])
	k.refused(t, fmt.Sprintf("1.blk, offset %d, where message %d is expected", k.starts[mark-1], mark), wire.ErrDamaged)
	k.write(t, k.content)
	if err := os.Rename(k.block, strings.Replace(k.block, "1.blk", "2.blk", 1)); err != nil {
		t.Fatal(err)
	}
	k.refused(t, "2.blk, offset 0", wire.ErrDamaged)
}

// refused checks that the log can neither be opened for writing, nor be read to its end,
// and that neither changes anything.
func (k stored) refused(t *testing.T, place string, kind error) {
	t.Helper()
	before := treeOf(t, k.dir)
	s, err := Open(t.Context(), Options{Dir: k.dir, Partitions: 1, Logger: quiet()})
	if err == nil {
		_ = s.Close()
	}
	if !errors.Is(err, kind) || !strings.Contains(err.Error(), place) {
		t.Errorf("%v; expected: %s", err, place)
	}
	s, err = Open(t.Context(), Options{Dir: k.dir, ReadOnly: true, Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	tip, err := s.Partitions[0].Tip(t.Context())
	if err == nil {
		err = s.Partitions[0].Read(t.Context(), wire.Checkpoint{}, &tip, make(chan wire.Message, 100))
	}
	if err == nil {
		err = s.CheckMark(context.Background(), 0)
	}
	if err := errors.Join(err, s.Close()); !errors.Is(err, kind) || !strings.Contains(err.Error(), place) {
		t.Errorf("read only: %v; expected: %s", err, place)
	}
	if after := treeOf(t, k.dir); !maps.Equal(before, after) {
		t.Errorf("%s: before:\n%v\nafter:\n%v", place, before, after)
	}
}

// A message that was being written when the process was killed is cut off, loudly, and
// what comes before it is kept. It can be read before that.
func TestUnfinishedMessage(t *testing.T) {
	const messages = 4
	k := killedAfter(t, messages, messages-1)
	last := k.starts[messages-1]
	zeros := bytes.Clone(k.content)
	clear(zeros[last+10:])
	for name, content := range map[string][]byte{
		"one byte of it": k.content[:last+1], "all but one byte": k.content[:len(k.content)-1], "zeros instead": zeros,
	} {
		t.Run(name, func(t *testing.T) {
			k.write(t, content)
			for _, name := range []string{"lock", "index.db"} {
				_ = os.Remove(filepath.Join(filepath.Dir(k.block), name))
			}
			before := treeOf(t, k.dir)
			s, err := Open(t.Context(), Options{Dir: k.dir, ReadOnly: true, Logger: quiet()})
			if err != nil {
				t.Fatal(err)
			}
			unfinished, err := s.Partitions[0].Unfinished()
			if err != nil || unfinished == nil || unfinished.Path != k.block || unfinished.Offset != int64(last) {
				t.Errorf("unfinished: %v, %v", unfinished, err)
			}
			if tip, err := s.Partitions[0].Tip(t.Context()); err != nil || tip.Message != messages-1 {
				t.Errorf("the tip is message %d: %v", tip.Message, err)
			}
			if _, err := s.Partitions[0].Message(t.Context(), messages); !errors.Is(err, ErrNoMessage) {
				t.Errorf("the unfinished message: %v", err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			if !maps.Equal(before, treeOf(t, k.dir)) {
				t.Error("reading has changed something")
			}
			var logged bytes.Buffer
			s, err = Open(t.Context(), Options{Dir: k.dir, Partitions: 1, Logger: slog.New(slog.NewTextHandler(&logged, nil))})
			if err != nil {
				t.Fatal(err)
			}
			if tip, err := s.Partitions[0].Tip(t.Context()); err != nil || tip.Message != messages-1 {
				t.Errorf("the tip is message %d: %v", tip.Message, err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			if want := fmt.Sprintf("1.blk, offset %d", last); !strings.Contains(logged.String(), want) {
				t.Errorf("nothing is said of the cut:\n%s", &logged)
			}
		})
	}
}

// The feed is read from its files up to its end, and up to damage.
func TestStoredFeed(t *testing.T) {
	dir := t.TempDir()
	s, end := start(t, dir)
	if _, err := s.JS.CreateStream(t.Context(), s.marker.feedConfig(0, 1)); err != nil {
		t.Fatal(err)
	}
	for number := range 5 {
		if _, err := s.JS.Publish(t.Context(), FeedSubject(0)+"a", []byte{byte(number + 1)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
	read := func() (data []byte, _ error) {
		s, err := Open(t.Context(), Options{Dir: dir, ReadOnly: true, Logger: quiet()})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		for m, err := range s.StoredFeed(t.Context(), 0, 2) {
			if err != nil {
				return data, err
			}
			data = append(data, m.Data...)
		}
		return data, nil
	}
	if data, err := read(); err != nil || !bytes.Equal(data, []byte{2, 3, 4, 5}) {
		t.Errorf("the feed is %v: %v", data, err)
	}
	path := filepath.Join(dir, streamsDir, FeedStream(0), "msgs", "1.blk")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	content[len(content)*7/10] ^= 1 // in the fourth of five
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if data, err := read(); !errors.Is(err, wire.ErrDamaged) || !strings.Contains(err.Error(), path) || !bytes.Equal(data, []byte{2, 3}) {
		t.Errorf("the feed is %v: %v", data, err)
	}
	meta := filepath.Join(filepath.Dir(filepath.Dir(path)), "meta.inf")
	if err := os.Truncate(meta, 0); err != nil {
		t.Fatal(err)
	}
	if data, err := read(); !errors.Is(err, wire.ErrDamaged) || !strings.Contains(err.Error(), "meta") || len(data) != 0 {
		t.Errorf("the feed is %v: %v", data, err)
	}
	if err := os.RemoveAll(filepath.Dir(filepath.Dir(path))); err != nil {
		t.Fatal(err)
	}
	if data, err := read(); err != nil || len(data) != 0 {
		t.Errorf("the feed is %v: %v", data, err)
	}
}

// A message with a wrong length hides those behind it. That is no torn end, although it
// is the last message that can be read.
func TestWrongLengthIsDamage(t *testing.T) {
	k := killedAfter(t, 4, 1)
	content := bytes.Clone(k.content)
	content[k.starts[2]+1] ^= 0x40
	k.write(t, content)
	k.refused(t, fmt.Sprintf("1.blk, offset %d", k.starts[2]), wire.ErrDamaged)
}

// A replay reads the files while the server runs, so that damage is named and stays as it
// is.
func TestReplayOfDamagedFiles(t *testing.T) {
	dir := t.TempDir()
	s, _ := start(t, dir)
	tip := write(t, s.Partitions[0], 1, 1, 1, 1)[4]
	read := func() error {
		return s.Partitions[0].Read(t.Context(), wire.Checkpoint{}, &tip, make(chan wire.Message, 10))
	}
	if err := read(); err != nil {
		t.Fatal(err)
	}
	block := filepath.Join(dir, streamsDir, logStream(0), "msgs", "1.blk")
	content, err := os.ReadFile(block)
	if err != nil {
		t.Fatal(err)
	}
	for name, harmed := range map[string][]byte{
		"1.blk, offset 0,":     append([]byte{content[0] ^ 8}, content[1:]...),
		"message 1 is missing": nil,
	} {
		if err := os.WriteFile(block, harmed, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := read(); !errors.Is(err, wire.ErrDamaged) || !strings.Contains(err.Error(), name) {
			t.Errorf("%v; expected: %s", err, name)
		}
		if after, err := os.ReadFile(block); err != nil || !bytes.Equal(harmed, after) {
			t.Errorf("the file of %d bytes has %d: %v", len(harmed), len(after), err)
		}
	}
}

// A log whose index is whole was closed by the server, so that a wrong bit in the last
// message is damage, also beyond the mark.
func TestNothingIsUnfinishedAfterACleanEnd(t *testing.T) {
	dir := t.TempDir()
	s, end := start(t, dir)
	all := write(t, s.Partitions[0], 1, 1, 1, 1)
	s.SetMark(all[2])
	if err := end(); err != nil {
		t.Fatal(err)
	}
	block := filepath.Join(dir, streamsDir, logStream(0), "msgs", "1.blk")
	content, err := os.ReadFile(block)
	if err != nil {
		t.Fatal(err)
	}
	inspect := func(at int, all bool) error {
		harmed := bytes.Clone(content)
		harmed[at] ^= 1
		if err := os.WriteFile(block, harmed, 0o600); err != nil {
			t.Fatal(err)
		}
		s := newStore(Options{Logger: quiet()})
		if err := s.openDirectory(Options{Dir: dir, Partitions: 1, Logger: quiet()}); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = s.Close() }()
		return s.inspectPartition(t.Context(), 0, true, all)
	}
	size := len(content)
	for _, test := range []struct {
		at        int
		all, fail bool
	}{
		{size / 8, false, true}, {size / 8, true, true}, // the first message, at the beginning of the block
		{size * 7 / 8, false, true}, {size * 5 / 8, false, true}, {size * 3 / 8, false, true},
	} {
		if err := inspect(test.at, test.all); (err != nil) != test.fail {
			t.Errorf("byte %d of %d is wrong, all %t: %v", test.at, size, test.all, err)
		}
	}
}
