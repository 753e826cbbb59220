package personal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// erasure returns an erasure of a person with the keys.
func erasure(n int, keys ...Key) Erasure {
	e := Erasure{Keys: idsOf(keys), Time: time.Date(2026, 3, 5, 23, 9, 47, 281e6, time.UTC), Position: fmt.Sprintf("3-%d", n)}
	e.Organization[0], e.User[0] = 1, byte(n)
	return e
}

// lines returns all erasures of a ledger.
func lines(t testing.TB, l *Ledger) (all []Erasure) {
	t.Helper()
	for e, err := range l.All(within(t)) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, e)
	}
	return all
}

func openLedger(t testing.TB, dir string) *Ledger {
	t.Helper()
	l, err := OpenLedger(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// testLedger holds for a ledger wherever it is.
func testLedger(t *testing.T, reopen func() *Ledger) {
	l := reopen()
	if head, err := l.shelf.head(within(t)); err != nil || head != (Head{}) || len(lines(t, l)) != 0 {
		t.Fatalf("a new ledger ends at %v, %v", head, err)
	}
	var want []Erasure
	for n := range 30 {
		e := erasure(n, newKey(), newKey())
		if err := l.Append(within(t), e); err != nil {
			t.Fatal(err)
		}
		if want = append(want, e); n%10 == 9 {
			l = reopen()
		}
	}
	if diff := cmp.Diff(want, lines(t, l)); diff != "" {
		t.Error(diff)
	}
	head, err := l.shelf.head(within(t))
	if err != nil || head.Lines != 30 {
		t.Errorf("the ledger ends at %v, %v", head, err)
	}
	path := filepath.Join(t.TempDir(), "exported")
	var text bytes.Buffer
	if err := l.Export(within(t), &text); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	exported, err := ReadLedger(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, lines(t, exported)); diff != "" {
		t.Error(diff)
	}
	if read, err := exported.shelf.head(within(t)); err != nil || read != head {
		t.Errorf("the exported ledger ends at %v, not %v: %v", read, head, err)
	}
	if err := exported.Append(within(t), want[0]); !errors.Is(err, ErrReadOnlyLedger) {
		t.Errorf("writing a ledger that is read: %v", err)
	}
}

func TestLedgerFile(t *testing.T) {
	dir := t.TempDir()
	testLedger(t, func() *Ledger { return openLedger(t, dir) })
	if _, err := ReadLedger(filepath.Join(dir, LedgerName)); err != nil {
		t.Error(err)
	}
	if _, err := ReadLedger(filepath.Join(dir, "missing")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a ledger that is missing: %v", err)
	}
}

// inMemory is the text of a ledger, so that many can be read quickly.
type inMemory []byte

func (text inMemory) each(ctx context.Context, _ uint64, do func([]byte) (bool, error)) error {
	return eachLine(ctx, bytes.NewReader(text), do)
}

func (inMemory) append(context.Context, Head, Erasure) (Head, error) {
	return Head{}, ErrReadOnlyLedger
}
func (inMemory) head(context.Context) (Head, error) { return Head{}, nil }
func (inMemory) close() error                       { return nil }

// Each changed bit, and each line that is missing, is found.
func TestDamagedLedgers(t *testing.T) {
	dir := t.TempDir()
	l := openLedger(t, dir)
	for n := range 4 {
		if err := l.Append(within(t), erasure(n, newKey())); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, LedgerName)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damaged := filepath.Join(t.TempDir(), "damaged")
	refused := func(text []byte, how string) {
		t.Helper()
		err := error(nil)
		for _, err = range (&Ledger{shelf: inMemory(text)}).All(within(t)) {
			continue
		}
		if !errors.Is(err, ErrDamagedLedger) {
			t.Errorf("%s: %v", how, err)
		}
	}
	for bit := 0; bit < 8*len(whole); bit += 5 { // every byte, and every bit of some
		text := slices.Clone(whole)
		text[bit/8] ^= 1 << (bit % 8)
		refused(text, fmt.Sprintf("bit %d", bit))
	}
	parts := bytes.SplitAfter(whole, []byte("\n"))[:4]
	refused(slices.Concat(parts[1:]...), "the first line is missing")
	refused(slices.Concat(parts[0], parts[2], parts[3]), "a line is missing")
	refused(slices.Concat(parts[0], parts[2], parts[1], parts[3]), "lines are swapped")
	refused(slices.Concat(parts[0], parts[0]), "a line is there twice")
	refused(whole[:len(whole)-1], "the end is missing")
	refused(whole[:len(whole)-50], "the end is missing")
	if err := os.WriteFile(damaged, slices.Concat(parts[:3]...), 0o600); err != nil {
		t.Fatal(err)
	}
	cut, err := ReadLedger(damaged)
	if err != nil {
		t.Fatal(err)
	}
	short, err := cut.shelf.head(within(t))
	if full, _ := l.shelf.head(within(t)); err != nil || short == full || short.Lines != 3 {
		t.Errorf("a ledger without its last line ends at %v, %v", short, err)
	}
}

// A line in which a newer version has said more is a line of the chain as it is: nothing makes it again
// from what is understood of it.
func TestLinesOfNewerVersions(t *testing.T) {
	dir := t.TempDir()
	key := newKey()
	text, _, err := Head{}.append(nil, erasure(1, key))
	if err != nil {
		t.Fatal(err)
	}
	text = []byte(strings.Replace(string(text[:bytes.Index(text, []byte(linkField))]), `"user"`, `"by":"x","user"`, 1) + "}")
	end := Head{1, Head{}.link(text)}
	text = append(line{Link: end.Link}.appendLink(text[:len(text)-1]), '\n')
	if err := os.WriteFile(filepath.Join(dir, LedgerName), text, 0o600); err != nil {
		t.Fatal(err)
	}
	if found, _, err := CheckLedger(within(t), dir, end); err != nil || found != end {
		t.Errorf("it ends at %v: %v", found, err)
	}
	k, l := open(t, dir), openLedger(t, dir)
	if err := k.CatchUp(within(t), l); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Find(within(t), key.id); !errors.Is(err, ErrErased) {
		t.Errorf("listed by a newer version: %v", err)
	}
	if ids, found, _, err := listedAfter(within(t), l, end); err != nil || !found || len(ids) != 0 {
		t.Errorf("%v are applied again: %v", ids, err)
	}
}

// A line that a killed process has not finished is cut off, wherever it was cut.
func TestUnfinishedLine(t *testing.T) {
	dir := t.TempDir()
	l := openLedger(t, dir)
	for n := range 2 {
		if err := l.Append(within(t), erasure(n, newKey())); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, LedgerName)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	first := bytes.IndexByte(whole, '\n') + 1
	for size := 0; size < len(whole); size += 1 + size%5 {
		finished := 0
		if size >= first {
			finished = 1
		}
		if err := os.WriteFile(path, whole[:size], 0o600); err != nil {
			t.Fatal(err)
		}
		l, err := OpenLedger(dir)
		if err != nil {
			t.Fatalf("cut to %d bytes: %v", size, err)
		}
		if err := l.Append(context.Background(), erasure(9)); err != nil {
			t.Fatal(err)
		}
		if all := lines(t, l); len(all) != finished+1 || all[finished].Position != "3-9" {
			t.Errorf("cut to %d bytes: %v", size, all)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// A backup that is older than an erasure does not bring the person back.
func TestLedgerIsAppliedToOldKeys(t *testing.T) {
	dir := t.TempDir()
	k, l := open(t, dir), openLedger(t, dir)
	keys := take(t, k, 1300)
	backup := copiesOf(t, k)
	hash := k.RequestHash([]byte("body"))
	later, erasedBefore := take(t, k, 1)[0], keys[:1100]
	for n, key := range append(slices.Clone(erasedBefore), later) {
		if n%100 > 0 && key.id != later.id {
			continue // flushing each takes long
		}
		end := min(n+100, len(erasedBefore))
		e := erasure(n, erasedBefore[n:max(n, end)]...)
		if key.id == later.id {
			e.Keys = []KeyID{later.id}
		}
		if err := l.Append(within(t), e); err != nil {
			t.Fatal(err)
		}
	}
	ledger, err := ReadLedger(filepath.Join(dir, LedgerName))
	if err != nil {
		t.Fatal(err)
	}
	for _, importFirst := range []bool{true, false} {
		restored := t.TempDir()
		r := open(t, restored)
		if importFirst {
			backup.put(t, r)
		}
		if err := r.Apply(within(t), ledger); err != nil {
			t.Fatal(err)
		}
		if !importFirst {
			backup.put(t, r)
		}
		gone(t, restored, append(slices.Clone(erasedBefore), later)...)
		for n, key := range append(slices.Clone(keys), later) {
			found, err := r.Find(within(t), key.id)
			if erased := n < 1100 || key.id == later.id; erased && !errors.Is(err, ErrErased) || !erased && (err != nil || found.secret != key.secret) {
				t.Fatalf("key %d: %v, %v", n, found, err)
			}
		}
		if r.RequestHash([]byte("body")) != hash {
			t.Error("the secret for requests was not restored")
		}
		closed(t, r)
		if r = open(t, restored); r.RequestHash([]byte("body")) != hash {
			t.Error("the secret for requests was not kept")
		}
	}
}

// An erasure is listed once, however often it is tried: by this process, by the next one, and by other
// nodes.
func testListedOnce(t *testing.T, reopen func() *Ledger) {
	one, other := erasure(1, newKey()), erasure(2, newKey(), newKey())
	for range 2 {
		l := reopen()
		for range 2 {
			for _, e := range []Erasure{one, other} {
				if err := l.Append(within(t), e); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	more := other
	more.Keys = append(slices.Clone(other.Keys), newKey().id)
	l := reopen()
	if err := l.Append(within(t), more); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Erasure{one, other, more}, lines(t, l)); diff != "" {
		t.Error(diff)
	}
}

func TestErasuresAreListedOnce(t *testing.T) {
	dir := t.TempDir()
	testListedOnce(t, func() *Ledger { return openLedger(t, dir) })
}

// An erasure is noted although the ledger before it is damaged.
func TestDamagedLedgerTakesErasures(t *testing.T) {
	dir := t.TempDir()
	l := openLedger(t, dir)
	for n := range 3 {
		if err := l.Append(within(t), erasure(n, newKey())); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(dir, LedgerName)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text[bytes.Index(text, []byte("3-1"))+2] = '7'
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	key := newKey()
	if err := openLedger(t, dir).Append(within(t), erasure(3, key)); err != nil {
		t.Fatal(err)
	}
	if text, err = os.ReadFile(path); err != nil || bytes.Count(text, []byte("\n")) != 4 || !bytes.Contains(text, []byte(key.id.String())) {
		t.Errorf("%s: %v", text, err)
	}
}

// A line that could be written but not flushed may be longer than the one that comes in its place.
func TestLineInPlaceOfALongerOne(t *testing.T) {
	dir := t.TempDir()
	l := openLedger(t, dir)
	if err := l.Append(within(t), erasure(1, newKey())); err != nil {
		t.Fatal(err)
	}
	file := l.shelf.(*ledgerFile)
	long, _, err := file.end.append(nil, erasure(2, newKey(), newKey(), newKey()))
	if err == nil {
		_, err = file.f.WriteAt(append(long, '\n'), file.size) // and then Sync fails
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Append(within(t), erasure(3, newKey())); err != nil {
		t.Fatal(err)
	}
	if all := lines(t, openLedger(t, dir)); len(all) != 2 || all[1].Position != "3-3" {
		t.Error(all)
	}
}
