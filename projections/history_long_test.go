package projections

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
)

// longOrganizations is how many organizations a history of so many events has.
func longOrganizations(events int) int { return min(max(2, events/500), 250) }

// longHistory returns a history of about so many events in one partition: organizations whose
// members come, go and change.
func longHistory(t *testing.T, events int, random *rand.Rand) *history {
	t.Helper()
	h := newHistory(1)
	organizations := longOrganizations(events)
	for n := range organizations {
		h.do(t, createOrganization(orgID(n+1), n), createRole(orgID(n+1), "auditor", 15, "workspace.view"))
	}
	for n := range organizations {
		h.do(t, createWorkspace(orgID(n+1), wsID(n+1), n))
	}
	roles := []domain.RoleKey{domain.RoleAdmin, domain.RoleEditor, domain.RoleViewer, "auditor"}
	for h.tips[0].Number < uint64(events) { //nolint:gosec // a size
		var commands []domain.Command
		o := random.IntN(organizations)
		org, ws := orgID(o+1), wsID(o+1)
		for range 1 + random.IntN(20) {
			user := 1000 + random.IntN(100)
			role := roles[random.IntN(len(roles))]
			switch random.IntN(10) {
			case 0, 1, 2:
				commands = append(commands, introduceMember(org, ws, user, role))
			case 3:
				commands = append(commands, removeMember(org, ws, user))
			case 4, 5:
				commands = append(commands, changeRole(org, ws, user, role))
			case 6:
				commands = append(commands, domain.SuspendMember{Meta: root(org), Workspace: ws, User: userID(user)})
			case 7:
				commands = append(commands, domain.ReinstateMember{Meta: root(org), Workspace: ws, User: userID(user)})
			case 8:
				commands = append(commands, putOrganizationMember(org, user, []domain.OrganizationRole{domain.OrganizationAdmin, domain.OrganizationPlain}[random.IntN(2)]))
			case 9:
				commands = append(commands, domain.SetProfile{Meta: root(org), User: userID(user), Profile: profile(user + random.IntN(3)*1000).Patch()})
			}
		}
		_ = h.try(commands...) // what is refused leaves no trace
	}
	return h
}

// organizationRows returns the rows of one organization in the tables that have versions.
func organizationRows(t *testing.T, c conn, org domain.OrganizationID) map[string][]string {
	t.Helper()
	rows := make(map[string][]string)
	key, err := c.organizationKey(org)
	if err != nil {
		return rows // it was not there yet
	}
	for i := range versionedTables {
		v := &versionedTables[i]
		where := map[string]string{"organizations": "key = ?", "memberships": "workspace IN (SELECT key FROM workspaces WHERE organization = ?)"}[v.table]
		if where == "" {
			where = "organization = ?"
		}
		if found := v.rowsWhere(t, c, where, key); found != nil {
			rows[v.table] = found
		}
	}
	return rows
}

// At random positions of a long history, what one organization was is the fold of the events up
// to there. PAST_EVENTS and PAST_POSITIONS make it longer.
func TestPastOfALongHistory(t *testing.T) {
	t.Parallel()
	size := func(name string, n int) int {
		if text := os.Getenv(name); text != "" {
			var err error
			if n, err = strconv.Atoi(text); err != nil {
				t.Fatal(err)
			}
		}
		return n
	}
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // repeatable
	events := size("PAST_EVENTS", 4000)
	h := longHistory(t, events, random)
	dir := t.TempDir()
	past := openHistory(Options{Dir: dir, Partitions: 1})
	defer past.close() //nolint:errcheck // a temporary directory
	if err := past.catchUp(context.Background(), h.replay(nil)); err != nil {
		t.Fatal(err)
	}
	numbers := make([]uint64, size("PAST_POSITIONS", 40))
	for i := range numbers {
		numbers[i] = 1 + random.Uint64N(h.tips[0].Number)
	}
	slices.Sort(numbers)
	expected, err := newBuilder(filepath.Join(dir, "expected.db"), 1)
	if err != nil {
		t.Fatal(err)
	}
	defer expected.discard() //nolint:errcheck // a temporary directory
	// The builder takes whole messages, so each position gets a copy of the message that it is in,
	// and the rest of it as another one.
	messages, sequence := slices.Clone(h.messages), uint64(0)
	for _, number := range numbers {
		for len(messages) > 0 && messages[0].First() <= number {
			m := messages[0]
			if n := number - m.First() + 1; n < uint64(len(m.Entries)) {
				messages[0].Entries, m.Entries = m.Entries[n:], m.Entries[:n]
			} else {
				messages = messages[1:]
			}
			sequence++
			m.Sequence = sequence
			if err := expected.apply([]wire.Message{m}); err != nil {
				t.Fatal(err)
			}
		}
		org := orgID(random.IntN(longOrganizations(events)) + 1)
		q, _, err := past.asOf(context.Background(), wire.Position{Number: number})
		if err != nil {
			t.Fatal(err)
		}
		var got map[string][]string
		if err := q.list(context.Background(), func(c conn) error {
			got = organizationRows(t, c, org)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(organizationRows(t, expected.conn, org), got); diff != "" {
			t.Fatalf("%s as of 0-%d (-folded +read):\n%s", org, number, diff)
		}
	}
}
