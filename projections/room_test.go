package projections

import (
	"context"
	"errors"
	"os"
	"testing"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/projections/sqlite"
)

func TestWALIsBoundedByFreeSpace(t *testing.T) {
	t.Parallel()
	for free, want := range map[uint64]int64{0: 2_024, 60 << 20: 2_024, 128 << 20: 4_048, 1 << 30: 32_388, 2 << 30: 40_485, 1 << 50: 40_485} {
		if got := walPages(free); got != want {
			t.Errorf("%d bytes are free: %d pages, want %d", free, got, want)
		}
	}
	m := largeHistory(1, 1, 10).models(t)
	var auto, limit int64
	c := m.writer.Conns[0]
	if err := errors.Join(c.Row([]any{sqlite.Number(&auto)}, `PRAGMA wal_autocheckpoint`), c.Row([]any{sqlite.Number(&limit)}, `PRAGMA journal_size_limit`)); err != nil {
		t.Fatal(err)
	}
	if pages := m.mover.most; pages < leastWAL/framed || pages > mostWAL/framed || limit != pages*framed || auto != 0 {
		t.Errorf("%d pages at most, %d bytes remain, and SQLite moves them after %d", pages, limit, auto)
	}
}

// Shrinking makes the WAL empty, except while somebody reads from it, and everything is there
// afterwards.
func TestShrink(t *testing.T) {
	t.Parallel()
	h := largeHistory(2, 1, 100)
	m := h.models(t)
	m.mover.ahead = 0
	size := func() int64 {
		t.Helper()
		info, err := os.Stat(fileOf(t, m) + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		return info.Size()
	}
	grow := func(n int) {
		t.Helper()
		h.do(t, introduceMember(orgID(1), wsID(1<<8), 5_000_000+n, domain.RoleViewer))
		h.follow(t, m)
	}
	grow(0)
	err := m.listTogether(t.Context(), func(c conn) error {
		var n int
		if err := c.RowContext(context.Background(), []any{sqlite.Number(&n)}, `SELECT count(*) FROM workspaces`); err != nil {
			return err
		}
		grow(1)
		if err := m.Shrink(); !errors.Is(err, events.ErrTryAgain) && err == nil {
			t.Error("nothing is said of a reader")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if size() == 0 {
		t.Fatal("the WAL is empty before")
	}
	if err := m.Shrink(); err != nil || size() != 0 {
		t.Errorf("%v: %d bytes are left", err, size())
	}
	grow(2)
	m.projector.lost = true // as after a failure
	if _, err := m.projector.Exec("BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	if err := m.Shrink(); err != nil || size() != 0 {
		t.Errorf("after a failure: %v: %d bytes are left", err, size())
	}
	grow(3)
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if err := m.Shrink(); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}
