package feed

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/events/natstest"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// streamDir returns the directory of a stream in a data directory.
func streamDir(t testing.TB, dir, stream string) string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "jetstream", "*", "*", "streams", stream))
	if err != nil || len(paths) != 1 {
		t.Fatalf("%v: %v", paths, err)
	}
	return paths[0]
}

// copyOf returns a copy of a data directory that no process uses.
func copyOf(t testing.TB, dir string) string {
	t.Helper()
	to := t.TempDir()
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

// olderLog returns a data directory whose log has the first 30 events of a history, and
// whose feed has all 60 of it. It also returns the last 30 events as the feed has them.
func olderLog(t testing.TB) (dir string, lost [][]byte) {
	t.Helper()
	whole := t.TempDir()
	n := start(t, store.Options{Dir: whole})
	for range 10 {
		n.write(t, 3)
	}
	n.seen(t)
	if err := n.end(); err != nil {
		t.Fatal(err)
	}
	dir = copyOf(t, whole)
	n = start(t, store.Options{Dir: whole})
	for range 10 {
		n.write(t, 3)
	}
	n.seen(t)
	for _, e := range n.all(t, Filter{Organization: testOrg})[30:] {
		lost = append(lost, e.Stored)
	}
	if err := n.end(); err != nil {
		t.Fatal(err)
	}
	feed := streamDir(t, dir, store.FeedStream(0))
	if err := os.RemoveAll(feed); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(feed, os.DirFS(streamDir(t, whole, store.FeedStream(0)))); err != nil {
		t.Fatal(err)
	}
	return dir, lost
}

// info returns what JetStream says of the feed.
func (n *node) info(t testing.TB) *jetstream.StreamInfo {
	t.Helper()
	stream, err := n.store.Feed(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	return stream.CachedInfo()
}

// expectLog checks that what is read, from the feed alone, is what the log has.
func (n *node) expectLog(t testing.TB) {
	t.Helper()
	eventually(t, "all events are in the feed", func() bool { fed := n.Fed(); return fed >= n.tip.Number })
	n.forget()
	var want []wire.Entry
	for at := (wire.Checkpoint{}); at.Number < n.tip.Number; {
		messages, err := n.log.Page(t.Context(), at)
		if err != nil || len(messages) == 0 {
			t.Fatalf("%d messages after %d, %v", len(messages), at.Number, err)
		}
		for _, m := range messages {
			want, at = append(want, m.Entries...), m.Checkpoint()
		}
	}
	got := n.all(t, Filter{Organization: testOrg})
	if len(got) != len(want) {
		t.Fatalf("%d events are shown, and the log has %d", len(got), len(want))
	}
	for i := range got {
		if got[i].Number != want[i].Number || !bytes.Equal(got[i].Stored, want[i].Stored) {
			t.Fatalf("event %d is not the log's", i+1)
		}
		if m, err := n.store.FeedMessage(t.Context(), 0, got[i].Number); err != nil || !bytes.Equal(m.Data, want[i].Stored) {
			t.Fatalf("event %d of the feed is not the log's: %v", i+1, err)
		}
	}
}

// A feed with events that the log lacks is never believed, however long the log has
// become: they are kept in a file, and the feed gets a new generation.
func TestAFeedOfAnotherHistoryIsMadeAgain(t *testing.T) {
	for name, events := range map[string]int{"the log is shorter": 0, "the log is as long": 30, "the log is longer": 50} {
		t.Run(name, func(t *testing.T) {
			dir, lost := olderLog(t)
			log := &lines{}
			n := open(t, store.Options{Dir: dir, Logger: log.logger()})
			for range events / 5 { // another history, which no feed has seen
				n.write(t, 5)
			}
			n.run(t)
			eventually(t, "a feed of the second generation", func() bool {
				stream, err := n.store.Feed(t.Context(), 0)
				return err == nil && store.Generation(stream.CachedInfo()) == 2
			})
			n.write(t, 2)
			n.seen(t)
			n.expectLog(t)
			paths, err := filepath.Glob(filepath.Join(dir, "set-aside", "*"))
			if err != nil || len(paths) != 1 || log.count("level=ERROR") != 1 || log.count(paths[0]) != 1 {
				t.Fatalf("%v, %v\n%s", paths, err, log.text.String())
			}
			kept, err := os.ReadFile(paths[0])
			if want := append(bytes.Join(lost, []byte("\n")), '\n'); err != nil || !bytes.Equal(kept, want) {
				t.Errorf("%d bytes were kept, not %d: %v", len(kept), len(want), err)
			}
		})
	}
}

// Nothing is deleted as long as what the log lacks cannot be kept.
func TestNothingIsDeletedThatCannotBeKept(t *testing.T) {
	dir, lost := olderLog(t)
	obstacle := filepath.Join(dir, "set-aside")
	if err := os.WriteFile(obstacle, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	n := start(t, store.Options{Dir: dir})
	eventually(t, "the feed cannot be kept", func() bool { return n.Unkept() != nil })
	n.write(t, 1)
	if info := n.info(t); info.State.Msgs != uint64(30+len(lost)) || store.Generation(info) != 1 {
		t.Fatalf("the feed has %d messages of generation %d", info.State.Msgs, store.Generation(info))
	}
	if err := os.Remove(obstacle); err != nil {
		t.Fatal(err)
	}
	n.seen(t)
	eventually(t, "the feed was kept", func() bool { return n.Unkept() == nil })
	n.expectLog(t)
}

// A feed that is good is not replaced, whatever was thought of it.
func TestAGoodFeedIsNotDeleted(t *testing.T) {
	n := open(t, store.Options{Dir: t.TempDir()})
	n.write(t, 3)
	if err := n.look(t.Context()); err != nil {
		t.Fatal(err)
	}
	info := n.info(t)
	n.damaged.Store(damaged(info, "a test says so"))
	if err := n.look(t.Context()); err == nil {
		t.Error("nothing is said of the false alarm")
	}
	if err := n.look(t.Context()); err != nil || !n.info(t).Created.Equal(info.Created) {
		t.Errorf("the feed was replaced, %v", err)
	}
	n.checking()
	n.checks.Wait()
}

// A feed of an earlier version has no generation, which counts as the first one, and is
// used as it is.
func TestOldFeedsAreOfTheFirstGeneration(t *testing.T) {
	n := open(t, store.Options{Dir: t.TempDir()})
	stream, err := n.store.MakeFeed(t.Context(), 0, 1)
	if err != nil {
		t.Fatal(err)
	}
	config := stream.CachedInfo().Config
	delete(config.Metadata, "muster-generation")
	if _, err := n.store.JS.UpdateStream(t.Context(), config); err != nil {
		t.Fatal(err)
	}
	n.run(t)
	n.write(t, 3)
	n.seen(t)
	if info := n.info(t); store.Generation(info) != 1 || !info.Created.Equal(stream.CachedInfo().Created) {
		t.Errorf("generation %d, made at %s", store.Generation(info), info.Created)
	}
	if err := n.store.JS.DeleteStream(t.Context(), store.FeedStream(0)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the second generation", func() bool {
		stream, err := n.store.Feed(t.Context(), 0)
		return err == nil && store.Generation(stream.CachedInfo()) == 2
	})
}

// A message that somebody else has published to the feed is kept and not shown, whichever
// node meets it first, and both nodes go on with the same feed.
func TestAForeignMessageIsNotBelieved(t *testing.T) {
	url := natstest.Outside(t)
	dirs := []string{t.TempDir(), t.TempDir()}
	nodes := []*node{start(t, store.Options{Dir: dirs[0], URL: url}), start(t, store.Options{Dir: dirs[1], URL: url})}
	write := func(from int) {
		nodes[1-from].apply(nodes[from].write(t, 2))
		for _, n := range nodes {
			n.seen(t)
		}
	}
	write(0)
	write(1)
	if _, err := nodes[0].store.JS.Publish(t.Context(), store.FeedSubject(0)+"a.b.c.d", []byte("no event")); err != nil {
		t.Fatal(err)
	}
	write(0)
	write(1)
	for _, n := range nodes {
		n.expectLog(t)
	}
	var kept []string
	for _, dir := range dirs {
		paths, err := filepath.Glob(filepath.Join(dir, "set-aside", "*"))
		if err != nil {
			t.Fatal(err)
		}
		kept = append(kept, paths...)
	}
	if len(kept) == 0 {
		t.Fatal("the message was not kept")
	}
	if text, err := os.ReadFile(kept[0]); err != nil || string(text) != `{"sequence":5,"data":"bm8gZXZlbnQ="}`+"\n" {
		t.Errorf("%s was kept, %v", text, err)
	}
	if generation := store.Generation(nodes[0].info(t)); generation != 2 {
		t.Errorf("generation %d", generation)
	}
}
