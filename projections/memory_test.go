package projections

import (
	"errors"
	"testing"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections/sqlite"
)

// Memory is given back by every connection, and everything is there afterwards, even what is
// not committed.
func TestFreeMemory(t *testing.T) {
	t.Parallel()
	h := largeHistory(2, 1, 10_000)
	m := h.models(t)
	everywhere := func(f func(*sqlite.Conn) error) {
		t.Helper()
		err := m.write(func(p *projector) error { return f(p.Conn) })
		if err := errors.Join(err, m.points.Each(f), m.lists.Each(f)); err != nil {
			t.Fatal(err)
		}
	}
	count := func(c *sqlite.Conn) (n int64, err error) {
		if found, err := c.QuickCheck(t.Context()); err != nil || len(found) > 0 { // it reads all pages
			t.Errorf("%q, %v", found, err)
		}
		return n, c.Row([]any{sqlite.Number(&n)}, `SELECT count(*) FROM memberships`)
	}
	before := int64(0)
	everywhere(func(c *sqlite.Conn) (err error) {
		before, err = count(c)
		return err
	})
	h.do(t, introduceMember(orgID(1), wsID(1<<8), 5_000_000, domain.RoleViewer))
	if err := h.replay(nil)(m.Checkpoints(), func(messages []wire.Message) error {
		for _, message := range messages {
			if err := m.Apply(message); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	everywhere(func(c *sqlite.Conn) error {
		if n := c.Cached(); n < 1<<21 {
			t.Errorf("a connection holds only %d bytes", n)
		}
		return nil
	})
	freed, err := m.FreeMemory()
	if least := (1 + 2*readers()) << 19; err != nil || freed < least {
		t.Errorf("%d bytes were freed, want %d at least: %v", freed, least, err)
	}
	everywhere(func(c *sqlite.Conn) error {
		if n := c.Cached(); n > 3<<19 {
			t.Errorf("a connection still holds %d bytes", n)
		}
		return nil
	})
	if err := m.Commit(); err != nil {
		t.Fatal(err)
	}
	everywhere(func(c *sqlite.Conn) error {
		n, err := count(c)
		if n != before+1 {
			t.Errorf("there are %d memberships, want %d", n, before+1)
		}
		return err
	})
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := m.FreeMemory(); !errors.Is(err, ErrClosed) {
		t.Errorf("read models that are closed: %v", err)
	}
}
