package archive

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/muster-dev/muster/events/proof"
	"github.com/muster-dev/muster/events/wire"
)

// An export is whole, whatever its size.
func TestWhole(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 2, 256, 257} {
		h := newHistory(t, n)
		dir := t.TempDir()
		h.organization(filepath.Join(dir, "organization"))
		whole(t, h.verify(filepath.Join(dir, "organization"), h.checkpoint(n)))
		h.log(filepath.Join(dir, "log"))
		found := h.verify(filepath.Join(dir, "log"), h.checkpoint(n), h.checkpoint((n+1)/2))
		whole(t, found)
		if want := fmt.Sprintf("ok completeness: partition 3: every event from the first one to 3-%d, and no other", n); !strings.Contains(found, want) {
			t.Errorf("%q is not found:\n%s", want, found)
		}
	}
}

// Any bit that flips in any file of an export is found, and the file is named. For an event it
// is named, too.
func TestFlippedBit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for kind, n := range map[string]int{"organization": 40, "log": 270} {
		h := newHistory(t, n)
		export := filepath.Join(dir, kind)
		if kind == "log" {
			h.log(export)
		} else {
			h.organization(export, 20, n)
		}
		yours := []proof.Checkpoint{h.checkpoint(n), h.checkpoint(20)}
		whole(t, h.verify(export, yours...))
		files := filesOf(t, export)
		for trial := range 200 {
			random := rand.New(rand.NewPCG(1, uint64(trial)))
			file := files[random.IntN(len(files))]
			if trial%2 == 0 { // the most files are proofs
				file = files[(trial/2)%8]
			}
			path := filepath.Join(export, file)
			content := readFile(t, path)
			at, bit := random.IntN(len(content)), random.IntN(8)
			content[at] ^= 1 << bit
			writeFile(t, path, content)
			found := h.verify(export, yours...)
			if !strings.Contains(found, "FAIL") || !strings.Contains(found, file) {
				t.Errorf("trial %d: bit %d of byte %d of %s flips, and this is found:\n%s", trial, bit, at, file, found)
			}
			content[at] ^= 1 << bit
			writeFile(t, path, content)
		}
		whole(t, h.verify(export, yours...))
	}
}

// Damage is named with its place.
func TestPlace(t *testing.T) {
	t.Parallel()
	h := newHistory(t, 600)
	dir := t.TempDir()
	h.organization(filepath.Join(dir, "organization"))
	h.log(filepath.Join(dir, "log"))
	for i, test := range []struct {
		kind string
		harm func(export string)
		want []string
	}{
		{"organization", func(e string) { replace(t, e, EventsFile, `"E400"`, `"E4O0"`) }, []string{
			"FAIL events: events.jsonl, line 267 at offset ", "event 3-400: it is not the event that is in the log at 3-400",
		}},
		{"organization", func(e string) { replace(t, e, EventsFile, string(h.events[399])+"\n", "") }, []string{
			"FAIL events: events.jsonl, line 267 at offset ", "it has position 3-401, and the next proof is that of 3-400",
		}},
		{"organization", func(e string) { replace(t, e, "proofs/000/000/3-400.tlog-proof", "index 399", "index 398") }, []string{
			"FAIL files: proofs/000/000/3-400.tlog-proof is damaged",
		}},
		{"organization", func(e string) { remove(t, e, "proofs/000/000/3-400.tlog-proof") }, []string{"FAIL files: proofs/000/000/3-400.tlog-proof is missing"}},
		{"organization", func(e string) { writeFile(t, filepath.Join(e, "proofs/000/000/more"), nil) }, []string{"FAIL files: proofs/000/000/more does not belong to the export"}},
		{"organization", func(e string) { replace(t, e, sumsFile, "README.txt", "README.txx") }, []string{"FAIL files: SHA256SUMS is damaged: line "}},
		{"organization", func(e string) { remove(t, e, sumsFile) }, []string{"FAIL files: SHA256SUMS is missing"}},
		{"organization", func(e string) { remove(t, e, aboutFile) }, []string{"FAIL files: export.json is missing", "ok events: 400 events"}},
		{"organization", func(e string) { writeFile(t, filepath.Join(e, unfinishedFile), nil) }, []string{"FAIL files: the export was interrupted"}},
		{"log", func(e string) { replace(t, e, "3/tile/entries/001", `"E400"`, `"E4O0"`) }, []string{
			"FAIL files: 3/tile/entries/001 is damaged", "FAIL events: 3/tile/entries/001 at offset ", ": event 3-400 is not the one in the tree\n",
			"FAIL events: partition 3: the events have the root ",
		}},
		{"log", func(e string) { remove(t, e, "3/tile/0/001") }, []string{"FAIL files: 3/tile/0/001 is missing"}},
		{"log", func(e string) { remove(t, e, "3/tile/entries/001") }, []string{"FAIL files: 3/tile/entries/001 is missing"}},
		{"log", func(e string) { remove(t, e, "3/checkpoint") }, []string{"FAIL files: 3/checkpoint is missing"}},
	} {
		export := filepath.Join(dir, fmt.Sprint(i))
		if err := os.CopyFS(export, os.DirFS(filepath.Join(dir, test.kind))); err != nil {
			t.Fatal(err)
		}
		test.harm(export)
		found := h.verify(export)
		for _, want := range test.want {
			if !strings.Contains(found, want) {
				t.Errorf("%d: %q is not found:\n%s", i, want, found)
			}
		}
	}
}

func replace(t *testing.T, export, name, from, to string) {
	t.Helper()
	path := filepath.Join(export, name)
	content := string(readFile(t, path))
	if strings.Count(content, from) != 1 {
		t.Fatalf("%s has %q %d times", name, from, strings.Count(content, from))
	}
	writeFile(t, path, []byte(strings.Replace(content, from, to, 1)))
}

func remove(t *testing.T, export, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(export, name)); err != nil {
		t.Fatal(err)
	}
}

// Somebody who replaces an event, and everything in the export that depends on it, has no
// signature for it. A log that was written anew and signed again does not continue the
// checkpoint that the auditor has.
func TestForgery(t *testing.T) {
	t.Parallel()
	h := newHistory(t, 20)
	dir := t.TempDir()
	yours, past := h.checkpoint(20), h.checkpoint(10)

	other := newHistory(t, 20) // with another key
	other.organization(filepath.Join(dir, "other key"))
	if found := h.verify(filepath.Join(dir, "other key"), yours); !strings.Contains(found, "FAIL checkpoint: checkpoint: the key did not sign this") {
		t.Errorf("found:\n%s", found)
	}

	forged := &history{t: t, key: h.key}
	var err error
	if forged.tree, err = proof.OpenTree(filepath.Join(dir, "tree")); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = forged.tree.Close() }()
	for i, event := range h.events {
		if i == 4 {
			event = []byte(strings.Replace(string(event), `"data":{}`, `"data":{"role":"owner"}`, 1))
		}
		forged.append(event)
	}
	forged.organization(filepath.Join(dir, "organization"), 10)
	found := h.verify(filepath.Join(dir, "organization"), yours, past)
	for _, want := range []string{"FAIL your checkpoint: two histories", "FAIL your checkpoint: consistency/10 does not show that the export continues the tree of 10 events"} {
		if !strings.Contains(found, want) {
			t.Errorf("%q is not found:\n%s", want, found)
		}
	}
	forged.log(filepath.Join(dir, "log"))
	found = h.verify(filepath.Join(dir, "log"), yours, past)
	for _, want := range []string{"FAIL your checkpoint: two histories", "FAIL your checkpoint: partition 3: the first 10 events have the root "} {
		if !strings.Contains(found, want) {
			t.Errorf("%q is not found:\n%s", want, found)
		}
	}
}

// Whoever has the key and two histories cannot show the events of one under the checkpoint of the
// other: neither if both have as many events, nor as if the proofs were of another moment.
func TestTwoHistories(t *testing.T) {
	t.Parallel()
	h := newHistory(t, 20)
	yours := h.checkpoint(20)
	other := newHistory(t, 0)
	other.key = h.key
	for i, event := range h.events {
		other.append([]byte(strings.Replace(string(event), `"data":{}`, fmt.Sprintf(`"data":{"n":%d}`, i), 1)))
	}
	dir := t.TempDir()
	other.under(filepath.Join(dir, "same size"), yours)
	const two = "event 3-1: two histories: its proof has a signed checkpoint of 20 events with another root"
	for name, found := range map[string]string{"pinned": h.verify(filepath.Join(dir, "same size"), yours), "not pinned": h.verify(filepath.Join(dir, "same size"))} {
		if !strings.Contains(found, two) {
			t.Errorf("%s: %q is not found:\n%s", name, two, found)
		}
	}
	// The auditor knows more than the export's own checkpoint.
	pinned := h.checkpoint(20)
	h.append(h.events[0])
	h.append(h.events[1])
	other.under(filepath.Join(dir, "known size"), h.checkpoint(22))
	if found := h.verify(filepath.Join(dir, "known size"), pinned); !strings.Contains(found, two) {
		t.Errorf("%q is not found:\n%s", two, found)
	}
	const unshown = "14 events, each proven to be in a signed tree, but 1 of these trees are others than the checkpoint's"
	other.append(h.events[2]) // an event of another organization
	other.under(filepath.Join(dir, "other size"), yours)
	if found := h.verify(filepath.Join(dir, "other size"), yours); !strings.Contains(found, "? events: "+unshown) {
		t.Errorf("%q is not found:\n%s", unshown, found)
	}
	if found := h.verify(filepath.Join(dir, "other size")); !strings.Contains(found, "ok events: "+unshown) {
		t.Errorf("%q is not found:\n%s", unshown, found)
	}
}

// Proofs that lead to an older checkpoint are replaced before the export is finished.
func TestReplacedProofs(t *testing.T) {
	t.Parallel()
	h := newHistory(t, 20)
	old, cp := h.checkpoint(10), h.checkpoint(20)
	dir := filepath.Join(t.TempDir(), "export")
	w, err := Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	a := about
	a.Organization = ours
	o, err := w.Organization(a)
	if err != nil {
		t.Fatal(err)
	}
	o.Replaceable()
	prove := func(n int, cp proof.Checkpoint) (at wire.Position, text []byte) {
		p, err := proof.Prove(h.tree, cp, uint64(n), h.events[n-1])
		if err != nil {
			t.Fatal(err)
		}
		return p.Position, p.Text()
	}
	for _, n := range []int{1, 2, 4, 11} {
		under := cp
		if n <= 10 {
			under = old
		}
		at, text := prove(n, under)
		if err := o.Add(at, h.events[n-1], text); err != nil {
			t.Fatal(err)
		}
	}
	for _, n := range []int{1, 2, 4} {
		if err := o.Replace(prove(n, cp)); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.Replace(prove(5, cp)); err == nil {
		t.Error("the proof of an event is replaced that was not added")
	}
	if err := o.Finish(h.key.Verifier(), cp, nil); err != nil {
		t.Fatal(err)
	}
	found := h.verify(dir, cp)
	whole(t, found)
	if !strings.Contains(found, "ok events: 4 events, each proven to be in the log\n") {
		t.Errorf("found:\n%s", found)
	}
}

// What an export does not show is said.
func TestNotShown(t *testing.T) {
	t.Parallel()
	h := newHistory(t, 20)
	dir := filepath.Join(t.TempDir(), "export")
	h.organization(dir)
	past := h.checkpoint(10)
	for range 10 {
		h.append([]byte("{}"))
	}
	found := h.verify(dir, past, h.checkpoint(30))
	for _, want := range []string{
		"? your checkpoint: it is of 10 events, and the export has no proof that it continues it: make the export with --older",
		"? your checkpoint: yours is of 30 events, and the export ends with 20: make a newer export",
		"- completeness: stated, not proven",
	} {
		if !strings.Contains(found, want) {
			t.Errorf("%q is not found:\n%s", want, found)
		}
	}
}

// A directory with something in it is refused. An export that was interrupted is begun again,
// and nobody else writes to it meanwhile.
func TestCreate(t *testing.T) {
	t.Parallel()
	h := newHistory(t, 5)
	dir := filepath.Join(t.TempDir(), "export")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	w, err := Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.WriteFile("proofs/000/000/3-1.tlog-proof", []byte("a beginning")); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(dir); !errors.Is(err, ErrInUse) {
		t.Errorf("another writer gets %v", err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "mine"), nil)
	if _, err := Create(dir); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("a directory with a foreign file gives %v", err)
	}
	remove(t, dir, "mine")
	h.organization(dir)
	whole(t, h.verify(dir))
	if _, err := Create(dir); !errors.Is(err, ErrNotEmpty) {
		t.Errorf("a directory with an export gives %v", err)
	}
	whole(t, h.verify(dir))
	if found := h.verify(t.TempDir()); !strings.Contains(found, ErrNoExport.Error()) {
		t.Errorf("an empty directory gives %s", found)
	}
}
