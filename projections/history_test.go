package projections

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
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
		rows[v.table] = v.rowsWhere(t, c, fmt.Sprintf(`key < %d OR key & %d = %d`, MaxPartitions, MaxPartitions-1, partition))
	}
	return rows
}

// rowsWhere returns the rows of the table for which the condition is true, as texts.
func (v *versioned) rowsWhere(t fatal, c conn, condition string, args ...any) (rows []string) {
	t.Helper()
	columns, err := c.columns(v.table)
	if err != nil {
		t.Fatal(err)
	}
	names := make([]string, len(columns))
	values, dest := make([]any, len(columns)), make([]any, len(columns))
	for i := range columns {
		names[i], dest[i] = columns[i].name, &values[i]
	}
	err = c.Each(context.Background(), dest, func() { rows = append(rows, fmt.Sprint(values...)) },
		fmt.Sprintf(`SELECT %s FROM %s WHERE %s ORDER BY %s`, strings.Join(names, ", "), v.table, condition, strings.Join(v.key, ", ")), args...)
	if err != nil {
		t.Fatal(err)
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

// erase empties the profiles of all whose erasure was asked for after the position: the past has
// them no more than the present.
func (h *history) erase(t fatal, c conn, p wire.Position) {
	t.Helper()
	for _, m := range h.messages {
		for i := range m.Entries {
			e, ok := m.Entries[i].Event.(domain.UserErasureRequested)
			if !ok || m.Partition != p.Partition || m.Entries[i].Number <= p.Number {
				continue
			}
			if _, err := c.Exec(`
				UPDATE people SET email = NULL, first_name = NULL, last_name = NULL, avatar_url = NULL, folded_email = '', folded_name = '', folded_last = '',
					profile_created = NULL, profile_updated = NULL, profile_version = NULL
				WHERE user = ? AND organization = (SELECT key FROM organizations WHERE id = ?)`, e.User[:], e.Organization[:]); err != nil {
				t.Fatal(err)
			}
		}
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
		for range 2 {
			partition := rapid.IntRange(0, partitions-1).Draw(t, "partition")
			p := wire.Position{Partition: partition, Number: rapid.Uint64Range(1, h.tips[partition].Number).Draw(t, "number")}
			q, _, err := past.asOf(context.Background(), p)
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
			h.erase(t, expected.conn, p)
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
	requirePlan(t, c, append(allTexts(), manyChanges, everChanged, fewChanged, lastEnd)...)
}

// As of the last event, queries of the past return what those of now return. As of the
// event before the organization was created, there is nothing.
func TestPastOfNow(t *testing.T) {
	t.Parallel()
	h, m := crowd(t)
	ctx, org, ws := context.Background(), orgID(1), wsID(1)
	p := wire.Position{Partition: h.partition(org), Number: h.tips[h.partition(org)].Number}
	go func() { _ = m.history.catchUp(ctx, h.replay(nil)) }()
	past, err := m.AsOf(ctx, p)
	if err != nil {
		t.Fatal(err)
	}
	before, err := m.AsOf(ctx, wire.Position{Partition: p.Partition})
	if err != nil {
		t.Fatal(err)
	}
	found, err := m.FindWorkspace(ws)
	if err != nil {
		t.Fatal(err)
	}
	queries := map[string]func(q *Queries) (any, error){
		"organization":        func(q *Queries) (any, error) { return q.Organization(org) },
		"organizations":       func(q *Queries) (any, error) { return q.Organizations(ctx, Page{Size: 1}) },
		"organization member": func(q *Queries) (any, error) { return q.OrganizationMember(org, userID(2)) },
		"organization members": func(q *Queries) (any, error) {
			return q.OrganizationMembers(ctx, org, OrganizationMemberFilter{Order: OrderEmail}, Page{})
		},
		"barred":        func(q *Queries) (any, error) { return q.Barred(org, userID(16), later) },
		"user":          func(q *Queries) (any, error) { return q.User(org, userID(3)) },
		"users":         func(q *Queries) (any, error) { return q.Users(ctx, org, UserFilter{Query: "user"}, Page{}) },
		"workspace":     func(q *Queries) (any, error) { return q.Workspace(ws) },
		"workspaces":    func(q *Queries) (any, error) { return q.Workspaces(ctx, org, Page{}) },
		"member":        func(q *Queries) (any, error) { return q.Member(ws, userID(3), later) },
		"membership":    func(q *Queries) (any, error) { return q.Membership(membershipID(ws, userID(3)), later) },
		"members":       func(q *Queries) (any, error) { return q.Members(ctx, found, MemberFilter{}, later, Page{Count: true}) },
		"check":         func(q *Queries) (any, error) { return q.Check(ws, userID(4), later) },
		"access of":     func(q *Queries) (any, error) { return q.AccessOf(ws, userID(4), later) },
		"access":        func(q *Queries) (any, error) { return q.AccessList(ctx, found, AccessFilter{}, later, Page{}) },
		"workspaces of": func(q *Queries) (any, error) { return q.WorkspacesOf(ctx, org, userID(4), later, Page{}) },
		"role":          func(q *Queries) (any, error) { return q.Role(org, "auditor") },
		"roles":         func(q *Queries) (any, error) { return q.Roles(ctx, org, RoleFilter{}, Page{}) },
		"permissions":   func(q *Queries) (any, error) { return q.Permissions(ctx, org, Page{}) },
	}
	for name, ask := range queries {
		expected, err := ask(m.Queries)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := ask(past)
		if err != nil {
			t.Fatalf("%s as of %s: %v", name, p, err)
		}
		if diff := gocmp.Diff(expected, got, gocmp.AllowUnexported(FoundWorkspace{})); diff != "" {
			t.Errorf("%s (-now +past):\n%s", name, diff)
		}
	}
	if _, err := before.FindWorkspace(ws); !errors.Is(err, ErrNotFound) {
		t.Errorf("the workspace before it was created: %v", err)
	}
	if _, err := before.Organization(org); !errors.Is(err, ErrNotFound) {
		t.Errorf("the organization before it was created: %v", err)
	}
	requirePlans(t, past.points)
	requirePlans(t, past.lists)
}

// What differs from a fresh replay is found in the history as well, and looking changes nothing.
func TestVerifyHistory(t *testing.T) {
	t.Parallel()
	h, m := crowd(t)
	ctx, o := context.Background(), m.history.options
	if err := m.history.catchUp(ctx, h.replay(nil)); err != nil {
		t.Fatal(err)
	}
	compare := func() (different []string) {
		t.Helper()
		comparisons, err := verifyHistory(ctx, o, t.TempDir(), h.replay(nil))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range comparisons {
			if !c.Equal() {
				different = append(different, c.Table)
			}
		}
		return different
	}
	if different := compare(); len(different) > 0 {
		t.Errorf("different: %q", different)
	}
	if _, err := m.history.file.projector.Exec(`UPDATE people_versions SET until = until + 1 WHERE until < 100`); err != nil {
		t.Fatal(err)
	}
	if different := compare(); !slices.Equal(different, []string{"people_versions"}) {
		t.Errorf("different: %q", different)
	}
}

// A history that is damaged is rebuilt.
func TestDamagedHistory(t *testing.T) {
	t.Parallel()
	h, m := crowd(t)
	ctx, p := context.Background(), wire.Position{Partition: h.partition(orgID(1)), Number: 5}
	if err := m.history.catchUp(ctx, h.replay(nil)); err != nil {
		t.Fatal(err)
	}
	q, err := m.AsOf(ctx, p)
	if err != nil {
		t.Fatal(err)
	}
	m.history.file.found(ErrDamaged)
	if _, err := q.Organization(orgID(1)); !errors.Is(err, ErrDamaged) {
		t.Errorf("reading a damaged history: %v", err)
	}
	if err := m.history.catchUp(ctx, h.replay(nil)); !errors.Is(err, ErrDamaged) {
		t.Errorf("applying to a damaged history: %v", err)
	}
	go func() { _ = m.history.catchUp(ctx, h.replay(nil)) }()
	if q, err = m.AsOf(ctx, p); err != nil {
		t.Fatal(err)
	}
	if _, err := q.Organization(orgID(1)); err != nil {
		t.Errorf("after it was rebuilt: %v", err)
	}
}
