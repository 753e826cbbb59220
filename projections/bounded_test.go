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
