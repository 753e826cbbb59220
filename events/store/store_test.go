package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var testTime = time.Date(2026, 3, 5, 23, 9, 47, 281e6, time.UTC)

// start opens an embedded store of one partition, and returns also what closes it.
func start(t *testing.T, dir string) (*Store, func() error) {
	t.Helper()
	s, err := Open(t.Context(), Options{Dir: dir, Partitions: 1, Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	end := sync.OnceValue(s.Close)
	t.Cleanup(func() { _ = end() })
	return s, end
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// following returns a message with that many events that follows the checkpoint.
func following(t *testing.T, after wire.Checkpoint, events int) wire.Envelope {
	t.Helper()
	var payload []byte
	ids := wire.EventIDs{Last: after.ID}
	for i := range events {
		r := domain.Recorded{
			Event: domain.WorkspaceArchived{About: domain.About{Organization: domain.OrganizationID{1}, Workspace: domain.WorkspaceID{2}}},
			ID:    ids.Next(testTime), Number: after.Number + uint64(i) + 1, Time: testTime,
			Actor: domain.Actor{Kind: domain.ActorSystem, ID: "root"},
		}
		var err error
		if payload, err = wire.Append(payload, after.Partition, &r); err != nil {
			t.Fatal(err)
		}
	}
	return wire.Next(after, "w", append(payload, ']'))
}

// write appends messages with so many events each, and returns the checkpoints after
// them, after that of the beginning.
func write(t *testing.T, p *Partition, events ...int) []wire.Checkpoint {
	t.Helper()
	tip, err := p.Tip(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	all := []wire.Checkpoint{tip}
	for _, n := range events {
		e := following(t, tip, n)
		if err := p.Append(t.Context(), e); err != nil {
			t.Fatal(err)
		}
		m, err := e.Decode(tip)
		if err != nil {
			t.Fatal(err)
		}
		tip = m.Checkpoint()
		all = append(all, tip)
	}
	return all
}

// What was appended is there after a restart: message by message, as the tip, and from
// any checkpoint on.
func TestPartition(t *testing.T) {
	dir := t.TempDir()
	s, end := start(t, dir)
	written := write(t, s.Partitions[0], 1, 3, 2, 1, 5)
	if err := end(); err != nil {
		t.Fatal(err)
	}
	s, _ = start(t, dir)
	p := s.Partitions[0]
	tip := written[len(written)-1]
	if got, err := p.Tip(t.Context()); err != nil || !sameCheckpoint(got, tip) {
		t.Errorf("the tip is %+v, not %+v: %v", got, tip, err)
	}
	if _, err := p.Message(t.Context(), tip.Message+1); !errors.Is(err, ErrNoMessage) {
		t.Errorf("behind the tip: %v", err)
	}
	for i, from := range written {
		if err := p.Contains(t.Context(), from); err != nil {
			t.Errorf("checkpoint %d is lost: %v", i, err)
		}
		messages := make(chan wire.Message, len(written))
		if err := p.Read(t.Context(), from, &tip, messages); err != nil {
			t.Fatal(err)
		}
		close(messages)
		at := i
		for m := range messages {
			if at++; !sameCheckpoint(m.Checkpoint(), written[at]) {
				t.Errorf("message %d comes to %+v, not %+v", at, m.Checkpoint(), written[at])
			}
		}
		if at != len(written)-1 {
			t.Errorf("from checkpoint %d reading ends at %d", i, at)
		}
	}
	for number := uint64(0); number <= tip.Number+2; number++ {
		before, found, err := p.Before(t.Context(), number)
		if err != nil || found != (number >= 1 && number <= tip.Number) {
			t.Errorf("before event %d: %t, %v", number, found, err)
		}
		if found && (before.Number >= number || written[before.Message+1].Number < number || !sameCheckpoint(before, written[before.Message])) {
			t.Errorf("before event %d is %+v", number, before)
		}
	}
}

func sameCheckpoint(a, b wire.Checkpoint) bool {
	return a.Position == b.Position && a.Message == b.Message && a.Hash == b.Hash && a.Time.Equal(b.Time) && a.ID == b.ID
}

// A message is stored in its own place or not at all.
func TestAppendIsConditional(t *testing.T) {
	s, _ := start(t, t.TempDir())
	p := s.Partitions[0]
	written := write(t, p, 1, 1)
	for at, after := range written[:2] {
		if err := p.Append(t.Context(), following(t, after, 1)); !IsConflict(err) || !p.NotStored(err) {
			t.Errorf("another message after message %d: %v", at, err)
		}
	}
	ahead := written[2]
	ahead.Message++
	if err := p.Append(t.Context(), following(t, ahead, 1)); !IsConflict(err) {
		t.Errorf("a message too far ahead: %v", err)
	}
	if last, err := p.Last(t.Context()); err != nil || last != 2 {
		t.Errorf("the log has %d messages: %v", last, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Append(ctx, following(t, written[2], 1)); err == nil || p.NotStored(err) {
		t.Errorf("without an answer the outcome is not known: %v", err)
	}
}

// A log that lacks what the high-water mark says is not opened.
func TestTruncatedLogIsRefused(t *testing.T) {
	dir := t.TempDir()
	s, end := start(t, dir)
	tip := write(t, s.Partitions[0], 1, 1)[2]
	other := tip
	other.Hash[0]++
	if err := s.Partitions[0].Contains(t.Context(), other); !errors.Is(err, ErrTruncated) {
		t.Errorf("another history: %v", err)
	}
	tip.Message++
	s.SetMark(tip)
	if err := end(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), Options{Dir: dir, Partitions: 1, Logger: quiet()}); !errors.Is(err, ErrTruncated) {
		t.Fatalf("opened: %v", err)
	}
	for _, name := range []string{highWaterFile, recentFile} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	start(t, dir)
}

// Opening a log for reading makes no file and changes none, whether the service has ended
// or was killed, and also without a lock or a mark.
func TestReadingChangesNothing(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "missing")
	if _, err := Open(t.Context(), Options{Dir: missing, ReadOnly: true, Logger: quiet()}); !errors.Is(err, ErrDirectoryMissing) {
		t.Fatal(err)
	}
	if _, err := os.Stat(missing); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("a directory was made: %v", err)
	}
	s, end := start(t, dir)
	last := write(t, s.Partitions[0], 3)[1]
	s.SetMark(last)
	read := func(dir string) {
		t.Helper()
		before := treeOf(t, dir)
		s, err := Open(t.Context(), Options{Dir: dir, ReadOnly: true, Logger: quiet()})
		if err != nil {
			t.Fatal(err)
		}
		tip, err := s.Partitions[0].Tip(t.Context())
		if err != nil || tip.Position != last.Position {
			t.Errorf("the log ends at %s, not %s: %v", tip.Position, last.Position, err)
		}
		out := make(chan wire.Message, 10)
		err = s.Partitions[0].Read(t.Context(), wire.Checkpoint{}, &tip, out)
		if err != nil || uint64(len(out)) != tip.Message {
			t.Errorf("%d messages of %d are read: %v", len(out), tip.Message, err)
		}
		if err := errors.Join(s.CheckMark(t.Context(), 0), s.Close()); err != nil {
			t.Error(err)
		}
		if after := treeOf(t, dir); !maps.Equal(before, after) {
			t.Errorf("before:\n%v\nafter:\n%v", before, after)
		}
	}
	killed := t.TempDir()
	if err := os.CopyFS(killed, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}
	read(dir)
	read(killed)
	for _, name := range []string{highWaterFile, lockFile} {
		if err := os.RemoveAll(filepath.Join(killed, name)); err != nil {
			t.Fatal(err)
		}
		read(killed)
	}
}

// treeOf returns what the directory holds: every file with its time and its content.
func treeOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		all[path] = info.ModTime().String()
		if entry.Type().IsRegular() {
			content, err := os.ReadFile(path)
			all[path] += fmt.Sprintf(" %d %x", len(content), sha256.Sum256(content))
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
