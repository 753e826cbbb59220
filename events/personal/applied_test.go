package personal

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// An older copy of the keys that was put back brings nobody back whom the ledger lists.
func TestOlderKeys(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, FileName)
	k, l := open(t, dir), openLedger(t, dir)
	keys := take(t, k, 4)
	erased := func(n int) {
		t.Helper()
		if err := l.Append(within(t), erasure(n, keys[n])); err != nil {
			t.Fatal(err)
		}
		if err := k.Destroy(within(t), keys[n].id); err != nil {
			t.Fatal(err)
		}
	}
	erased(0)
	closed(t, k)
	k = open(t, dir)
	for range 2 { // the second time there is nothing to do
		if err := k.CatchUp(within(t), l); err != nil {
			t.Fatal(err)
		}
	}
	closed(t, k)
	older, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	k = open(t, dir)
	erased(1)
	erased(2)
	closed(t, k)
	if err := os.WriteFile(path, older, 0o600); err != nil {
		t.Fatal(err)
	}
	k = open(t, dir)
	if _, err := k.Find(within(t), keys[1].id); err != nil {
		t.Fatalf("the older copy does not have the key: %v", err)
	}
	// Only what is new is read into the list of keys.
	applied, err := k.keeper.applied(within(t))
	if err != nil || applied.Lines != 1 {
		t.Fatalf("%v, %v", applied, err)
	}
	if ids, found, _, err := listedAfter(within(t), l, applied); err != nil || !found || len(ids) != 2 {
		t.Errorf("%v, %v", ids, err)
	}
	if err := k.CatchUp(within(t), l); err != nil {
		t.Fatal(err)
	}
	for n, key := range keys {
		if _, err := k.Find(within(t), key.id); errors.Is(err, ErrErased) != (n < 3) {
			t.Errorf("key %d: %v", n, err)
		}
	}
	closed(t, k)
	gone(t, dir, keys[:3]...)

	// Another ledger, such as one after a restore, is applied from its beginning.
	k, other := open(t, dir), openLedger(t, t.TempDir())
	if err := other.Append(within(t), erasure(3, keys[3])); err != nil {
		t.Fatal(err)
	}
	if err := k.CatchUp(within(t), other); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Find(within(t), keys[3].id); !errors.Is(err, ErrErased) {
		t.Errorf("listed in another ledger: %v", err)
	}
}

// A ledger that was set back, or that is another one, is applied at each start, and does not become the
// one that the keys know.
func TestLedgerSetBack(t *testing.T) {
	dir := t.TempDir()
	k, l := open(t, dir), openLedger(t, dir)
	keys := take(t, k, 5)
	other := t.TempDir()
	foreign := openLedger(t, other)
	for n := range 3 {
		if err := errors.Join(l.Append(within(t), erasure(n, keys[n])), foreign.Append(within(t), erasure(9+n, keys[n+2]))); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, LedgerName)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	another, err := os.ReadFile(filepath.Join(other, LedgerName))
	if err != nil {
		t.Fatal(err)
	}
	if err := k.CatchUp(within(t), l); err != nil {
		t.Fatal(err)
	}
	closed(t, k)
	end, err := l.shelf.head(within(t))
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		text []byte
		says string
	}{
		"missing": {nil, "it has 0 lines, and 3 were applied"},
		"empty":   {[]byte{}, "it has 0 lines, and 3 were applied"},
		"older":   {whole[:bytes.IndexByte(whole, '\n')+1], "it has 1 lines, and 3 were applied"},
		"another": {another, "its line 3 is not the one that was applied"},
		"whole":   {whole, ""},
	} {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		if c.text != nil {
			if err := os.WriteFile(path, c.text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 {
			_, found, err := CheckLedger(within(t), dir, end)
			if name != "missing" && !found || (err != nil) != (c.says != "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s is checked: %v, %v", name, found, err)
			}
			var log bytes.Buffer
			k, err := Open(within(t), Options{Dir: dir, Logger: slog.New(slog.NewTextHandler(&log, nil))})
			if err != nil {
				t.Fatal(err)
			}
			l := openLedger(t, dir)
			if err := k.CatchUp(within(t), l); err != nil {
				t.Fatal(err)
			}
			if applied, err := k.keeper.applied(within(t)); err != nil || applied != end {
				t.Errorf("%s became the one that was applied: %v, %v", name, applied, err)
			}
			if !strings.Contains(log.String(), c.says) || c.says == "" && log.Len() > 0 {
				t.Errorf("%s: the log says %q", name, log.String())
			}
			if _, err := k.Find(within(t), keys[4].id); name == "another" && !errors.Is(err, ErrErased) {
				t.Errorf("another ledger was not applied: %v", err)
			}
			closed(t, k)
		}
	}
}

// A damaged ledger stops no start. What it still lists is destroyed, also behind the damage, and each start
// says that it is damaged until it is mended.
func TestCatchUpWithDamagedLedger(t *testing.T) {
	dir := t.TempDir()
	k, l := open(t, dir), openLedger(t, dir)
	keys := take(t, k, 4)
	for n, key := range keys {
		if err := l.Append(within(t), erasure(n, key)); err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			if err := k.CatchUp(within(t), l); err != nil {
				t.Fatal(err)
			}
		}
	}
	closed(t, k)
	path, keysPath := filepath.Join(dir, LedgerName), filepath.Join(dir, FileName)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	older, err := os.ReadFile(keysPath)
	if err != nil {
		t.Fatal(err)
	}
	// Each place in the second line and the one after it, and what is lost with it.
	second := bytes.IndexByte(whole, '\n') + 1
	place := func(text string) int { return second + bytes.Index(whole[second:], []byte(text)) }
	for name, c := range map[string]struct {
		at   int
		lost []int
	}{
		"position": {place("3-1") + 2, nil},
		"number":   {place(`number":2`) + 8, nil},
		"time":     {place("2026-03") + 5, nil},
		"link":     {place(`link":"`) + 7, nil},
		"name":     {place(`"keys`) + 2, []int{1}},
		"brace":    {second, []int{1}},
		"newline":  {place("\n"), []int{1, 2}},
	} {
		text := bytes.Clone(whole)
		text[c.at] ^= 2
		if err := errors.Join(os.WriteFile(path, text, 0o600), os.WriteFile(keysPath, older, 0o600)); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			var log bytes.Buffer
			k, err := Open(within(t), Options{Dir: dir, Logger: slog.New(slog.NewTextHandler(&log, nil))})
			if err != nil {
				t.Fatal(err)
			}
			l := openLedger(t, dir)
			if err := k.CatchUp(within(t), l); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if !strings.Contains(log.String(), "level=ERROR") || !strings.Contains(log.String(), "line 2: the erasure ledger is damaged") {
				t.Errorf("%s: the log says %q", name, log.String())
			}
			if applied, err := k.keeper.applied(within(t)); err != nil || applied.Lines != 1 {
				t.Errorf("%s: the damaged ledger was noted: %v, %v", name, applied, err)
			}
			for n, key := range keys {
				if _, err := k.Find(within(t), key.id); errors.Is(err, ErrErased) == slices.Contains(c.lost, n) {
					t.Errorf("%s: key %d: %v", name, n, err)
				}
			}
			closed(t, k)
		}
	}
}

// On servers the keys say as well how far the ledger was applied.
func TestCatchUpOnServers(t *testing.T) {
	o := startOutside(t)
	l, err := OpenLedgerStream(within(t), o.servers(t), false)
	if err != nil {
		t.Fatal(err)
	}
	one, two := o.node(t), o.node(t)
	for n, key := range take(t, one, 3) {
		if err := l.Append(within(t), erasure(n, key)); err != nil {
			t.Fatal(err)
		}
		for _, k := range []*Keys{one, two, one} {
			if err := k.CatchUp(within(t), l); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := one.Find(within(t), key.id); !errors.Is(err, ErrErased) {
			t.Errorf("key %d: %v", n, err)
		}
		end, err := l.shelf.head(within(t))
		if err != nil {
			t.Fatal(err)
		}
		if applied, err := two.keeper.applied(within(t)); err != nil || applied != end {
			t.Errorf("applied up to %v, not %v: %v", applied, end, err)
		}
	}
	// Two nodes that start together note the same.
	end, err := two.keeper.applied(within(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []*Keys{one, two} {
		if err := k.keeper.noteApplied(within(t), end); err != nil {
			t.Fatal(err)
		}
		if applied, err := k.keeper.applied(within(t)); err != nil || applied != end {
			t.Errorf("noted again, %v became %v: %v", end, applied, err)
		}
	}
	notes := 0
	for m, err := range one.keeper.(*stream).all(within(t), appliedSubject+">") {
		if err != nil {
			t.Fatal(err)
		}
		_, notes = m, notes+1
	}
	if notes != 1 {
		t.Errorf("%d notes stay", notes)
	}
}

// Keys that must be there are not made.
func TestKeysMustExist(t *testing.T) {
	dir := t.TempDir()
	for _, empty := range []bool{false, true} {
		if empty {
			if err := os.WriteFile(filepath.Join(dir, FileName), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := Open(within(t), Options{Dir: dir, MustExist: true}); !errors.Is(err, ErrMissing) {
			t.Errorf("empty is %v: %v", empty, err)
		}
		if _, err := os.Stat(filepath.Join(dir, FileName)); empty != (err == nil) {
			t.Errorf("the file is there: %v", err)
		}
	}
	closed(t, open(t, dir))
	k, err := Open(within(t), Options{Dir: dir, MustExist: true})
	if err != nil {
		t.Fatal(err)
	}
	closed(t, k)
	o := startOutside(t)
	if _, err := Open(within(t), Options{Servers: new(o.servers(t)), MustExist: true}); !errors.Is(err, ErrMissing) {
		t.Errorf("on servers: %v", err)
	}
	o.node(t)
	if k, err = Open(within(t), Options{Servers: new(o.servers(t)), MustExist: true}); err != nil {
		t.Fatal(err)
	}
	closed(t, k)
}
