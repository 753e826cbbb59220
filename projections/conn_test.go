package projections

import (
	"context"
	"testing"
)

// An actor's id is read as it was written, whatever it is, and takes 16 bytes if it is a
// UUID in the usual form.
func TestActors(t *testing.T) {
	t.Parallel()
	m := empty(t, 1)
	for id, size := range map[string]int{
		"0199c0de-0000-7000-8000-00000000abcd": 16,
		"0199C0DE-0000-7000-8000-00000000ABCD": 36,
		"0199c0de00007000800000000000abcd":     32,
		"root":                                 4,
		"a program, 16 by":                     16,
		"":                                     0,
	} {
		got, stored := actorColumn{text: "another"}, 0
		if err := m.read(func(c conn) error {
			return c.RowContext(context.Background(), []any{&got, &stored}, `SELECT a, octet_length(a) FROM (SELECT +? AS a)`, actorValue(id))
		}); err != nil {
			t.Fatal(err)
		}
		if got.text != id || stored != size {
			t.Errorf("%q is read as %q, of %d bytes", id, got.text, stored)
		}
	}
}
