package projections

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/muster-dev/muster/domain"
)

// While a list is read page by page, members are added and removed. Those who are
// members all the time are shown exactly once. Nobody is shown twice, except someone
// whose role changes in a list that is ordered by role.
func TestPagesWhileOthersWrite(t *testing.T) {
	t.Parallel()
	org, ws := orgID(1), wsID(1)
	lists := map[string]func(*ReadModels, Page) (List[domain.UserID], error){
		"access": func(m *ReadModels, p Page) (List[domain.UserID], error) {
			list, err := listAccess(m, ws, AccessFilter{}, later, p)
			return users(list, func(a Access) domain.UserID { return a.User }), err
		},
	}
	for _, order := range orders {
		lists["members "+string(order)] = func(m *ReadModels, p Page) (List[domain.UserID], error) {
			list, err := listMembers(m, ws, MemberFilter{Order: order}, later, p)
			return users(list, func(m Member) domain.UserID { return m.User }), err
		}
	}
	for name, list := range lists {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHistory(4)
			h.do(t, createOrganization(org, 1), createWorkspace(org, ws, 1))
			for n := 2; n <= 60; n++ {
				h.do(t, introduceMember(org, ws, n, domain.RoleEditor))
			}
			m := h.models(t)
			shown := make(map[domain.UserID]int)
			n := 2
			for _, user := range collect(t, 5, func(p Page) (List[domain.UserID], error) {
				// One leaves, one leaves and comes back, one is new, and one becomes an admin of all.
				h.do(t, removeMember(org, ws, n), removeMember(org, ws, n+1), addMember(org, ws, n+1, domain.RoleViewer),
					putOrganizationMember(org, n+1, domain.OrganizationAdmin))
				if n < 10 {
					h.do(t, addMember(org, ws, 1000+n, domain.RoleViewer))
				}
				h.follow(t, m)
				n += 2
				return list(m, p)
			}) {
				shown[user]++
			}
			if n > 40 {
				t.Fatalf("there were pages for %d removals", n)
			}
			for there := 40; there <= 60; there++ {
				if shown[userID(there)] != 1 {
					t.Errorf("user %d is shown %d times", there, shown[userID(there)])
				}
			}
			for user, times := range shown {
				if times > 1 && !strings.Contains(name, "role") {
					t.Errorf("user %s is shown %d times", user, times)
				}
			}
		})
	}
}

func users[T any](list List[T], user func(T) domain.UserID) List[domain.UserID] {
	ids := make([]domain.UserID, len(list.Items))
	for i, item := range list.Items {
		ids[i] = user(item)
	}
	return List[domain.UserID]{Items: ids, Next: list.Next}
}

// collect reads a list to its end in pages of that size, and demands that only the last
// page is shorter.
func collect[T any](t *testing.T, size int, list func(Page) (List[T], error)) []T {
	t.Helper()
	var all []T
	page := Page{Size: size}
	for {
		l, err := list(page)
		if err != nil {
			t.Fatal(err)
		}
		if l.Items == nil || len(l.Items) > size || l.Next != "" && len(l.Items) < size {
			t.Fatalf("a page of %d has %d items (nil: %t)", size, len(l.Items), l.Items == nil)
		}
		all = append(all, l.Items...)
		if page.After = l.Next; page.After == "" {
			return all
		}
	}
}

func TestBadCursors(t *testing.T) {
	t.Parallel()
	org, ws := orgID(1), wsID(1)
	h := newHistory(4)
	h.do(t, createOrganization(org, 1), createWorkspace(org, ws, 1), createWorkspace(org, wsID(2), 1))
	for n := 2; n < 5; n++ {
		h.do(t, introduceMember(org, ws, n, domain.RoleEditor), introduceMember(org, wsID(2), n, domain.RoleEditor))
	}
	m := h.models(t)
	editors := MemberFilter{Role: domain.RoleEditor}
	list, err := listMembers(m, ws, editors, later, Page{Size: 1})
	if err != nil || list.Next == "" {
		t.Fatal(err, list)
	}
	good := list.Next
	of := func(text string) Cursor { return Cursor(base64.RawURLEncoding.EncodeToString([]byte(text))) }
	for _, bad := range []Cursor{
		"x", "%%%", good + "A", good[:len(good)-4], of("{}"), of("[]"), of(`{"l":"members"}`), of(`{"l":"users","k":{"n":[1,2,3]}}`),
		of(`{"l":"members","o":1,"k":{"n":[1,2,3]},"more":1}`), of(`{"l":"members","o":1,"k":{"n":["x"]}}`),
	} {
		if _, err := listMembers(m, ws, MemberFilter{}, later, Page{After: bad}); !errors.Is(err, ErrBadCursor) {
			t.Errorf("cursor %q: %v", bad, err)
		}
	}
	for name, f := range map[string]func() error{
		"of another list":      func() error { _, err := listAccess(m, ws, AccessFilter{}, later, Page{After: good}); return err },
		"of another workspace": func() error { _, err := listMembers(m, wsID(2), editors, later, Page{After: good}); return err },
		"of another filter": func() error {
			_, err := listMembers(m, ws, MemberFilter{Role: domain.RoleViewer}, later, Page{After: good})
			return err
		},
	} {
		if err := f(); !errors.Is(err, ErrBadCursor) {
			t.Errorf("a cursor %s: %v", name, err)
		}
	}
	// The cursor alone goes on with its filter, and so does the same filter.
	for _, f := range []MemberFilter{{}, editors} {
		list, err := listMembers(m, ws, f, later, Page{After: good})
		if err != nil || len(list.Items) != 2 || list.Items[0].User != userID(3) {
			t.Errorf("%+v: %v, %+v", f, err, list.Items)
		}
	}
	if _, err := listMembers(m, ws, MemberFilter{Order: "age"}, later, Page{}); !errors.Is(err, ErrUnknownOrder) {
		t.Errorf("unknown order: %v", err)
	}
}
