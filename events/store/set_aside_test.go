package store

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-dev/muster/events/wire"
)

// The files in which JetStream describes a stream.
const (
	streamMeta    = "meta.inf"
	streamMetaSum = "meta.sum"
)

// power leaves a stream's description as a power cut can leave it.
var power = map[string]func(t *testing.T, stream string){
	"empty":    func(t *testing.T, stream string) { put(t, stream, streamMeta, nil); put(t, stream, streamMetaSum, nil) },
	"zeros":    func(t *testing.T, stream string) { put(t, stream, streamMeta, make([]byte, 300)) },
	"no sum":   func(t *testing.T, stream string) { remove(t, filepath.Join(stream, streamMetaSum)) },
	"no meta":  func(t *testing.T, stream string) { remove(t, filepath.Join(stream, streamMeta)) },
	"no JSON":  func(t *testing.T, stream string) { put(t, stream, streamMeta, []byte("{")) },
	"bad sum":  func(t *testing.T, stream string) { put(t, stream, streamMetaSum, []byte("0123456789abcdef")) },
	"no files": func(t *testing.T, stream string) { remove(t, stream); mkdir(t, stream) },
	"nothing":  func(t *testing.T, stream string) { remove(t, stream) },
}

func put(t *testing.T, dir, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
}

func mkdir(t *testing.T, path string) {
	t.Helper()
	if err := os.Mkdir(path, 0o750); err != nil {
		t.Fatal(err)
	}
}

// A feed that cannot be opened does not keep a store from being opened, whatever a power
// cut has left of it. It is set aside.
func TestAFeedThatCannotBeOpened(t *testing.T) {
	for name, cut := range power {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			s, end := start(t, dir)
			tips := write(t, s.Partitions[0], 1, 1)
			if _, err := s.MakeFeed(t.Context(), 0, 1); err != nil {
				t.Fatal(err)
			}
			if err := end(); err != nil {
				t.Fatal(err)
			}
			cut(t, filepath.Join(dir, streamsDir, FeedStream(0)))
			s, end = start(t, dir)
			if tip, err := s.Partitions[0].Tip(t.Context()); err != nil || tip != tips[len(tips)-1] {
				t.Errorf("the tip is %+v: %v", tip, err)
			}
			if _, err := s.MakeFeed(t.Context(), 0, 1); err != nil {
				t.Errorf("the feed cannot be made again: %v", err)
			}
			if _, err := os.Stat(filepath.Join(dir, setAsideDir, FeedStream(0))); err != nil && name != "nothing" {
				t.Errorf("it was not set aside: %v", err)
			}
			if err := end(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// A stream beside the log that a power cut left before it was flushed is made again. One that
// holds something is refused at once, and nothing is changed.
func TestAStreamBesideThatCannotBeOpened(t *testing.T) {
	for name, cut := range power {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			stream := filepath.Join(dir, streamsDir, lastOnly.Name)
			begin := func() (*Store, func() error) {
				s, end := start(t, dir)
				if _, err := s.Beside(t.Context(), lastOnly); err != nil {
					t.Fatal(err)
				}
				return s, end
			}
			_, end := begin()
			if err := end(); err != nil {
				t.Fatal(err)
			}
			cut(t, stream)
			s, end := begin()
			rewrite(t, s, 0)
			if err := end(); err != nil {
				t.Fatal(err)
			}
			if name == "nothing" || name == "no files" {
				return // that is a stream that is gone
			}
			cut(t, stream)
			_, err := Open(t.Context(), Options{Dir: dir, Partitions: 1, Logger: quiet()})
			if err == nil || !strings.Contains(err.Error(), "restore the directory from a backup") || !strings.Contains(err.Error(), lastOnly.Name) {
				t.Errorf("opened: %v", err)
			}
			if !(&directory{path: dir}).holdsMessages(lastOnly.Name) {
				t.Error("the messages are gone")
			}
		})
	}
}

// A first start that was cut before the directory had its marker starts over. As soon as
// the log holds a message, or the directory has its marker, a log that cannot be opened is
// refused and nothing is changed.
func TestALogThatCannotBeOpened(t *testing.T) {
	for name, cut := range power {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			_, end := start(t, dir)
			if err := end(); err != nil {
				t.Fatal(err)
			}
			remove(t, filepath.Join(dir, markerFile))
			remove(t, filepath.Join(dir, highWaterFile))
			stream := filepath.Join(dir, streamsDir, logStream(0))
			cut(t, stream)
			s, end := start(t, dir)
			write(t, s.Partitions[0], 1, 1)
			if err := end(); err != nil {
				t.Fatal(err)
			}
			if name == "nothing" || name == "no files" {
				return // that is a log that is gone
			}
			cut(t, stream)
			for _, marked := range []bool{true, false} {
				if !marked {
					remove(t, filepath.Join(dir, markerFile))
				}
				_, err := Open(t.Context(), Options{Dir: dir, Partitions: 1, Logger: quiet()})
				if err == nil || !strings.Contains(err.Error(), "restore the directory from a backup") {
					t.Errorf("opened, marked %t: %v", marked, err)
				}
				if !(&directory{path: dir}).holdsMessages(logStream(0)) {
					t.Error("the messages are gone")
				}
			}
		})
	}
}

// What was set aside stays as it is when more is set aside under the same name.
func TestSettingAsideTwice(t *testing.T) {
	dir := t.TempDir()
	for i := range 3 {
		s, end := start(t, dir)
		if _, err := s.MakeFeed(t.Context(), 0, 1); err != nil {
			t.Fatal(err)
		}
		if err := end(); err != nil {
			t.Fatal(err)
		}
		stream := filepath.Join(dir, streamsDir, FeedStream(0))
		put(t, stream, "witness", []byte{byte('0' + i)})
		put(t, stream, streamMeta, nil)
	}
	_, end := start(t, dir)
	if err := end(); err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"", "-2", "-3"} {
		witness, err := os.ReadFile(filepath.Join(dir, setAsideDir, FeedStream(0)+name, "witness"))
		if string(witness) != fmt.Sprint(i) {
			t.Errorf("witness %d is %q: %v", i, witness, err)
		}
	}
	if info, err := os.Stat(filepath.Join(dir, setAsideDir)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the directory is %v: %v", info, err)
	}
}

// A file that is set aside replaces only one with the same content.
func TestSettingAFileAsideTwice(t *testing.T) {
	s, _ := start(t, t.TempDir())
	for i, content := range []string{"one", "two", "one", "two"} {
		a, err := s.SetAside("events.jsonl")
		if err != nil {
			t.Fatal(err)
		}
		_, _ = a.WriteString(content)
		path, err := a.Keep()
		if kept, _ := os.ReadFile(path); err != nil || string(kept) != content || filepath.Base(path) != []string{"events.jsonl", "events-2.jsonl"}[i%2] {
			t.Errorf("%s has %q: %v", path, kept, err)
		}
		if err := a.Drop(); err != nil {
			t.Error(err)
		}
	}
	if left, err := os.ReadDir(filepath.Join(s.dir.path, setAsideDir)); err != nil || len(left) != 2 {
		t.Errorf("%d files: %v", len(left), err)
	}
}

// A log that is refused leaves also the feed where it is.
func TestARefusedLogLeavesTheFeed(t *testing.T) {
	dir := t.TempDir()
	s, end := start(t, dir)
	s.SetMark(write(t, s.Partitions[0], 1, 1)[2])
	if _, err := s.MakeFeed(t.Context(), 0, 1); err != nil {
		t.Fatal(err)
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, streamsDir, FeedStream(0)), streamMeta, nil)
	path := filepath.Join(dir, streamsDir, logStream(0), "msgs", "1.blk")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	content[100] ^= 1
	put(t, filepath.Dir(path), "1.blk", content)
	before := treeOf(t, filepath.Join(dir, jetstreamDir))
	if s, err := Open(t.Context(), Options{Dir: dir, Partitions: 1, Logger: quiet()}); !errors.Is(err, wire.ErrDamaged) {
		_ = s.Close()
		t.Fatalf("opened: %v", err)
	}
	if !maps.Equal(before, treeOf(t, filepath.Join(dir, jetstreamDir))) {
		t.Error("something was changed")
	}
}
