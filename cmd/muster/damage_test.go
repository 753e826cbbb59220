package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/uuid"
)

// TestDamageIsNoticed damages the files of the log. Whatever the damage, muster serve
// refuses to start, audit verify reports it, and neither changes anything.
func TestDamageIsNoticed(t *testing.T) {
	t.Parallel()
	whole := t.TempDir()
	p := serving(t, whole, "--partitions", "1", nativeOnly)
	s := p.api.found()
	for range 30 {
		p.api.must(201, "POST", s.members(), editor(uuid.NewString()))
	}
	history := p.api.history(s)
	p.stop()
	block := blockOf(t, whole, "MUSTER_LOG_00")
	size := len(readFile(t, block))

	flipAt := func(at int) func(*testing.T, string) {
		return func(t *testing.T, block string) {
			content := readFile(t, block)
			content[at] ^= 1
			writeFile(t, block, content)
		}
	}
	cutTo := func(n int) func(*testing.T, string) {
		return func(t *testing.T, block string) { writeFile(t, block, readFile(t, block)[:n]) }
	}
	cases := map[string]func(t *testing.T, block string){
		"cut to nothing":                 cutTo(0),
		"cut in the middle":              cutTo(size / 2),
		"the last byte is cut":           cutTo(size - 1),
		"the last message is cut in two": cutTo(size - 400),
		"the block is gone": func(t *testing.T, block string) {
			if err := os.Remove(block); err != nil {
				t.Fatal(err)
			}
		},
		"all streams are gone": func(t *testing.T, block string) {
			if err := os.RemoveAll(filepath.Dir(filepath.Dir(filepath.Dir(block)))); err != nil {
				t.Fatal(err)
			}
		},
		"the stream is gone": func(t *testing.T, block string) {
			if err := os.RemoveAll(filepath.Dir(filepath.Dir(block))); err != nil {
				t.Fatal(err)
			}
		},
	}
	places := []int{0, 1, 2, 3, 4, 5}
	if testing.Short() {
		places = places[:2]
	}
	for i := range places {
		at := size * i / len(places)
		cases[fmt.Sprintf("a bit flips at %d", at)] = flipAt(at)
	}
	for _, before := range []int{1, 8, 9, 100, 700} { // the checksum, and what it covers
		cases[fmt.Sprintf("a bit flips %d before the end", before)] = flipAt(size - before)
	}
	for name, harm := range cases {
		for _, indexed := range []bool{true, false} {
			if !indexed {
				name += ", and the index is lost"
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				harmed := func() string {
					dir := t.TempDir()
					if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
						t.Fatal(err)
					}
					block := blockOf(t, dir, "MUSTER_LOG_00")
					if !indexed {
						if err := os.Remove(filepath.Join(filepath.Dir(block), "index.db")); err != nil {
							t.Fatal(err)
						}
					}
					harm(t, block)
					return dir
				}
				dir := harmed()
				before := treeOf(t, dir)
				status, verdict := says(t, "audit", "verify", "--data", dir)
				unchanged(t, dir, before)
				served, refusal := serves(t, dir, s)
				t.Logf("audit verify exits with %d:\n%s", status, verdict)
				if served != nil {
					t.Errorf("serve shows %d events of %d", len(served), len(history))
				}
				t.Logf("serve refuses: %s", refusal)
				unchanged(t, dir, before)
				if status != 1 {
					t.Errorf("audit verify exits with %d", status)
				}
			})
		}
	}
}

// TestDamagedFeed damages the files of the feed. The feed is only a copy of the log, so
// the service makes it again and always shows the history that was written.
func TestDamagedFeed(t *testing.T) {
	t.Parallel()
	whole := t.TempDir()
	p := serving(t, whole, "--partitions", "1", nativeOnly)
	s := p.api.found()
	for range 30 {
		p.api.must(201, "POST", s.members(), editor(uuid.NewString()))
	}
	history := p.api.history(s)
	p.stop()
	size := len(readFile(t, blockOf(t, whole, "MUSTER_FEED_00")))
	for _, at := range []int{0, size / 3, size / 2, size - 700, size - 9, size - 1} {
		for _, indexed := range []bool{true, false} {
			t.Run(fmt.Sprintf("a bit flips at %d of %d, index %t", at, size, indexed), func(t *testing.T) {
				t.Parallel()
				dir := t.TempDir()
				if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
					t.Fatal(err)
				}
				block := blockOf(t, dir, "MUSTER_FEED_00")
				if !indexed {
					if err := os.Remove(filepath.Join(filepath.Dir(block), "index.db")); err != nil {
						t.Fatal(err)
					}
				}
				content := readFile(t, block)
				content[at] ^= 1
				writeFile(t, block, content)
				served, refusal := serves(t, dir, s)
				if refusal != "" || !slices.Equal(served, history) {
					t.Errorf("serve shows %d events of %d, or others; %s", len(served), len(history), refusal)
				}
			})
		}
	}
}

// serves starts the service and returns the history that it shows. If the service
// refuses to start, it returns the reason instead.
func serves(t *testing.T, dir string, s site) (history []string, refusal string) {
	t.Helper()
	p := newProcess(t, dir, "--partitions", "1", nativeOnly)
	p.start()
	if refusal := p.tryReady(); refusal != "" {
		p.kill()
		return nil, refusal
	}
	history = append([]string{}, p.api.history(s)...)
	p.stop()
	return history, ""
}

// blockOf returns the file that holds the messages of the stream.
func blockOf(t *testing.T, dir, stream string) string {
	t.Helper()
	blocks := blocksOf(t, dir, stream)
	if len(blocks) != 1 {
		t.Fatalf("one block was expected: %v", blocks)
	}
	return blocks[0]
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func writeFile(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
