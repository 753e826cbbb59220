package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/events/block"
)

// lastOnly is a stream like that of cursors.
var lastOnly = jetstream.StreamConfig{
	Name: "MUSTER_LAST", Subjects: []string{"muster.last.*"}, Storage: jetstream.FileStorage, Discard: jetstream.DiscardOld,
	MaxMsgs: -1, MaxBytes: -1, MaxMsgsPerSubject: 1,
}

const lastSubjects = 20

// rewrite writes a message on each subject, with the round and enough bytes to fill blocks.
func rewrite(t *testing.T, s *Store, round int) {
	t.Helper()
	for i := range lastSubjects {
		data := fmt.Appendf(nil, "%d %d %60000d", i, round, 0)
		if _, err := s.JS.Publish(t.Context(), fmt.Sprintf("muster.last.%d", i), data); err != nil {
			t.Fatal(err)
		}
	}
}

// rounds returns the round of the last message of each subject.
func rounds(t *testing.T, messages []Message) map[string]int {
	t.Helper()
	all := make(map[string]int)
	for i, m := range messages {
		var n, round int
		if _, err := fmt.Sscan(string(m.Data), &n, &round); err != nil || m.Subject != fmt.Sprintf("muster.last.%d", n) {
			t.Fatalf("message on %s: %.20q: %v", m.Subject, m.Data, err)
		}
		if i > 0 && m.Sequence <= messages[i-1].Sequence {
			t.Errorf("message %d follows message %d", m.Sequence, messages[i-1].Sequence)
		}
		all[m.Subject] = round
	}
	return all
}

// The last message of each subject is found in the files of a server that deletes the others, while it
// writes, after it was stopped, and when it was killed while it wrote.
func TestLatest(t *testing.T) {
	dir := t.TempDir()
	s, end := start(t, dir)
	if _, err := s.Beside(t.Context(), lastOnly); err != nil {
		t.Fatal(err)
	}
	files, err := Open(t.Context(), Options{Dir: dir, ReadOnly: true, Running: true, Logger: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = files.Close() }()
	if none, err := files.Latest(t.Context(), "MUSTER_NOTHING"); err != nil || len(none) != 0 {
		t.Errorf("of no stream: %v, %v", none, err)
	}
	rewrite(t, s, 0)
	writing, stop := context.WithCancel(t.Context())
	var writer sync.WaitGroup
	last := 0
	writer.Go(func() {
		for writing.Err() == nil && last < 12 {
			last++
			rewrite(t, s, last)
		}
	})
	before := map[string]int{}
	for writes := true; writes; {
		messages, err := files.Latest(t.Context(), lastOnly.Name)
		if err != nil {
			t.Fatal(err)
		}
		now := rounds(t, messages)
		for i := range lastSubjects {
			subject := fmt.Sprintf("muster.last.%d", i)
			round, found := now[subject]
			if !found || round < before[subject] {
				t.Fatalf("%s is in round %d after round %d: %t", subject, round, before[subject], found)
			}
			writes = writes && round < 8
		}
		before = now
	}
	stop()
	writer.Wait()
	served, err := s.Latest(t.Context(), lastOnly.Name)
	if err != nil {
		t.Fatal(err)
	}
	wanted := rounds(t, served)
	if err := end(); err != nil {
		t.Fatal(err)
	}
	same := func(when string) {
		t.Helper()
		messages, err := files.Latest(t.Context(), lastOnly.Name)
		if err != nil {
			t.Fatalf("%s: %v", when, err)
		}
		if got := rounds(t, messages); fmt.Sprint(got) != fmt.Sprint(wanted) {
			t.Errorf("%s: %v, want %v", when, got, wanted)
		}
	}
	same("stopped")

	blocks, err := filepath.Glob(filepath.Join(dir, streamsDir, lastOnly.Name, "msgs", "*.blk"))
	if err != nil || len(blocks) == 0 {
		t.Fatal(blocks, err)
	}
	block1 := blocks[len(blocks)-1]
	content, err := os.ReadFile(block1)
	if err != nil {
		t.Fatal(err)
	}
	put := func(content []byte) {
		t.Helper()
		if err := os.WriteFile(block1, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(append(content[:len(content):len(content)], content[len(content)-5000:len(content)-100]...))
	same("with a message that was not finished")
	content[len(content)/2] ^= 1
	put(content)
	if _, err := files.Latest(t.Context(), lastOnly.Name); !errors.As(err, new(*block.Damage)) {
		t.Errorf("with a changed bit: %v", err)
	}
}
