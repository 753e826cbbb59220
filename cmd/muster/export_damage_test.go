package main

import (
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRandomExportDamage flips bits at random places of exports. Audit verify exits with 1 each
// time, and names the file. It takes as many trials as TestRandomDamage.
func TestRandomExportDamage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	p := serving(t, data, "--partitions", "1", nativeOnly)
	s := p.api.found()
	p.api.must(200, "POST", s.members()+"/batch", manyMembers(300), "Muster-Reason", "a batch that needs two tiles")
	p.stop()
	p.start() // what was not signed yet is signed
	p.ready()
	writeFile(t, filepath.Join(dir, "key"), []byte(p.api.must(200, "GET", "/v1/checkpoints/key", "").body))
	p.stop()

	organization, log := filepath.Join(dir, "organization"), filepath.Join(dir, "log")
	for export, args := range map[string][]string{organization: {"--organization", s.org}, log: {"--all"}} {
		args = append([]string{"audit", "export", "--data", data, "--out", export}, args...)
		if status, text := says(t, args...); status != 0 {
			t.Fatalf("audit export exits with %d:\n%s", status, text)
		}
	}
	for trial := range *damageTrials {
		random := rand.New(rand.NewPCG(*damageSeed, uint64(trial)))
		export := organization
		if random.IntN(2) == 0 {
			export = log
		}
		files := exported(t, export)
		name := files[random.IntN(len(files))]
		if random.IntN(2) == 0 && export == organization { // most files are proofs
			name = "events.jsonl"
		}
		content := readFile(t, filepath.Join(export, name))
		at, bit := random.IntN(len(content)), random.IntN(8)
		t.Run(fmt.Sprintf("seed %d, trial %d: bit %d of byte %d of %s", *damageSeed, trial, bit, at, name), func(t *testing.T) {
			t.Parallel()
			harmed := filepath.Join(t.TempDir(), "export")
			if err := os.CopyFS(harmed, os.DirFS(export)); err != nil {
				t.Fatal(err)
			}
			content[at] ^= 1 << bit
			writeFile(t, filepath.Join(harmed, name), content)
			status, text := says(t, "audit", "verify", "--key", filepath.Join(dir, "key"), harmed)
			if status != 1 || !strings.Contains(text, "FAIL") || !strings.Contains(text, name) {
				t.Errorf("audit verify exits with %d:\n%s", status, text)
			}
		})
	}
	for _, export := range []string{organization, log} {
		if status, text := says(t, "audit", "verify", "--key", filepath.Join(dir, "key"), export); status != 0 {
			t.Errorf("audit verify exits with %d:\n%s", status, text)
		}
	}
}

// exported returns the names of the files of an export.
func exported(t *testing.T, export string) (names []string) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(export), ".", func(name string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
