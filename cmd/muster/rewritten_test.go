package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// written returns the data directory of a service that has stopped, with that many members.
func written(t *testing.T, members int, args ...string) (*process, string) {
	t.Helper()
	dir := t.TempDir()
	p := serving(t, dir, append([]string{"--partitions", "1", nativeOnly}, args...)...)
	s := p.api.found()
	for range members {
		p.api.must(201, "POST", s.members(), editor(uuid.NewString()))
	}
	p.stop()
	return p, dir
}

// replaceProof gives a directory what another log has signed.
func replaceProof(t *testing.T, dir, from string) {
	t.Helper()
	to := filepath.Join(dir, "proof")
	if err := os.RemoveAll(to); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(to, os.DirFS(filepath.Join(from, "proof"))); err != nil {
		t.Fatal(err)
	}
}

// TestRewrittenLog puts another log with everything that belongs to it in the place of the one
// that was signed: chain, feed, read models, marks and keys of people are all right. What was
// signed shows it, and where.
func TestRewrittenLog(t *testing.T) {
	t.Parallel()
	_, honest := written(t, 5)
	_, longer := written(t, 7)
	_, shorter := written(t, 2)
	verified(t, "--data", honest)
	for name, c := range map[string]struct{ dir, tree, finds string }{
		"another history":                          {dir: longer, finds: `FAIL  checkpoints +partition 0: the log is not the one that was signed: its first \d+ events have the root \S+, and the checkpoint of \d+ events in \S+checkpoint-00 says \S+; the first event that is another one is 0-1\n`},
		"another history, and the hashes are gone": {dir: longer, tree: "gone", finds: `FAIL  checkpoints .*this node has no hashes any more`},
		"events are missing":                       {dir: shorter, finds: `FAIL  checkpoints +partition 0: the log is not the one that was signed: a checkpoint of \d+ events was signed, and the log ends with 0-\d+;`},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(c.dir)); err != nil {
				t.Fatal(err)
			}
			verified(t, "--data", dir)
			replaceProof(t, dir, honest)
			if c.tree != "" {
				if err := os.Remove(filepath.Join(dir, "proof", "tree-00")); err != nil {
					t.Fatal(err)
				}
			}
			before := treeOf(t, dir)
			status, text := says(t, "audit", "verify", "--data", dir)
			if status != 1 || !regexp.MustCompile(c.finds).MatchString(text) || strings.Count(text, "FAIL") != 1 {
				t.Errorf("audit verify exits with %d:\n%s", status, text)
			}
			unchanged(t, dir, before)

			// The same while a service runs on it.
			p := serving(t, dir, nativeOnly)
			status, text = says(t, "audit", "verify", "--data", dir)
			if status != 1 || !strings.Contains(text, "FAIL  checkpoints") || strings.Count(text, "FAIL") != 1 {
				t.Errorf("while a service runs, audit verify exits with %d:\n%s", status, text)
			}
			p.stop()
		})
	}
}

// TestVerifyBesideService checks a data directory while a service runs in it and writes.
func TestVerifyBesideService(t *testing.T) {
	t.Parallel()
	p, dir := written(t, 5)
	p.start()
	p.ready()
	s := p.api.found()
	load := writing(t, p, s)
	for range 3 {
		status, text := says(t, "audit", "verify", "--data", dir)
		if status != 0 || !regexp.MustCompile(`ok    gaps +\d+ events in \d+ messages and 1 partition, none missing; what was written since`).MatchString(text) ||
			!strings.Contains(text, "ok    checkpoints      the log is the one that was signed, up to 0-") || !strings.Contains(text, "-     read models      left out: a service runs in") {
			t.Errorf("audit verify exits with %d:\n%s", status, text)
		}
	}
	load.stop()
	if err := os.Rename(filepath.Join(dir, "proof"), filepath.Join(dir, "set-aside-proof")); err != nil {
		t.Fatal(err)
	}
	if status, text := says(t, "audit", "verify", "--data", dir); status != 2 || !strings.Contains(text, "nothing says how far the log can be read meanwhile") {
		t.Errorf("without checkpoints, audit verify exits with %d:\n%s", status, text)
	}
	if err := os.Rename(filepath.Join(dir, "set-aside-proof"), filepath.Join(dir, "proof")); err != nil {
		t.Fatal(err)
	}
	p.stop()
	verified(t, "--data", dir)
}

// TestSignedIsLost takes away or damages what is kept of checkpoints. Only a log of which nothing
// was signed passes.
func TestSignedIsLost(t *testing.T) {
	t.Parallel()
	_, whole := written(t, 2)
	for name, c := range map[string]struct {
		do     func(proof string) error
		status int
		finds  string
	}{
		"all":        {os.RemoveAll, 0, "-     checkpoints      nothing of this log was ever signed"},
		"key":        {func(proof string) error { return os.Remove(filepath.Join(proof, "key")) }, 1, "FAIL  checkpoints      the key of the checkpoints is gone"},
		"checkpoint": {func(proof string) error { return os.Remove(filepath.Join(proof, "checkpoint-00")) }, 1, "FAIL  checkpoints .*it is not known any more which checkpoint was signed last"},
		"other key": {func(proof string) error {
			return flipMiddle(filepath.Join(proof, "key"))
		}, 1, "FAIL  checkpoints .*the key of the checkpoints is damaged"},
		"flipped": {func(proof string) error {
			return flipMiddle(filepath.Join(proof, "checkpoint-00"))
		}, 1, "FAIL  checkpoints .*the checkpoints were signed with another key, or the file is damaged"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
				t.Fatal(err)
			}
			if err := c.do(filepath.Join(dir, "proof")); err != nil {
				t.Fatal(err)
			}
			if status, text := says(t, "audit", "verify", "--data", dir); status != c.status || !regexp.MustCompile(c.finds).MatchString(text) {
				t.Errorf("audit verify exits with %d:\n%s", status, text)
			}
		})
	}
}

// flipMiddle flips a bit in the middle of a file.
func flipMiddle(path string) error {
	content, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	content[len(content)/2] ^= 1
	return os.WriteFile(path, content, 0o600)
}
