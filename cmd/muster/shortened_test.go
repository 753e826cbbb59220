package main

import (
	"encoding/binary"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// A log that lacks messages at its end is refused by whatever opens it, and nothing is changed:
// what is left may be the last that knows of them. With the original file back everything is as
// it was.
func TestShortenedLogIsRefused(t *testing.T) {
	t.Parallel()
	for _, killed := range []bool{true, false} {
		whole := t.TempDir()
		p := serving(t, whole, "--partitions", "1", nativeOnly)
		s := p.api.found()
		for range 10 {
			p.api.must(201, "POST", s.members(), editor(uuid.NewString()))
		}
		if killed {
			p.kill()
		} else {
			p.stop()
		}
		content := readFile(t, blockOf(t, whole, "MUSTER_LOG_00"))
		starts := recordsIn(content)
		last := starts[len(starts)-1]
		for name, cut := range map[string]int{
			"the last message is gone":     last,
			"the last five are gone":       starts[len(starts)-5],
			"half of the last one is gone": (last + len(content)) / 2,
		} {
			t.Run(fmt.Sprintf("%s, killed %t", name, killed), func(t *testing.T) {
				dir := t.TempDir()
				if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
					t.Fatal(err)
				}
				block := blockOf(t, dir, "MUSTER_LOG_00")
				writeFile(t, block, content[:cut])
				before := treeOf(t, dir)
				for _, command := range [][]string{{"audit", "verify"}, {"rebuild"}} {
					status, text := says(t, append(command, "--data", dir)...)
					if status != 1 || !strings.Contains(text, "the log does not hold what this node has read before") {
						t.Errorf("%s exits with %d:\n%s", strings.Join(command, " "), status, text)
					}
					unchanged(t, dir, before)
				}
				if served, refusal := serves(t, dir, s); served != nil {
					t.Errorf("serve shows %d events: %s", len(served), refusal)
				}
				unchanged(t, dir, before)
				writeFile(t, block, content)
				verified(t, "--data", dir)
			})
		}
	}
}

// recordsIn returns where the records of a block begin.
func recordsIn(block []byte) (starts []int) {
	for at := 0; at < len(block); at += int(binary.LittleEndian.Uint32(block[at:]) &^ (1 << 31)) {
		starts = append(starts, at)
	}
	return starts
}
