package main

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// How much TestRandomDamage tries. `go test ./cmd/muster -run RandomDamage -damage 200`
// is the long form.
var (
	damageTrials = flag.Int("damage", 20, "how many times the log is damaged at random")
	damageSeed   = flag.Uint64("damage-seed", 1, "what the random damage starts with")
)

// TestRandomDamage damages a log of several blocks at random places. Audit verify exits
// with 1 and names the place, the service refuses to start and names it too, and both
// leave every byte as it was.
func TestRandomDamage(t *testing.T) {
	t.Parallel()
	whole := t.TempDir()
	p := serving(t, whole, "--partitions", "1", nativeOnly)
	s := p.api.found()
	for range 24 { // each is about 800 kB
		p.api.must(200, "POST", s.members()+"/batch", manyMembers(900), "Muster-Reason", strings.Repeat("x", 300))
	}
	p.stop()
	blocks := blocksOf(t, whole, "MUSTER_LOG_00")
	if len(blocks) < 3 {
		t.Fatalf("the log has only %d blocks", len(blocks))
	}
	for trial := range *damageTrials {
		random := rand.New(rand.NewPCG(*damageSeed, uint64(trial)))
		h := randomHarm(t, random, blocks)
		indexed := random.IntN(2) == 0
		t.Run(fmt.Sprintf("seed %d, trial %d: %s, index %t", *damageSeed, trial, h.name, indexed), func(t *testing.T) {
			t.Parallel()
			dir := linked(t, whole)
			harmed := blocksOf(t, dir, "MUSTER_LOG_00")
			if !indexed {
				if err := os.Remove(filepath.Join(filepath.Dir(harmed[0]), "index.db")); err != nil {
					t.Fatal(err)
				}
			}
			h.harm(t, harmed)
			before := treeOf(t, dir)
			if status, text := says(t, "audit", "verify", "--data", dir); status != 1 || !h.placed(text) {
				t.Errorf("audit verify exits with %d, and was to name %s:\n%s", status, h.places, text)
			}
			unchanged(t, dir, before)
			served, refusal := serves(t, dir, s)
			if served != nil || !h.placed(refusal) {
				t.Errorf("serve shows %d events, and was to name %s: %s", len(served), h.places, refusal)
			}
			unchanged(t, dir, before)
		})
	}
}

// harm is one way to damage the blocks of a log.
type harm struct {
	name   string
	harm   func(t *testing.T, blocks []string)
	places []string // one of which must be named
}

func (h harm) placed(text string) bool {
	return slices.ContainsFunc(h.places, func(place string) bool { return strings.Contains(text, place) })
}

func randomHarm(t *testing.T, random *rand.Rand, blocks []string) harm {
	t.Helper()
	one := random.IntN(len(blocks))
	other := (one + 1 + random.IntN(len(blocks)-1)) % len(blocks)
	place := func(block int) string { return "/" + filepath.Base(blocks[block]) + ", offset " }
	content := readFile(t, blocks[one])
	at := random.IntN(len(content))
	switch random.IntN(10) {
	case 0:
		return harm{fmt.Sprintf("block %d is cut to %d bytes", one+1, at), func(t *testing.T, b []string) {
			replaceFile(t, b[one], readFile(t, b[one])[:at])
		}, []string{place(one), place((one + 1) % len(blocks)), " is gone"}}
	case 1:
		return harm{fmt.Sprintf("block %d is gone", one+1), func(t *testing.T, b []string) {
			if err := os.Remove(b[one]); err != nil {
				t.Fatal(err)
			}
		}, []string{place((one + 1) % len(blocks)), " is gone"}}
	case 2:
		return harm{fmt.Sprintf("blocks %d and %d are swapped", one+1, other+1), func(t *testing.T, b []string) {
			first, second := readFile(t, b[one]), readFile(t, b[other])
			replaceFile(t, b[one], second)
			replaceFile(t, b[other], first)
		}, []string{place(one) + "0,", place(other) + "0,"}}
	default:
		bit := random.IntN(8)
		return harm{fmt.Sprintf("bit %d of byte %d of block %d flips", bit, at, one+1), func(t *testing.T, b []string) {
			content := readFile(t, b[one])
			content[at] ^= 1 << bit
			replaceFile(t, b[one], content)
		}, []string{place(one)}}
	}
}

// TestAuditChangesNothing runs the commands that read the log on a directory whose
// service has ended and on one whose service was killed. Every file of the log keeps its
// bytes and its time, and there are no new files.
func TestAuditChangesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := serving(t, dir, "--partitions", "2", nativeOnly)
	s := p.api.found()
	for range 10 {
		p.api.must(201, "POST", s.members(), editor(uuid.NewString()))
	}
	p.kill()
	for _, ended := range []string{"killed", "stopped"} {
		before := treeOf(t, dir)
		for range 2 {
			verified(t, "--data", dir)
			if history := replayed(t, s, "--data", dir); len(history) < 10 {
				t.Errorf("%s: audit replay shows %d events", ended, len(history))
			}
			unchanged(t, dir, before)
		}
		if ended == "killed" {
			p.start()
			p.ready()
			p.stop()
		}
	}
}

// TestUnfinishedMessage cuts the last message of a service that was killed. For verify
// that is no damage, and it says what it is. The next start shows everything before it.
func TestUnfinishedMessage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := serving(t, dir, "--partitions", "1", nativeOnly)
	s := p.api.found()
	for range 5 {
		p.api.must(201, "POST", s.members(), editor(uuid.NewString()))
	}
	history := p.api.history(s)
	p.kill()
	block := blockOf(t, dir, "MUSTER_LOG_00")
	content := readFile(t, block)
	writeFile(t, block, append(content, content[:500]...)) // a beginning of a message
	before := treeOf(t, dir)
	if status, text := says(t, "audit", "verify", "--data", dir); status != 0 ||
		!strings.Contains(text, fmt.Sprintf("1.blk, offset %d", len(content))) || !strings.Contains(text, "a record that was being written when the service was killed") {
		t.Errorf("audit verify exits with %d:\n%s", status, text)
	}
	unchanged(t, dir, before)
	if served, refusal := serves(t, dir, s); !slices.Equal(served, history) {
		t.Errorf("serve shows %d events of %d: %s", len(served), len(history), refusal)
	}
	verified(t, "--data", dir)
}

// manyMembers is the body of a batch that adds so many members.
func manyMembers(n int) string {
	operations := make([]string, n)
	for i := range operations {
		operations[i] = fmt.Sprintf(`{"op":"add","user_id":%q,"role":"editor"}`, uuid.NewString())
	}
	return `{"mode":"atomic","operations":[` + strings.Join(operations, ",") + `]}`
}

// linked returns a directory that holds what the other one does. The files are the same
// ones, except for the lock, so that a test must replace those that it changes.
func linked(t *testing.T, whole string) string {
	t.Helper()
	dir := t.TempDir()
	err := filepath.WalkDir(whole, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := dir + strings.TrimPrefix(path, whole)
		if entry.IsDir() {
			return os.MkdirAll(to, 0o750)
		}
		if entry.Name() == "lock" {
			writeFile(t, to, nil)
			return nil
		}
		return os.Link(path, to)
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// replaceFile gives the path a new file with the content.
func replaceFile(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	writeFile(t, path, content)
}

// treeOf returns what the directory holds, except for the read models: every path with
// its time and a hash of its content.
func treeOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		all[path] = info.ModTime().String()
		if entry.Type().IsRegular() {
			content := readFile(t, path)
			all[path] += fmt.Sprintf(" %d %x", len(content), sha256.Sum256(content))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// unchanged fails the test if the directory does not hold what it held before.
func unchanged(t *testing.T, dir string, before map[string]string) {
	t.Helper()
	after := treeOf(t, dir)
	for path, was := range before {
		if is := after[path]; is != was {
			t.Errorf("%s was %s, and is %s", path, was, is)
		}
	}
	if len(after) != len(before) {
		t.Errorf("there were %v, and there are %v", slices.Sorted(maps.Keys(before)), slices.Sorted(maps.Keys(after)))
	}
}

// blocksOf returns the files that hold the messages of the stream, in order.
func blocksOf(t *testing.T, dir, stream string) []string {
	t.Helper()
	blocks, err := filepath.Glob(filepath.Join(dir, "jetstream", "*", "*", "streams", stream, "msgs", "*.blk"))
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(blocks)
	return blocks
}
