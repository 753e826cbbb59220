package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// TestFlippedBits flips one bit of a file of the streams, or of the high-water mark. Audit
// verify fails and names the file or the event, whichever bit it was. A file that JetStream makes
// again, or that a power cut may leave torn, is named without a failure. Nothing is changed.
func TestFlippedBits(t *testing.T) {
	t.Parallel()
	whole := t.TempDir()
	p := serving(t, whole, "--partitions", "1", nativeOnly)
	s := p.api.found()
	for range 30 {
		p.api.must(201, "POST", s.members(), editor(uuid.NewString()))
	}
	p.stop()
	var files []string
	for _, pattern := range []string{"high-water*", "jetstream/*/*/streams/*/meta.*", "jetstream/*/*/streams/MUSTER_[LF]*/msgs/*", "jetstream/*/*/streams/MUSTER_FEED*/msgs/*.blk"} {
		found, err := filepath.Glob(filepath.Join(whole, pattern))
		if err != nil || found == nil {
			t.Fatalf("%s: %v, %v", pattern, found, err)
		}
		files = append(files, found...)
	}
	for trial := range *damageTrials {
		random := rand.New(rand.NewPCG(*damageSeed, uint64(trial)))
		path := files[random.IntN(len(files))]
		content := readFile(t, path)
		at, bit := random.IntN(len(content)), random.IntN(8)
		name := strings.TrimPrefix(path, whole)
		t.Run(fmt.Sprintf("seed %d, trial %d: bit %d of byte %d of %s", *damageSeed, trial, bit, at, name), func(t *testing.T) {
			t.Parallel()
			dir := linked(t, whole)
			content[at] ^= 1 << bit
			replaceFile(t, filepath.Join(dir, name), content)
			before := treeOf(t, dir)
			status, text := says(t, "audit", "verify", "--data", dir)
			unchanged(t, dir, before)
			mild := strings.HasSuffix(name, "index.db") || strings.HasSuffix(name, ".recent")
			if want := map[bool]int{true: 0, false: 1}[mild]; status != want {
				t.Errorf("audit verify exits with %d, not %d:\n%s", status, want, text)
			}
			named := strings.Replace(name, "meta.sum", "meta.inf", 1)
			begins := map[bool]string{true: "- ", false: "FAIL "}[mild]
			located := strings.Contains(text, named) || strings.Contains(name, "MUSTER_FEED") && strings.Contains(text, "event 0-")
			if !located || !strings.Contains("\n"+text, "\n"+begins) {
				t.Errorf("audit verify was to name %s:\n%s", named, text)
			}
		})
	}
}

// TestNoMark takes the high-water mark away. Verify says so, and does not pass over it in
// silence.
func TestNoMark(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := serving(t, dir, "--partitions", "1", nativeOnly)
	p.api.found()
	p.stop()
	for _, gone := range []string{"high-water.recent", "high-water"} {
		if err := os.Remove(filepath.Join(dir, gone)); err != nil {
			t.Fatal(err)
		}
		before := treeOf(t, dir)
		status, text := says(t, "audit", "verify", "--data", dir)
		unchanged(t, dir, before)
		if none := gone == "high-water"; status != 0 || strings.Contains(text, "no mark of partition 0") != none || strings.Contains(text, "ok    high-water mark") == none {
			t.Errorf("without %s audit verify exits with %d:\n%s", gone, status, text)
		}
	}
}
