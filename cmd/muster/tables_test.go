package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/muster-dev/muster/projections"
)

const tablePage = 2048

// listed returns the users whom the list of members shows, and how long the list says that
// it is.
func (c apiClient) listed(s site) (users []string) {
	c.t.Helper()
	for cursor := ""; ; {
		var page struct {
			Items []struct {
				User struct {
					ID string `json:"id"`
				} `json:"user"`
				UserID string `json:"user_id"`
			} `json:"items"`
			Next *string `json:"next_cursor"`
		}
		r := c.must(200, "GET", s.members()+"?page_size=200"+cursor, "")
		if err := json.Unmarshal(r.body, &page); err != nil {
			c.t.Fatal(err)
		}
		for _, m := range page.Items {
			users = append(users, m.UserID+m.User.ID)
		}
		if page.Next == nil {
			slices.Sort(users)
			return users
		}
		cursor = "&cursor=" + *page.Next
	}
}

// tableFiles describes the files of the read models by their names, times and contents.
func tableFiles(t *testing.T, dir string) string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, projections.File+"*"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, name := range names {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&all, "%s %v %x\n", filepath.Base(name), info.ModTime(), uuid.NewSHA1(uuid.Nil, readFile(t, name)))
	}
	return all.String()
}

// indexLeaf returns a page that is a leaf of an index.
func indexLeaf(t *testing.T, content []byte, nth int) int {
	t.Helper()
	for at := tablePage; at+tablePage <= len(content); at += tablePage {
		const leafOfIndex, entries = 0x0A, 3
		if content[at] == leafOfIndex && content[at+entries]+content[at+entries+1] > 0 {
			if nth--; nth < 0 {
				return at
			}
		}
	}
	t.Fatal("no index has so many leaves")
	return 0
}

// TestDamagedTables damages read-models.db and what a killed process has left beside it.
// Whatever the damage, audit verify reports it and changes nothing, and serve shows what the
// log says.
func TestDamagedTables(t *testing.T) {
	t.Parallel()
	whole, killed := t.TempDir(), t.TempDir()
	p := serving(t, whole, "--partitions", "1", nativeOnly)
	s := p.api.found()
	var last string
	for range 40 {
		last = uuid.NewString()
		p.api.must(201, "POST", s.members(), editor(last))
	}
	members := p.api.listed(s)
	p.kill()
	if err := os.CopyFS(killed, os.DirFS(whole)); err != nil {
		t.Fatal(err)
	}
	p.start()
	p.ready()
	p.stop()
	r := rand.New(rand.NewPCG(1, 1)) //nolint:gosec // damages are to be repeatable
	for name, c := range map[string]struct {
		from, end string
		harm      func(content []byte) []byte
	}{
		"a bit in an index":   {whole, "", func(b []byte) []byte { b[indexLeaf(t, b, 3)+tablePage-40] ^= 4; return b }},
		"a bit in the schema": {whole, "", func(b []byte) []byte { b[tablePage-100] ^= 1; return b }},
		"the header is zero":  {whole, "", func(b []byte) []byte { clear(b[:100]); return b }},
		"half of it":          {whole, "", func(b []byte) []byte { return b[:len(b)/2+77] }},
		"nothing":             {whole, "", func([]byte) []byte { return nil }},
		"garbage":             {whole, "", func(b []byte) []byte { return bytes.Repeat([]byte("not a database. "), len(b)/16) }},
		"a bit in the WAL":    {killed, "-wal", func(b []byte) []byte { b[len(b)/3] ^= 1; return b }},
		"a bit somewhere":     {whole, "", func(b []byte) []byte { b[r.IntN(len(b))] ^= 1; return b }},
		"two leaves have been mixed": {whole, "", func(b []byte) []byte {
			one, other := indexLeaf(t, b, 0), indexLeaf(t, b, 1)
			kept := slices.Clone(b[one : one+tablePage])
			copy(b[one:], b[other:other+tablePage])
			copy(b[other:], kept)
			return b
		}},
	} {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(c.from)); err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, projections.File+c.end)
		writeFile(t, file, c.harm(readFile(t, file)))
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := tableFiles(t, dir)
			status, verdict := says(t, "audit", "verify", "--data", dir)
			if status != 1 || !strings.Contains(verdict, "FAIL  read models") {
				t.Errorf("audit verify exits with %d:\n%s", status, verdict)
			}
			if after := tableFiles(t, dir); after != before {
				t.Errorf("looking has changed\n%sto\n%s", before, after)
			}
			p := serving(t, dir, "--partitions", "1", nativeOnly)
			if got := p.api.listed(s); !slices.Equal(got, members) {
				t.Errorf("serve shows %d members of %d, or others", len(got), len(members))
			}
			p.api.must(409, "POST", s.members(), editor(last))
			if metrics := p.api.must(200, "GET", "/metrics", ""); !bytes.Contains(metrics.body, []byte("muster_read_models_damaged_total 1\n")) {
				t.Error("the damage is not counted")
			}
			p.stop()
			if _, err := os.Stat(filepath.Join(dir, projections.AsideDir, projections.File)); err != nil {
				t.Error(err)
			}
			verified(t, "--data", dir)
		})
	}
}

// TestLostEndOfTheWAL takes the second half of the WAL that a killed process has left, as a power
// cut does. That is no damage: serve applies again what is missing.
func TestLostEndOfTheWAL(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := serving(t, dir, "--partitions", "1", nativeOnly)
	s := p.api.found()
	for range 40 {
		p.api.must(201, "POST", s.members(), editor(uuid.NewString()))
	}
	members := p.api.listed(s)
	p.kill()
	file := filepath.Join(dir, projections.File+"-wal")
	wal := readFile(t, file)
	writeFile(t, file, wal[:len(wal)/2])
	verified(t, "--data", dir)
	p.start()
	p.ready()
	if got := p.api.listed(s); !slices.Equal(got, members) {
		t.Errorf("serve shows %d members of %d, or others", len(got), len(members))
	}
	requireUndamaged(p)
	p.stop()
	verified(t, "--data", dir)
}

// TestVerifyWithoutRoom lets audit verify look at read models without room for a copy or for a
// fresh replay. Then it could not check, which says nothing of them.
func TestVerifyWithoutRoom(t *testing.T) {
	t.Parallel()
	dir, scratch := t.TempDir(), t.TempDir()
	mount(t, scratch, "-t", "tmpfs", "-o", "size=64k", "tmpfs")
	p := serving(t, dir, "--partitions", "1", nativeOnly)
	p.api.found()
	p.stop()
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	cmd := muster(ctx, "audit", "verify", "--data", dir)
	cmd.Env = append(cmd.Env, "TMPDIR="+scratch)
	out, _ := cmd.CombinedOutput() // the status says it
	if status := cmd.ProcessState.ExitCode(); status != 2 || bytes.Contains(out, []byte("FAIL")) || !bytes.Contains(out, []byte("could not check")) {
		t.Errorf("audit verify exits with %d:\n%s", status, out)
	}
	verified(t, "--data", dir)
}

// requireUndamaged fails the test if the process has found damage in its read models.
func requireUndamaged(p *process) {
	p.t.Helper()
	if metrics := p.api.must(200, "GET", "/metrics", ""); !bytes.Contains(metrics.body, []byte("muster_read_models_damaged_total 0\n")) {
		p.t.Error("damage was found")
	}
}

// TestLookingAtTables lets audit verify look at whole read models, after a clean stop and
// after a kill. It changes nothing.
func TestLookingAtTables(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := serving(t, dir, "--partitions", "1", nativeOnly)
	s := p.api.found()
	for _, end := range []func(){p.kill, p.stop} {
		p.api.must(201, "POST", s.members(), editor(uuid.NewString()))
		end()
		before := tableFiles(t, dir)
		verified(t, "--data", dir)
		if after := tableFiles(t, dir); after != before {
			t.Errorf("looking has changed\n%sto\n%s", before, after)
		}
		p.start()
		p.ready()
	}
}

// TestDamageWhileServing damages the file of a running service. The first request that needs
// a damaged page is refused, and so is everything else, until the tables have been rebuilt in
// the same process.
func TestDamageWhileServing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	p := serving(t, dir, "--partitions", "1", nativeOnly)
	s := p.api.found()
	var last string
	for range 3 {
		var operations []string
		for range 1000 {
			last = uuid.NewString()
			operations = append(operations, fmt.Sprintf(`{"op":"add","user_id":%q,"role":"editor"}`, last))
		}
		p.api.must(200, "POST", s.members()+"/batch", `{"mode":"atomic","operations":[`+strings.Join(operations, ",")+`]}`)
	}
	members := p.api.listed(s)
	p.stop()
	p.start()
	p.ready()
	file := filepath.Join(dir, projections.File)
	content := readFile(t, file)
	for at := tablePage; at < len(content); at += tablePage {
		content[at+tablePage/2] ^= 1
	}
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err == nil {
		_, err = f.WriteAt(content, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close() //nolint:errcheck // closing it sooner would drop nothing of the other process
	begin, statuses := time.Now(), make(map[int]int)
	for refused := false; ; time.Sleep(time.Millisecond) {
		r, err := p.api.do("POST", s.members(), editor(last))
		if err != nil {
			t.Fatal(err)
		}
		statuses[r.status]++
		refused = refused || r.status == 503
		if r.status != 503 && r.status != 409 {
			t.Fatalf("a second POST: %d %s", r.status, r.body)
		}
		if r.status == 409 && refused {
			break
		}
		if _, err := p.api.do("GET", s.members()+"?page_size=200&order_by=-email", ""); err != nil {
			t.Fatal(err)
		}
		if time.Since(begin) > patience {
			t.Fatalf("there is no end: %v", statuses)
		}
	}
	t.Logf("a second POST was answered with %v; after %s everything was right again", statuses, time.Since(begin))
	if got := p.api.listed(s); !slices.Equal(got, members) {
		t.Errorf("serve shows %d members of %d, or others", len(got), len(members))
	}
	if metrics := p.api.must(200, "GET", "/metrics", ""); !bytes.Contains(metrics.body, []byte("muster_read_models_damaged_total 1\n")) {
		t.Error("the damage is not counted")
	}
	p.stop()
	verified(t, "--data", dir)
}
