package projections

import (
	"errors"
	"os"
	"testing"
	"time"
)

// Pages of a small file that change places while it is open are found without a statement
// that touches them.
func TestChecksGoOn(t *testing.T) {
	t.Parallel()
	given := closedTables(t)
	o := Options{Dir: given.dir, Partitions: 4, CheckPause: 20 * time.Millisecond}
	m, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close() //nolint:errcheck // it may report the damage
	select {
	case <-m.Damaged():
		t.Fatalf("a whole file: %v", m.Damage())
	case <-time.After(200 * time.Millisecond): // several passes
	}
	swapPages(t, o.file())
	select {
	case <-m.Damaged():
	case <-time.After(20 * time.Second):
		t.Fatal("it is never found")
	}
	if err := m.Damage(); !errors.Is(err, ErrDamaged) {
		t.Error(err)
	}
}

// The same goes for the history, which is rebuilt then.
func TestChecksOfTheHistoryGoOn(t *testing.T) {
	t.Parallel()
	h := largeHistory(1, 2, 100)
	o := Options{Dir: t.TempDir(), Partitions: 4, CheckPause: 20 * time.Millisecond}
	past := openHistory(o)
	defer past.close() //nolint:errcheck // a temporary directory
	if err := past.catchUp(t.Context(), h.replay(nil)); err != nil {
		t.Fatal(err)
	}
	if err := past.file.projector.shrink(shrinkTimeout); err != nil { // its pages are in the file then
		t.Fatal(err)
	}
	time.Sleep(200 * time.Millisecond) // several passes
	if err := past.file.intact(); err != nil {
		t.Fatalf("a whole file: %v", err)
	}
	swapPages(t, past.name())
	select {
	case <-past.wanted:
	case <-time.After(20 * time.Second):
		t.Fatal("it is never found")
	}
	if err := past.catchUp(t.Context(), h.replay(nil)); !errors.Is(err, ErrDamaged) {
		t.Errorf("applying to a damaged history: %v", err)
	}
	if err := past.catchUp(t.Context(), h.replay(nil)); err != nil {
		t.Errorf("rebuilding it: %v", err)
	}
	h.requireHistory(t, past)
}

// swapPages makes two pages of a file change places.
func swapPages(t *testing.T, file string) {
	t.Helper()
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	one, other := make([]byte, pageSize), make([]byte, pageSize)
	const a, b = 5 * pageSize, 9 * pageSize
	_, err1 := f.ReadAt(one, a)
	_, err2 := f.ReadAt(other, b)
	_, err3 := f.WriteAt(one, b)
	_, err4 := f.WriteAt(other, a)
	if err := errors.Join(err1, err2, err3, err4, f.Close()); err != nil {
		t.Fatal(err)
	}
}

func TestCheckPause(t *testing.T) {
	t.Parallel()
	for took, want := range map[time.Duration]time.Duration{0: time.Minute, 49 * time.Millisecond: time.Minute, time.Second: 10 * time.Minute} {
		if got := (Options{}).checkPause(took); got != want {
			t.Errorf("after %s: %s", took, got)
		}
	}
}
