package main

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"
)

// TestDamageIsNoticed: whatever happens to the files of the log, muster serve never
// shows another history than the one that was written, and where it would have to,
// audit verify says so.
func TestDamageIsNoticed(t *testing.T) {
	leaks := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, leaks) })
	whole := t.TempDir()
	p := serving(t, whole, "--partitions", "1")
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
	for _, before := range []int{1, 8, 9, 100, 700} { // checksum, and what it is of
		cases[fmt.Sprintf("a bit flips %d before the end", before)] = flipAt(size - before)
	}
	for name, harm := range cases {
		for _, indexed := range []bool{true, false} {
			if !indexed {
				name += ", and the index is lost"
			}
			t.Run(name, func(t *testing.T) {
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
				status, verdict := says(t, "audit", "verify", "--data", harmed())
				served, refusal := serves(t, harmed(), s, "--partitions", "1")
				t.Logf("audit verify exits with %d:\n%s", status, verdict)
				switch {
				case served == nil:
					t.Logf("serve refuses: %s", refusal)
				case !slices.Equal(served, history):
					t.Errorf("serve shows %d events of %d, or others", len(served), len(history))
				case status != 0:
					t.Log("serve shows the history that was written")
				}
				if status != 1 {
					t.Errorf("audit verify exits with %d", status)
				}
			})
		}
	}
}

// TestDamagedFeed: the feed is no more than a copy, which is made anew when it does
// not hold what the log does. Until then nobody is shown anything else.
func TestDamagedFeed(t *testing.T) {
	leaks := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, leaks) })
	whole := t.TempDir()
	p := serving(t, whole, "--partitions", "1")
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
				served, refusal := serves(t, dir, s, "--partitions", "1")
				if refusal != "" || !slices.Equal(served, history) {
					t.Errorf("serve shows %d events of %d, or others; %s", len(served), len(history), refusal)
				}
			})
		}
	}
}

// serves starts the service and answers the history that it shows; none, and why,
// when it refuses to.
func serves(t *testing.T, dir string, s site, args ...string) (history []string, refusal string) {
	t.Helper()
	p := newProcess(t, dir, args...)
	p.start()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		select {
		case <-p.ended:
			return nil, lastLines(p.log.String(), 2)
		default:
		}
		response, err := p.api.http.Get(p.api.url + "/readyz")
		if err != nil {
			continue
		}
		_ = response.Body.Close()
		if response.StatusCode == http.StatusOK {
			history = append([]string{}, p.api.history(s)...)
			p.stop()
			return history, ""
		}
	}
	p.kill()
	return nil, "never ready: " + p.log.String()
}

// blockOf is the file that holds the messages of the stream.
func blockOf(t *testing.T, dir, stream string) string {
	t.Helper()
	blocks, err := filepath.Glob(filepath.Join(dir, "jetstream", "*", "*", "streams", stream, "msgs", "*.blk"))
	if err == nil && len(blocks) != 1 {
		err = errors.New("one block was expected: " + strings.Join(blocks, ", "))
	}
	if err != nil {
		t.Fatal(err)
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
