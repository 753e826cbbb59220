package projections

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/muster-dev/muster/domain"
)

// toEnd reads a list to its end. Pages may have fewer items than they could.
func toEnd[T any](t *testing.T, list func(Page) (List[T], error)) (all []T, pages int) {
	t.Helper()
	for page := (Page{Size: MaxPageSize}); ; pages++ {
		l, err := list(page)
		if err != nil {
			t.Fatal(err)
		}
		if all = append(all, l.Items...); l.Next == "" {
			return all, pages + 1
		}
		page.After = l.Next
	}
}

// A filter that matches few of many rows does not make a page look at all of them. Page by
// page the list is still complete.
func TestFiltersAreBounded(t *testing.T) {
	t.Parallel()
	const many, elsewhere = 2*maxExamined + 500, window + 100
	h := largeHistory(1, 1, many)
	org, ws, other := orgID(1), wsID(1<<8), wsID(1<<8|9)
	h.do(t, createWorkspace(org, other, 1_000_000))
	// Many people whom the search finds, and of whom one is a member of the large workspace.
	// He comes last in every order.
	named := func(n int) domain.Command {
		c := addMember(org, other, 7_000_000+n, domain.RoleEditor).(domain.AddMember)
		facts := profile(n)
		facts.Email, facts.Name.First, facts.Name.Last = fmt.Sprintf("zoe%d@example.com", n), "Zoe", fmt.Sprintf("Zulu%d", n)
		c.Profile = new(facts.Patch())
		return c
	}
	for n := 0; n < elsewhere; n += 100 {
		var commands []domain.Command
		for i := n; i < n+100; i++ {
			commands = append(commands, named(i))
		}
		h.do(t, commands...)
	}
	h.do(t, addMember(org, ws, 7_000_000, domain.RoleEditor))
	m := h.models(t)
	lists := map[string]func(Page) (List[domain.UserID], error){
		"access": func(p Page) (List[domain.UserID], error) {
			list, err := listAccess(m, ws, AccessFilter{Query: "zoe"}, later, p)
			return users(list, func(a Access) domain.UserID { return a.User }), err
		},
		"access by permission": func(p Page) (List[domain.UserID], error) {
			list, err := listAccess(m, ws, AccessFilter{Permission: "nobody.has"}, later, p)
			return users(list, func(a Access) domain.UserID { return a.User }), err
		},
	}
	for _, order := range orders {
		lists["members by "+string(order)] = func(p Page) (List[domain.UserID], error) {
			list, err := listMembers(m, ws, MemberFilter{Query: "zoe", Order: order}, later, p)
			return users(list, func(m Member) domain.UserID { return m.User }), err
		}
	}
	for name, list := range lists {
		found, pages := toEnd(t, list)
		want := []domain.UserID{userID(7_000_000)}
		if name == "access by permission" {
			want = nil
		}
		if !slices.Equal(found, want) {
			t.Errorf("%s: %d are found", name, len(found))
		}
		first, err := list(Page{})
		if strings.Contains(name, "-") { // the other way round he comes first
			continue
		}
		if err != nil || len(first.Items) != 0 || first.Next == "" || pages < 3 {
			t.Errorf("%s: the first page has %d items, cursor %t, of %d pages, %v", name, len(first.Items), first.Next != "", pages, err)
		}
	}
	for _, order := range []Order{OrderCreated, OrderEmail, OrderName} {
		found, _ := toEnd(t, func(p Page) (List[domain.Profile], error) {
			return m.Users(context.Background(), org, UserFilter{Query: "zoe", Order: order}, p)
		})
		if len(found) != elsewhere {
			t.Errorf("users by %s: %d are found", order, len(found))
		}
		first, err := m.Users(context.Background(), org, UserFilter{Query: "zoe", Order: order}, Page{})
		if err != nil || len(first.Items) != 0 || first.Next == "" {
			t.Errorf("users by %s: the first page has %d items, %v", order, len(first.Items), err)
		}
	}
}

// The roles share the rows that a page in the order of roles looks at. Page by page the list
// is complete, and only its last page has no cursor.
func TestRolesShareAWindow(t *testing.T) {
	t.Parallel()
	const each = maxExamined / 2
	org, ws := orgID(1), wsID(1)
	h := newHistory(1)
	h.do(t, createOrganization(org, 1), createWorkspace(org, ws, 1))
	for i, role := range []domain.RoleKey{domain.RoleViewer, domain.RoleEditor, domain.RoleAdmin} {
		for n := 0; n < each; n += 100 {
			var commands []domain.Command
			for user := n; user < n+100; user++ {
				commands = append(commands, inviteMember(org, ws, 10+i*each+user, role))
			}
			h.do(t, commands...)
		}
	}
	h.do(t, addMember(org, ws, 5, domain.RoleViewer), addMember(org, ws, 6, domain.RoleEditor), addMember(org, ws, 7, domain.RoleAdmin))
	m := h.models(t)
	for order, want := range map[Order][]int{OrderRole: {5, 6, 7, 1}, OrderRoleDown: {1, 7, 6, 5}} {
		list := func(p Page) (List[Member], error) {
			return listMembers(m, ws, MemberFilter{State: domain.MembershipActive, Order: order}, later, p)
		}
		all, pages := toEnd(t, list)
		if got := numbers(users(List[Member]{Items: all}, func(m Member) domain.UserID { return m.User })); !slices.Equal(got, want) {
			t.Errorf("%s: %v", order, got)
		}
		if pages != 2 {
			t.Errorf("%s: %d pages", order, pages)
		}
		for size := 1; size <= 4; size++ {
			all, _ := toEnd(t, func(p Page) (List[Member], error) {
				p.Size = size
				return list(p)
			})
			if len(all) != len(want) {
				t.Errorf("%s: %d members in pages of %d", order, len(all), size)
			}
		}
		checkCount(t, string(order), list)
	}
}

// A count is of the whole list, however few rows the page looks at.
func TestCountsAreOfTheWholeList(t *testing.T) {
	t.Parallel()
	h := largeHistory(1, 1, 2*maxExamined+500)
	m := h.models(t)
	ws := wsID(1 << 8)
	for _, f := range []AccessFilter{
		{},
		{Role: domain.RoleViewer},
		{Role: domain.RoleEditor},
		{Permission: domain.PermissionContentEdit},
		{Source: SourceDirect},
		{Query: "zoe"},
		{Query: "a"},
		{Query: "a", Role: domain.RoleEditor},
	} {
		checkCount(t, fmt.Sprintf("access %+v", f), func(p Page) (List[Access], error) { return listAccess(m, ws, f, later, p) })
	}
	for _, order := range orders {
		for _, f := range []MemberFilter{{}, {Role: domain.RoleEditor}, {State: domain.MembershipActive}, {Query: "a"}} {
			f.Order = order
			checkCount(t, fmt.Sprintf("members %+v", f), func(p Page) (List[Member], error) { return listMembers(m, ws, f, later, p) })
		}
	}
}

// checkCount compares the count with the pages of the list.
func checkCount[T any](t *testing.T, name string, list func(Page) (List[T], error)) {
	t.Helper()
	first, err := list(Page{Size: 1, Count: true})
	if err != nil {
		t.Fatal(err)
	}
	if all, _ := toEnd(t, list); first.Count != len(all) {
		t.Errorf("%s: the count is %d of %d", name, first.Count, len(all))
	}
}

// Lists that search never have all connections for lists.
func TestSearchesLeaveConnections(t *testing.T) {
	t.Parallel()
	m := empty(t, 1)
	for range cap(m.searches) {
		m.searches <- struct{}{} // as many lists with a filter are being read
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := m.search(ctx, true, func(conn) error { return nil }); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("one more search: %v", err)
	}
	if _, err := m.Organizations(t.Context(), Page{}); err != nil {
		t.Errorf("a list without a filter: %v", err)
	}
	if cap(m.searches) >= readers() {
		t.Errorf("%d searches at once, with %d connections", cap(m.searches), readers())
	}
}
