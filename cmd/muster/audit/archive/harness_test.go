package archive

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/muster-dev/muster/events/proof"
	"github.com/muster-dev/muster/events/wire"
)

const (
	ours   = "019cc043-a7e5-7c21-b0d4-6f2e9a1c8b53"
	theirs = "019cc043-af91-783e-9927-3daab1cd9277"
)

// history is a log of two organizations in one partition.
type history struct {
	t      testing.TB
	key    proof.Key
	tree   *proof.Tree
	events [][]byte
}

func newHistory(t testing.TB, events int) *history {
	t.Helper()
	key, err := proof.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	h := &history{t: t, key: key}
	if h.tree, err = proof.OpenTree(filepath.Join(t.TempDir(), "tree")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.tree.Close() })
	for n := 1; n <= events; n++ {
		h.append(fmt.Appendf(nil, `{"specversion":"1.0","id":"E%d","type":"muster.member.added","sequence":"3-%d","organizationid":%q,"data":{}}`, n, n, h.of(n)))
	}
	return h
}

// of returns whose event the number is.
func (h *history) of(n int) string {
	if n%3 == 0 {
		return theirs
	}
	return ours
}

func (h *history) append(event []byte) {
	h.t.Helper()
	h.events = append(h.events, event)
	if err := h.tree.Append(event); err != nil {
		h.t.Fatal(err)
	}
}

// checkpoint returns the signed checkpoint of the first n events.
func (h *history) checkpoint(n int) proof.Checkpoint {
	h.t.Helper()
	head, err := h.tree.Head(int64(n))
	if err != nil {
		h.t.Fatal(err)
	}
	cp, err := h.key.Sign(3, head)
	if err != nil {
		h.t.Fatal(err)
	}
	return cp
}

var about = About{Muster: "muster test", MadeAt: time.Date(2026, 3, 5, 12, 0, 0, 0, time.UTC)}

// organization writes an export of our organization.
func (h *history) organization(dir string, older ...int) {
	h.t.Helper()
	h.under(dir, h.checkpoint(len(h.events)), older...)
}

// under writes an export of our organization with the checkpoint, which need not be the one that the
// proofs lead to.
func (h *history) under(dir string, named proof.Checkpoint, older ...int) {
	h.t.Helper()
	w, err := Create(dir)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	a := about
	a.Organization = ours
	o, err := w.Organization(a)
	if err != nil {
		h.t.Fatal(err)
	}
	cp := h.checkpoint(len(h.events))
	for i, event := range h.events {
		if h.of(i+1) != ours {
			continue
		}
		p, err := proof.Prove(h.tree, cp, uint64(i)+1, event)
		if err == nil {
			err = o.Add(wire.Position{Partition: 3, Number: uint64(i) + 1}, event, p.Text())
		}
		if err != nil {
			h.t.Fatal(err)
		}
	}
	for _, n := range older {
		p, err := tlog.ProveTree(cp.N, int64(n), h.tree)
		if err == nil {
			err = o.Consistency(h.checkpoint(n), cp, p)
		}
		if err != nil {
			h.t.Fatal(err)
		}
	}
	if err := o.Finish(h.key.Verifier(), named, h.key.SignNote); err != nil {
		h.t.Fatal(err)
	}
}

// log writes an export of the whole log.
func (h *history) log(dir string) {
	h.t.Helper()
	w, err := Create(dir)
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = w.Close() }()
	l := w.Log(h.key.Verifier(), about)
	p := l.Partition(3)
	for _, event := range h.events {
		if err := p.Add(event); err != nil {
			h.t.Fatal(err)
		}
	}
	if err := p.Finish(h.checkpoint(len(h.events))); err != nil {
		h.t.Fatal(err)
	}
	if err := l.Finish(); err != nil {
		h.t.Fatal(err)
	}
}

// verify returns what is found in an export, one finding a line.
func (h *history) verify(dir string, yours ...proof.Checkpoint) string {
	h.t.Helper()
	var b strings.Builder
	err := Verify(context.Background(), dir, Options{Verifier: h.key.Verifier(), Checkpoints: yours}, func(f Finding) {
		fmt.Fprintf(&b, "%s %s: %s\n", f.Result, f.Check, f.Detail)
	})
	if err != nil {
		fmt.Fprintf(&b, "ERROR %v\n", err)
	}
	return b.String()
}

// whole fails the test unless the findings have no failure.
func whole(t *testing.T, found string) {
	t.Helper()
	if strings.Contains(found, "FAIL") || strings.Contains(found, "ERROR") || strings.Contains(found, "? ") {
		t.Errorf("found:\n%s", found)
	}
}

// filesOf returns the names of all files of an export.
func filesOf(t *testing.T, dir string) (files []string) {
	t.Helper()
	c := checker{dir: dir, ctx: context.Background()}
	if err := c.walk(func(name string) { files = append(files, name) }); err != nil {
		t.Fatal(err)
	}
	return files
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
