package projections

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections/sqlite"
)

// The WAL is moved while others write and read, and is begun from its start again. What is
// read meanwhile is right, and so is what is left behind.
func TestMover(t *testing.T) {
	t.Parallel()
	h := largeHistory(1, 1, 10)
	m := h.models(t)
	m.mover.most = 400
	add := func(n int) {
		t.Helper()
		h.do(t, introduceMember(orgID(1), wsID(1<<8), 5_000_000+n, domain.RoleViewer))
		h.follow(t, m)
		if _, err := m.Member(wsID(1<<8), userID(5_000_000+n), later); err != nil {
			t.Fatal(err)
		}
	}
	begun, longest, last := 0, int64(0), int64(0)
	for n := range 1500 {
		add(n)
		frames, err := m.mover.wal.Frames()
		if err != nil {
			t.Fatal(err)
		}
		if frames < last {
			begun++
		}
		longest, last = max(longest, frames), frames
	}
	if begun < 2 || longest > 2*m.mover.most {
		t.Errorf("the WAL was begun %d times again, and had %d frames", begun, longest)
	}
	// While somebody reads from the WAL it grows, and afterwards it is begun again.
	err := m.listTogether(t.Context(), func(c conn) error {
		var n int
		if err := c.RowContext(context.Background(), []any{sqlite.Number(&n)}, `SELECT count(*) FROM people`); err != nil {
			return err
		}
		for i := range 200 {
			add(2000 + i)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for n, deadline := 0, time.Now().Add(10*time.Second); ; n++ {
		add(3000 + n)
		if frames, err := m.mover.wal.Frames(); err != nil || frames < m.mover.most/2 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the WAL is not begun again")
		}
	}
	o := Options{Dir: t.TempDir(), Partitions: 4}
	for _, end := range []string{"", "-wal", "-shm"} { // as after a kill
		copyTo(t, fileOf(t, m)+end, filepath.Join(o.Dir, File+end))
	}
	requireWhole(t, o, h)
	again, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(o.file() + "-wal"); !os.IsNotExist(err) {
		t.Errorf("a clean stop leaves a WAL: %v", err)
	}
}
