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
	f, err := os.OpenFile(o.file(), os.O_RDWR, 0)
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
	select {
	case <-m.Damaged():
	case <-time.After(20 * time.Second):
		t.Fatal("it is never found")
	}
	if err := m.Damage(); !errors.Is(err, ErrDamaged) {
		t.Error(err)
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
