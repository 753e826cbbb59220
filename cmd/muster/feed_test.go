package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// The feed is compared with the log: audit verify says how they differ, and muster serve
// believes the log, after it has kept what only the feed has.
func TestTheFeedIsComparedWithTheLog(t *testing.T) {
	t.Parallel()
	newer := t.TempDir()
	p := serving(t, newer, "--partitions", "1", nativeOnly)
	s := p.api.found()
	p.stop()
	verified(t, "--data", newer)
	older := t.TempDir()
	if err := os.CopyFS(older, os.DirFS(newer)); err != nil {
		t.Fatal(err)
	}
	p.start()
	p.ready()
	for range 3 {
		p.api.must(201, "POST", s.members(), editor(uuid.NewString()))
	}
	p.api.history(s)
	p.stop()

	both := func(log, feed string) string {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(log)); err != nil {
			t.Fatal(err)
		}
		stream := filepath.Dir(filepath.Dir(blockOf(t, dir, "MUSTER_FEED_00")))
		if err := os.RemoveAll(stream); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(stream, os.DirFS(filepath.Dir(filepath.Dir(blockOf(t, feed, "MUSTER_FEED_00"))))); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	behind, ahead := both(newer, older), both(older, newer)
	if status, text := says(t, "audit", "verify", "--data", behind); status != 0 || !strings.Contains(text, "it is behind by 3") {
		t.Errorf("a feed that is behind: %d\n%s", status, text)
	}
	if status, text := says(t, "audit", "verify", "--data", ahead); status != 1 || !strings.Contains(text, "FAIL  feed") || !strings.Contains(text, "it goes on with event 0-") {
		t.Errorf("a feed that goes on: %d\n%s", status, text)
	}

	p = serving(t, ahead, "--partitions", "1", nativeOnly)
	for range 5 { // as many events as the feed had, and more
		p.api.must(201, "POST", s.members(), editor(uuid.NewString()))
	}
	shown := p.api.history(s)
	p.stop()
	verified(t, "--data", ahead)
	if has := replayed(t, s, "--data", ahead); len(has) != len(shown) {
		t.Errorf("%d events were shown, and the log has %d", len(shown), len(has))
	}
	kept, err := filepath.Glob(filepath.Join(ahead, "set-aside", "feed-00-generation-1-of-*.jsonl"))
	if err != nil || len(kept) != 1 || strings.Count(string(readFile(t, kept[0])), "\n") != 3 {
		t.Errorf("%v, %v", kept, err)
	}
}
