package store

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
)

// What this node has read is never cut, and neither is what the disk has damaged, nor a log
// that somebody uses.
func TestRepairRefuses(t *testing.T) {
	refusal := func(err error, part string) {
		t.Helper()
		if r := (*Refusal)(nil); !errors.As(err, &r) || !strings.Contains(err.Error(), part) {
			t.Errorf("%v does not refuse with %q", err, part)
		}
	}
	l := taint(t, false, garbage("x"))
	s, err := Open(t.Context(), l.Options)
	if err != nil {
		t.Fatal(err)
	}
	_, err = OpenRepair(t.Context(), l.Options, 0)
	refusal(err, "in use")
	_, err = OpenRepair(t.Context(), Options{Dir: t.TempDir(), Logger: quiet()}, 0)
	if !errors.Is(err, ErrDirectoryMissing) {
		t.Errorf("an empty directory: %v", err)
	}
	read := l.valid
	read.Message++
	read.Number++
	s.SetMark(read) // as if this node had read what is not valid
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = OpenRepair(t.Context(), l.Options, 1)
	refusal(err, "no partition 1")
	r := l.open()
	_, err = r.Survey(t.Context(), nil)
	refusal(err, "this node has read the log up to")
	l.close(r)

	l = taint(t, false, garbage("x"))
	blocks, err := filepath.Glob(filepath.Join(l.Dir, streamsDir, logStream(0), "msgs", "*.blk"))
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(blocks[0])
	if err != nil {
		t.Fatal(err)
	}
	content[len(content)/2] ^= 1
	if err := os.WriteFile(blocks[0], content, 0o600); err != nil {
		t.Fatal(err)
	}
	r = l.open()
	_, err = r.Survey(t.Context(), nil)
	if err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("damage on disk: %v", err)
	}
	l.close(r)

	l = taint(t, true, garbage("x"))
	o := l.Options
	o.Dir = ""
	listener, err := nats.Connect(l.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if _, err := listener.SubscribeSync(AnnounceSubject(0)); err != nil {
		t.Fatal(err)
	}
	if err := listener.Flush(); err != nil {
		t.Fatal(err)
	}
	_, err = OpenRepair(t.Context(), o, 0)
	refusal(err, "a service uses the log")
	listener.Close()
	r = l.open()
	found, err := r.Survey(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.js.PublishMsg(t.Context(), garbage("more")); err != nil {
		t.Fatal(err)
	}
	refusal(r.Cut(t.Context(), found, nil), "still being written to")
	l.close(r)
}

// A repair that was interrupted between its two moves is finished before anything is done to
// another partition, because only the directory of the repair has the stream then.
func TestRepairRefusesBesideAnother(t *testing.T) {
	o := Options{Dir: t.TempDir(), Partitions: 2, Logger: quiet()}
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	all := write(t, s.Partitions[0], 1, 2, 3)
	write(t, s.Partitions[1], 1)
	log := s.marker.Log
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	place := filepath.Join(o.Dir, streamsDir, logStream(0))
	made := filepath.Join(o.Dir, repairDir, streamsDir, logStream(0))
	text, err := json.Marshal(complete{log, 0, markLine(all[len(all)-1])})
	if err := errors.Join(err, os.MkdirAll(filepath.Dir(made), 0o700), os.CopyFS(made, os.DirFS(place)),
		os.WriteFile(filepath.Join(o.Dir, repairDir, completeFile), text, 0o600)); err != nil {
		t.Fatal(err)
	}
	r, err := OpenRepair(t.Context(), o, 1) // the old stream is still in its place
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(r.Close(), os.RemoveAll(place)); err != nil {
		t.Fatal(err)
	}
	_, err = OpenRepair(t.Context(), o, 1)
	if refusal := (*Refusal)(nil); !errors.As(err, &refusal) || !strings.Contains(err.Error(), "finish the repair of partition 0 first") {
		t.Fatalf("partition 1 beside a repair of partition 0: %v", err)
	}
	if r, err = OpenRepair(t.Context(), o, 0); err != nil {
		t.Fatal(err)
	}
	if _, pending := r.Pending(); !pending {
		t.Error("the repair of partition 0 is not known any more")
	}
	if err := errors.Join(r.Finish(t.Context(), nil), r.Close()); err != nil {
		t.Fatal(err)
	}
	if r, err = OpenRepair(t.Context(), o, 1); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
}
