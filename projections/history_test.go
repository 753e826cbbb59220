package projections

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
)

// tableRows returns all rows of the tables that have versions, for the organizations of the
// partition and without what can have no version: the rest of other partitions.
func tableRows(t fatal, c conn, partition int) map[string][]string {
	t.Helper()
	rows := make(map[string][]string)
	for i := range versionedTables {
		v := &versionedTables[i]
		columns, err := c.columns(v.table)
		if err != nil {
			t.Fatal(err)
		}
		names := make([]string, len(columns))
		values, dest := make([]any, len(columns)), make([]any, len(columns))
		for i := range columns {
			names[i], dest[i] = columns[i].name, &values[i]
		}
		err = c.Each(context.Background(), dest, func() {
			rows[v.table] = append(rows[v.table], fmt.Sprint(values...))
		}, fmt.Sprintf(`SELECT %s FROM %s WHERE key < %d OR key & %d = %d ORDER BY %s`,
			strings.Join(names, ", "), v.table, MaxPartitions, MaxPartitions-1, partition, strings.Join(v.key, ", ")))
		if err != nil {
			t.Fatal(err)
		}
	}
	return rows
}

type fatal interface {
	Helper()
	Fatal(...any)
}

// upTo is the history up to the position, as far as its partition is concerned.
func (h *history) upTo(p wire.Position) replay {
	return func(after []wire.Checkpoint, apply func([]wire.Message) error) error {
		return h.replay(nil)(after, func(messages []wire.Message) error {
			for _, m := range messages {
				if m.Partition != p.Partition || m.First() > p.Number {
					continue
				}
				if n := p.Number - m.First() + 1; n < uint64(len(m.Entries)) {
					m.Entries = m.Entries[:n]
				}
				if err := apply([]wire.Message{m}); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

// After random commands, the tables as of every position are those that the log up to it
// makes.
func TestPastIsTheFoldUpToIt(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "muster")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir) //nolint:errcheck // a temporary directory
		const partitions = 2
		h := newHistory(partitions)
		past := openHistory(Options{Dir: dir, Partitions: partitions})
		defer past.close() //nolint:errcheck // a temporary directory
		for n := range 2 {
			for _, c := range []domain.Command{createOrganization(orgID(n), 1), createWorkspace(orgID(n), wsID(n), 1)} {
				if err := h.try(c); err != nil {
					t.Fatal(err)
				}
			}
		}
		for range rapid.IntRange(1, 4).Draw(t, "rounds") {
			for range rapid.IntRange(1, 10).Draw(t, "messages") {
				org := orgID(rapid.IntRange(0, 1).Draw(t, "organization"))
				var commands []domain.Command
				for range rapid.IntRange(1, 5).Draw(t, "commands") {
					commands = append(commands, drawCommand(t, h, org))
				}
				_ = h.try(commands...) // what is refused leaves no trace
			}
			if err := past.catchUp(context.Background(), h.replay(nil)); err != nil {
				t.Fatal(err)
			}
		}
		for range 5 {
			partition := rapid.IntRange(0, partitions-1).Draw(t, "partition")
			p := wire.Position{Partition: partition, Number: rapid.Uint64Range(1, h.tips[partition].Number).Draw(t, "number")}
			q, err := past.asOf(context.Background(), p)
			if err != nil {
				t.Fatal(err)
			}
			expected, err := newBuilder(filepath.Join(dir, "expected.db"), partitions)
			if err != nil {
				t.Fatal(err)
			}
			if err := h.upTo(p)(expected.checkpoints, expected.apply); err != nil {
				t.Fatal(err)
			}
			var read map[string][]string
			if err := q.list(context.Background(), func(c conn) error {
				read = tableRows(t, c, partition)
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			if diff := gocmp.Diff(tableRows(t, expected.conn, partition), read); diff != "" {
				t.Errorf("as of %s (-folded +read):\n%s", p, diff)
			}
			if err := expected.discard(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// The queries of the past go by keys and indexes too.
func TestPastPlans(t *testing.T) {
	t.Parallel()
	_, m := crowd(t)
	pool := m.history.file.queries.points
	c, err := pool.Take(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Give(c)
	requirePlan(t, c, allTexts()...)
}
