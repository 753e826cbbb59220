package feed

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/muster-dev/muster/events/store"
)

// Damage that JetStream does not report never shows a gap, wherever it is, and new
// events come all the same.
func TestDamageIsMadeGood(t *testing.T) {
	whole := t.TempDir()
	n := start(t, store.Options{Dir: whole})
	for range 100 {
		n.write(t, 3)
	}
	n.seen(t)
	want := n.all(t, Filter{Organization: testOrg})
	if err := n.end(); err != nil {
		t.Fatal(err)
	}
	size := len(block(t, whole, nil))
	for _, at := range []int{size / 5, size / 2, size - 1000, size - 9} {
		t.Run(fmt.Sprintf("a bit flips at %d of %d", at, size), func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
				t.Fatal(err)
			}
			block(t, dir, func(content []byte) { content[at] ^= 1 })
			n := start(t, store.Options{Dir: dir})
			n.write(t, 1)
			n.seen(t)
			got := n.all(t, Filter{Organization: testOrg})
			if len(got) != len(want)+1 {
				t.Fatalf("%d events of %d", len(got), len(want)+1)
			}
			for i := range want {
				if got[i].Number != want[i].Number || !bytes.Equal(got[i].Stored, want[i].Stored) {
					t.Fatalf("event %d differs", i+1)
				}
			}
			for _, e := range want {
				if found, err := n.EventAt(t.Context(), testOrg, e.Number); err != nil || !bytes.Equal(found.Stored, e.Stored) {
					t.Fatalf("event %d: %v, %v", e.Number, found, err)
				}
			}
		})
	}
}

// block changes the file that holds the feed's messages, and returns its content.
func block(t *testing.T, dir string, change func([]byte)) []byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "jetstream", "*", "*", "streams", store.FeedStream(0), "msgs", "*.blk"))
	if err != nil || len(paths) != 1 {
		t.Fatalf("%v: %v", paths, err)
	}
	content, err := os.ReadFile(paths[0])
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(content)
		if err := os.WriteFile(paths[0], content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return content
}

// A start does not compare again what an earlier process has compared or published.
func TestACheckIsContinued(t *testing.T) {
	dir := t.TempDir()
	n := start(t, store.Options{Dir: dir})
	for range 10 {
		n.write(t, 10)
	}
	n.seen(t)
	if err := n.end(); err != nil {
		t.Fatal(err)
	}
	checked := func(n *node) uint64 {
		n.history.background <- struct{}{} // no check gets its turn
		defer func() {
			<-n.history.background
			n.checking()
			n.checks.Wait()
		}()
		if err := n.look(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, number := n.view.compared()
		return number
	}
	n = open(t, store.Options{Dir: dir})
	if got := checked(n); got != 100 {
		t.Errorf("%d of 100 events need not be compared after a stop", got)
	}
	for range 10 { // published by nobody yet
		n.write(t, 10)
	}
	if err := n.end(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "feed-check-00.json")); err != nil {
		t.Fatal(err)
	}
	n = open(t, store.Options{Dir: dir})
	if got := checked(n); got != 0 {
		t.Errorf("%d events are believed though nothing says that they were compared", got)
	}
}

// Damage in a part of the feed that was compared before, and that nobody reads, is found
// when everything is compared again.
func TestTheScrubFindsDamage(t *testing.T) {
	dir := t.TempDir()
	n := start(t, store.Options{Dir: dir})
	for range 100 {
		n.write(t, 3)
	}
	n.seen(t)
	if err := n.end(); err != nil {
		t.Fatal(err)
	}
	block(t, dir, func(content []byte) { content[len(content)/3] ^= 1 })
	n = open(t, store.Options{Dir: dir})
	n.history.scrubPause = time.Millisecond
	n.run(t)
	eventually(t, "a feed of the second generation", func() bool {
		stream, err := n.store.Feed(t.Context(), 0)
		return err == nil && store.Generation(stream.CachedInfo()) == 2
	})
	n.seen(t)
	n.expectLog(t)
}

// What goes on is logged when it begins and when it ends, and not each time that it is
// tried.
func TestTroubleIsLoggedOnce(t *testing.T) {
	log := &lines{}
	n := open(t, store.Options{Dir: t.TempDir(), Logger: log.logger()})
	if err := n.look(t.Context()); err != nil {
		t.Fatal(err)
	}
	n.checking()
	n.checks.Wait()
	for range 2 {
		for range 10 {
			n.outcome(t.Context(), errors.New("a test says so"))
		}
		for range 10 {
			n.outcome(t.Context(), nil)
		}
	}
	if behind, again := log.count("the feed is behind"), log.count("the feed is published again"); behind != 2 || again != 2 {
		t.Errorf("%d times behind, %d times again", behind, again)
	}
	w := &watch{Feed: n.Feed, info: n.info(t), logger: log.logger()}
	for range 2 {
		if !w.goesOn(t.Context(), errors.New("a test says so")) {
			t.Fatal("the check was given up")
		}
	}
	w.recovered()
	w.recovered()
	if failed, again := log.count("cannot be checked now"), log.count("can be checked again"); failed != 1 || again != 1 {
		t.Errorf("%d times not checked, %d times again", failed, again)
	}
}
