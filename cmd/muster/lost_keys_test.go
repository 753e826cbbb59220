package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// erase erases a person who has left, and waits until that is done.
func (c apiClient) erase(s site, user string) {
	c.t.Helper()
	c.must(http.StatusNoContent, "DELETE", "/v1/organizations/"+s.org+"/members/"+user, "")
	for deadline := time.Now().Add(patience); ; time.Sleep(5 * time.Millisecond) {
		r, err := c.do("POST", "/v1/organizations/"+s.org+"/users/"+user+"/erase", "")
		if err == nil && r.status == http.StatusOK {
			return
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("erasing: %v %d %s", err, r.status, r.body)
		}
	}
}

// TestDamagedKeys damages what a start needs beside the log. audit verify finds it, and changes nothing.
func TestDamagedKeys(t *testing.T) {
	t.Parallel()
	whole := t.TempDir()
	p := serving(t, whole, "--partitions", "1", nativeOnly)
	s := p.api.found()
	p.api.erase(s, p.api.person(s))
	p.api.person(s)
	p.stop()
	verified(t, "--data", whole)
	remove := func([]byte) []byte { return nil }
	half := func(text []byte) []byte { text[len(text)/2] ^= 1; return text }
	for name, c := range map[string]struct {
		file, finds string
		damage      func([]byte) []byte
	}{
		"keys are gone":            {"personal-keys.db", `FAIL  keys of people +these are not the keys`, remove},
		"keys are zeros":           {"personal-keys.db", `FAIL  keys of people .*does not hold keys`, func(text []byte) []byte { clear(text); return text }},
		"a page of keys is zeros":  {"personal-keys.db", `FAIL  keys of people .*is damaged`, func(text []byte) []byte { clear(text[4096:8192]); return text }},
		"keys are empty":           {"personal-keys.db", `FAIL  keys of people +these are not the keys`, func([]byte) []byte { return []byte{} }},
		"a bit of the ledger":      {"erasure-ledger", `FAIL  erasure ledger .*erasure-ledger: line 1: the erasure ledger is damaged`, half},
		"a bit of a hash":          {"proof/tree-00", `FAIL  hashes .*the hashes of the tree are damaged: .*tree-00`, half},
		"a bit of the key":         {"proof/key", `FAIL  checkpoints `, half},
		"a bit of the last signed": {"proof/checkpoint-00", `FAIL  checkpoints `, half},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
				t.Fatal(err)
			}
			path := filepath.Join(dir, c.file)
			if text := c.damage(bytes.Clone(readFile(t, path))); text != nil {
				writeFile(t, path, text)
			} else if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			before := treeOf(t, dir)
			status, text := says(t, "audit", "verify", "--data", dir)
			if status != 1 || !regexp.MustCompile(c.finds).MatchString(text) {
				t.Errorf("audit verify exits with %d:\n%s", status, text)
			}
			unchanged(t, dir, before)
		})
	}
}

// TestErasedStayErased puts an older copy of the keys back, and restores a log without keys: who was
// erased stays so, and can come back as somebody new.
func TestErasedStayErased(t *testing.T) {
	t.Parallel()
	dir, work := t.TempDir(), t.TempDir()
	p := serving(t, dir, "--partitions", "1", nativeOnly)
	s := p.api.found()
	user := p.api.person(s)
	p.stop()
	keys := filepath.Join(dir, "personal-keys.db")
	older := readFile(t, keys)
	p.start()
	p.ready()
	p.api.erase(s, user)
	p.stop()
	_ = os.Remove(keys + "-journal")
	writeFile(t, keys, older)
	p.start()
	p.ready()
	if history := strings.Join(p.api.history(s), "\n"); strings.Contains(history, user[:8]+"@example.com") {
		t.Error("an older copy of the keys brings back who was erased")
	}
	p.stop()
	verified(t, "--data", dir)

	// Keys that nobody has any more.
	file, restored := filepath.Join(work, "backup.tar"), filepath.Join(work, "restored")
	does(t, "backup", "--data", dir, "--out", file)
	if status, text := says(t, "backup", "--data", dir, "--out", filepath.Join(dir, "backup.tar")); status != 1 || !strings.Contains(text, "is in the data directory") {
		t.Errorf("a backup beside the log: %d %s", status, text)
	}
	does(t, "restore", file, "--data", restored, "--without-keys")
	q := serving(t, restored, nativeOnly)
	owner := "/v1/organizations/" + s.org + "/users/" + s.owner
	q.api.must(http.StatusNotFound, "GET", owner, "")
	if r := q.api.must(http.StatusOK, "GET", s.members(), ""); !strings.Contains(string(r.body), `"email":null`) || strings.Contains(string(r.body), `"email":""`) {
		t.Errorf("members without profiles are shown as %s", r.body)
	}
	r := q.api.must(http.StatusOK, "PUT", owner, fmt.Sprintf(`{"email": %q}`, "countess@example.com"))
	created := r.field(t, "created_at")
	if r = q.api.must(http.StatusOK, "GET", owner, ""); r.field(t, "created_at") != created || r.field(t, "email") != "countess@example.com" {
		t.Errorf("the new profile was created at %s, and is %s", created, r.body)
	}
	q.stop()
	verified(t, "--data", restored)
}
