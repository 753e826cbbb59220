package projections

import (
	"context"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections/sqlite"
)

// Every statement, whether it reads or writes, goes by keys and indexes.
func TestPlans(t *testing.T) {
	t.Parallel()
	h, m := crowd(t)
	org, ws, user := orgID(1), wsID(1), userID(4)
	var many []domain.Key // memberships of one user
	for n := range manyMemberships {
		h.do(t, createWorkspace(org, wsID(1000+n), 1))
		many = append(many, domain.MembershipKey(wsID(1000+n), user))
	}
	h.follow(t, m)
	for _, f := range []func() error{
		func() error { _, err := m.Organization(org); return err },
		func() error { _, err := m.Organizations(context.Background(), Page{}); return err },
		func() error { _, err := m.OrganizationMember(org, user); return err },
		func() error {
			_, err := m.OrganizationMembers(context.Background(), org, OrganizationMemberFilter{}, Page{})
			return err
		},
		func() error { _, err := m.Barred(org, user, later); return err },
		func() error { _, err := m.User(org, user); return err },
		func() error { _, err := m.Users(context.Background(), org, UserFilter{}, Page{}); return err },
		func() error { _, err := m.Workspace(ws); return err },
		func() error { _, err := m.Workspaces(context.Background(), org, Page{}); return err },
		func() error { _, err := m.Member(ws, user, later); return err },
		func() error { _, err := m.Membership(membershipID(ws, user), later); return err },
		func() error { _, err := listMembers(m, ws, MemberFilter{}, later, Page{}); return err },
		func() error { _, err := sizeOfMembers(m, ws, MemberFilter{}, later); return err },
		func() error { _, err := membersBehind(m, ws, membershipID(ws, user)); return err },
		func() error { _, err := m.InvitationBySecret(secret(11), later); return err },
		func() error { _, err := sizeOfAccess(m, ws, AccessFilter{}, later); return err },
		func() error { _, err := m.Role(org, "auditor"); return err },
		func() error { _, err := m.RoleByID(org, h.state.CustomRole(org, "auditor").ID); return err },
		func() error { _, err := m.Roles(context.Background(), org, RoleFilter{}, Page{}); return err },
		func() error { _, err := m.Permissions(context.Background(), org, Page{}); return err },
		func() error { _, err := m.Ended(context.Background(), 0, later, 10); return err },
		func() error { _, err := m.Offboardings(context.Background(), 0, 10); return err },
		func() error { _, err := m.Erasures(context.Background(), 0, Erasure{}, 10); return err },
		func() error { _, err := m.Check(ws, user, later); return err },
		func() error { _, err := m.AccessOf(ws, user, later); return err },
		func() error { _, err := listAccess(m, ws, AccessFilter{}, later, Page{}); return err },
		func() error { _, err := m.WorkspacesOf(context.Background(), org, user, later, Page{}); return err },
		func() error {
			_, err := m.WorkspacesOf(context.Background(), org, userID(3), later, Page{})
			return err
		},
		func() error { _, err := m.Token(org, domain.TokenID{1}); return err },
		func() error { _, err := m.TokenBySecret(domain.Hash{1}); return err },
		func() error { _, err := m.Authorizer(org, domain.TokenID{2}, later); return err },
		func() error { _, err := m.Tokens(context.Background(), org, Page{}); return err },
		func() error { _, err := m.Subscription(org, webhook(1).ID); return err },
		func() error { _, err := m.AnySubscription(webhook(3).ID); return err },
		func() error { _, err := m.Subscriptions(context.Background(), org, Page{}); return err },
		func() error { _, err := m.Review(org, review(2).ID); return err },
		func() error { _, err := m.Reviews(context.Background(), org, ReviewFilter{}, Page{}); return err },
		func() error {
			_, err := m.CountAccess(context.Background(), org, domain.WorkspaceID{}, later)
			return err
		},
		func() error {
			_, err := m.AccessAfter(context.Background(), org, domain.WorkspaceID{}, later, AccessPlace{}, 9)
			return err
		},
		func() error {
			_, err := m.ReviewRows(context.Background(), m.Queries, h.state.Review(org, review(9).ID), ReviewRowFilter{}, later, Page{})
			return err
		},
		func() error {
			_, err := m.ReviewRows(context.Background(), m.Queries, h.state.Review(org, review(9).ID), ReviewRowFilter{Decision: domain.ReviewKept}, later, Page{})
			return err
		},
	} {
		if err := f(); err != nil {
			t.Fatal(err)
		}
	}
	for _, order := range orders {
		for _, role := range []domain.RoleKey{"", domain.RoleEditor, "auditor"} {
			if _, err := listMembers(m, ws, MemberFilter{Order: order, Role: role}, later, Page{}); err != nil {
				t.Fatal(err)
			}
		}
		_, err1 := m.Users(context.Background(), org, UserFilter{Order: order}, Page{})
		_, err2 := m.OrganizationMembers(context.Background(), org, OrganizationMemberFilter{Order: order}, Page{})
		if unknown := order == OrderRole || order == OrderRoleDown; errors.Is(err1, ErrUnknownOrder) != unknown || errors.Is(err2, ErrUnknownOrder) != unknown {
			t.Fatal(order, err1, err2)
		}
	}
	var keys []domain.Key
	h.state.Each(func(k domain.Key, _ domain.Part) { keys = append(keys, k) })
	if err := m.Load(append(keys, domain.DoneKey(org, domain.CommandID{})), new(domain.State)); err != nil {
		t.Fatal(err)
	}
	for _, many := range [][]domain.Key{manyParts(), many} {
		if err := m.Load(many, new(domain.State)); err != nil {
			t.Fatal(err)
		}
	}
	requirePlans(t, m.points)
	requirePlans(t, m.lists, allTexts()...)
	// The writer, with every event there is.
	if err := h.replay(nil)(newHistory(4).tips, empty(t, 4).applyAll); err != nil {
		t.Fatal(err)
	}
	h.do(t,
		domain.RenameOrganization{Meta: keyed(orgID(1)), Name: "New"}, putOrganizationMember(org, 2, domain.OrganizationPlain),
		removeOrganizationMember(org, 2), domain.RenameWorkspace{Meta: root(org), Workspace: ws, Name: "New"},
		domain.RestoreWorkspace{Meta: root(org), Workspace: wsID(3)}, domain.ArchiveWorkspace{Meta: root(org), Workspace: wsID(2)},
		changeRole(org, ws, 3, domain.RoleClient), removeMember(org, ws, 3),
		domain.SetProfile{Meta: root(org), User: userID(3), Profile: profile(33).Patch()},
		domain.RevokeToken{Meta: root(org), Token: domain.TokenID{2}}, addMember(org, ws, 5, domain.RoleEditor),
		createRole(org, "boss", 49), domain.ArchiveRole{Meta: root(org), Key: "boss"},
		domain.UpdateRole{Meta: root(org), Key: "auditor", Level: new(domain.Level(7))},
		acceptInvitation(org, ws, 11), inviteMember(org, ws, 10, domain.RoleEditor),
		domain.RenewInvitation{Meta: root(org), Workspace: ws, User: userID(10), Secret: secret(21)},
		domain.ChangeMember{
			Meta: root(org), Workspace: ws, User: userID(10),
			Permissions: &[]domain.Permission{}, ExpiresAt: new(h.now.Truncate(time.Millisecond).Add(time.Hour)),
		},
		domain.UpdateSubscription{Meta: root(org), ID: webhook(1).ID, Name: new("New"), Workspace: &ws},
		domain.PauseSubscription{Meta: root(org), ID: webhook(1).ID}, domain.ResumeSubscription{Meta: root(org), ID: webhook(1).ID},
		domain.RewindSubscription{Meta: root(org), ID: webhook(1).ID},
		domain.RotateSubscriptionSecret{Meta: root(org), ID: webhook(1).ID, Generation: 2},
		domain.SuspendMember{Meta: root(org), Workspace: ws, User: userID(6)},
		domain.ReinstateMember{Meta: root(org), Workspace: ws, User: userID(6)},
		domain.SuspendOrganizationMember{Meta: root(org), User: userID(4)},
		domain.ReinstateOrganizationMember{Meta: root(org), User: userID(4)},
		introduceMember(org, ws, 22, domain.RoleEditor), introduceMember(org, wsID(3), 22, domain.RoleEditor),
		domain.RemoveOrganizationMember{Meta: root(org), User: userID(22), AtOnce: 1},
	)
	h.do(t,
		domain.SkipEvent{Meta: root(org), ID: webhook(1).ID, Number: 1, Next: 1, Set: h.state.Subscription(org, webhook(1).ID).Set, Why: "x"},
		domain.DeleteSubscription{Meta: root(org), ID: webhook(1).ID},
		domain.OpenReview{Meta: root(org), Review: review(3)}, decide(org, 3, ws, 6, domain.ReviewKept), decide(org, 3, ws, 6, domain.ReviewRevoked),
		domain.CloseReview{Meta: root(org), ID: review(3).ID, LeaveUndecided: true, Why: "late"},
	)
	h.follow(t, m)
	requirePlan(t, m.writer.Conns[0])
}

// allTexts returns the statements of lists, some of which are only used for more people
// than there are in the test.
func allTexts() (texts []string) {
	for _, t := range membersByPerson {
		texts = append(texts, t.window, t.walk, t.sort)
	}
	for _, few := range fewMembers {
		texts = slices.AppendSeq(texts, maps.Values(few))
	}
	texts = slices.AppendSeq(texts, maps.Values(countFew))
	texts = append(texts, shownOldest, shownNewest, allOldest, allNewest, roleOldest, roleNewest, windowOldest, windowNewest, windowRoleOldest, windowRoleNewest, windowPeople, countMembers, countFound, findsMany, manyRare, manyRemoved)
	for _, w := range peopleWalks {
		texts = append(texts, w.window(`p.profile_version IS NOT NULL`), w.window(`p.role > ''`))
	}
	texts = append(texts, grantSources.check, grantSources.accessOf, grantSources.reaches, grantSources.found)
	texts = append(texts, grantSources.workspaces[1:]...)
	texts = slices.AppendSeq(texts, maps.Values(grantSources.lists))
	return slices.AppendSeq(texts, maps.Values(grantSources.counts))
}

// What a plan says of a statement that looks at all rows of a table, and of one that
// sorts rows. The rows that a subquery has found may be scanned.
var (
	scans     = regexp.MustCompile(`\bSCAN |AUTOMATIC`)
	sortsRows = regexp.MustCompile(`TEMP B-TREE`)
	goodScans = regexp.MustCompile(`\bSCAN (CONSTANT ROW|candidates|found|as_of|\(subquery-\d+\))\n`)
)

// maySort reports whether the statement may sort what it finds: it finds few rows, or
// is one of those that put the members of one workspace in order, see
// [memberList.byPerson].
func maySort(text string) bool {
	for _, texts := range membersByPerson {
		if texts.sort == text {
			return true
		}
	}
	if text == fewChanged || text == everChanged {
		return true // what has changed in a span is sorted, unless it is much
	}
	few := strings.Contains(text, foundPeople("+?2", "+?7", "+?8")) || strings.Contains(text, foundPeople("+?1", "+?2", "+?3"))
	for candidates := range candidateTexts {
		few = few || strings.Contains(text, candidates.from())
	}
	return few
}

// requirePlans demands good plans of every statement that a connection of the pool has
// prepared, and of the given ones.
func requirePlans(t *testing.T, pool *sqlite.Pool, more ...string) {
	t.Helper()
	for range readers() {
		c, err := pool.Take(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		defer pool.Give(c)
		requirePlan(t, c, more...)
		more = nil // one connection has planned them
	}
}

// requirePlan demands of every statement that the connection has prepared, and of the
// given ones, that it goes by keys and indexes.
func requirePlan(t *testing.T, c *sqlite.Conn, more ...string) {
	t.Helper()
	for _, text := range append(c.Texts(), more...) {
		if strings.Contains(text, "FROM checkpoints") || strings.HasPrefix(text, "EXPLAIN") || strings.Contains(text, "pragma_table_xinfo") || strings.Contains(text, "temp.as_of") {
			continue // all rows are wanted
		}
		if query := strings.HasPrefix(strings.TrimSpace(text), "SELECT"); query && bare.MatchString(text) {
			t.Errorf("a parameter without a plus: %s", text)
		}
		plan := explain(t, c, text)
		rest := goodScans.ReplaceAllString(plan, "")
		switch {
		case scans.MatchString(rest), sortsRows.MatchString(rest) && !maySort(text):
			t.Errorf("%s\n\n%s", text, plan)
		case testing.Verbose():
			t.Logf("%s\n\n%s", text, plan)
		}
	}
}

// bare finds a parameter that SQLite looks at when it plans.
var bare = regexp.MustCompile(`[^+]\?`)

var parameter = regexp.MustCompile(`\?\d*`)

// explain returns SQLite's plan of a statement, a line for each step.
func explain(t *testing.T, c *sqlite.Conn, text string) string {
	t.Helper()
	// What is not bound is null.
	rows, err := c.Query(context.Background(), "EXPLAIN QUERY PLAN "+parameter.ReplaceAllString(text, "NULL"))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	defer rows.Close() //nolint:errcheck // Err says it
	var plan strings.Builder
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		plan.WriteString("\t" + step + "\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan.String()
}
