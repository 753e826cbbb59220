package projections

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/muster-dev/muster/domain"
)

// searches reports whether the query finds a person with that profile.
func searches(facts domain.ProfileFacts, query string) bool {
	folded := domain.FoldText(query)
	if strings.Contains(query, "@") {
		folded = domain.FoldEmail(query)
	}
	return slices.ContainsFunc([]string{foldEmail(facts), foldName(facts), foldLast(facts)}, func(text string) bool {
		return strings.HasPrefix(text, folded)
	})
}

// requireSearch demands that with the query all lists of people of organization 1 and
// workspace 1 show exactly the people it finds.
func requireSearch(t *testing.T, h *history, m *ReadModels, query string) {
	t.Helper()
	org, ws, ctx := orgID(1), wsID(1), context.Background()
	finds := func(user domain.UserID) bool {
		p := h.state.Profile(org, user)
		return query == "" || p != nil && searches(p.ProfileFacts, query)
	}
	same := func(name string, all, got []domain.UserID, count int) {
		t.Helper()
		want := slices.DeleteFunc(slices.Clone(all), func(user domain.UserID) bool { return !finds(user) })
		if !slices.Equal(want, got) || count != len(want) {
			t.Errorf("%s with %q: %d found, %d counted, want %d", name, query, len(got), count, len(want))
		}
	}
	everybody := func(query string) (members, access, users, organization []domain.UserID) {
		for _, m := range collect(t, MaxPageSize, func(p Page) (List[Member], error) {
			return listMembers(m, ws, MemberFilter{Query: query}, later, p)
		}) {
			members = append(members, m.User)
		}
		for _, a := range collect(t, MaxPageSize, func(p Page) (List[Access], error) {
			return listAccess(m, ws, AccessFilter{Query: query}, later, p)
		}) {
			access = append(access, a.User)
		}
		for _, p := range collect(t, MaxPageSize, func(p Page) (List[domain.Profile], error) {
			return m.Users(ctx, org, UserFilter{Query: query}, p)
		}) {
			users = append(users, p.User)
		}
		for _, m := range collect(t, MaxPageSize, func(p Page) (List[OrganizationMember], error) {
			return m.OrganizationMembers(ctx, org, OrganizationMemberFilter{Query: query}, p)
		}) {
			organization = append(organization, m.User)
		}
		return members, access, users, organization
	}
	members, access, users, organization := everybody("")
	foundMembers, foundAccess, foundUsers, foundOrganization := everybody(query)
	memberCount, err1 := sizeOfMembers(m, ws, MemberFilter{Query: query}, later)
	accessCount, err2 := sizeOfAccess(m, ws, AccessFilter{Query: query}, later)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	same("members", members, foundMembers, memberCount)
	same("access", access, foundAccess, accessCount)
	same("users", users, foundUsers, len(foundUsers))
	same("organization members", organization, foundOrganization, len(foundOrganization))
}

// A search is by prefix, in upper or lower case, and no character is special.
func TestSearch(t *testing.T) {
	t.Parallel()
	h := newHistory(4)
	org, ws := orgID(1), wsID(1)
	h.do(t, createOrganization(org, 1), createWorkspace(org, ws, 1))
	parts := []string{"a", "A", "é", "É", "%", "_", "*", "[a]", "'", `"`, `\`, "ſ", "σ", "ς", "\uFFFC", "\U0002FA1D", "日本", "ab", "a b"}
	for i, first := range parts {
		n := 2 + i
		last := parts[(i*7+3)%len(parts)]
		h.do(t, addMember(org, ws, n, domain.RoleEditor), domain.SetProfile{Meta: root(org), User: userID(n), Profile: domain.ProfileFacts{
			Email: fmt.Sprintf("%d%%_%d@example.com", i, i), Name: domain.PersonName{First: first, Last: last},
		}.Patch()})
		if i%3 == 0 {
			h.do(t, putOrganizationMember(org, n, domain.OrganizationAdmin))
		}
	}
	h.do(t, addMember(org, ws, 99, domain.RoleEditor)) // without a profile
	m := h.models(t)
	for _, query := range append(parts, "", " ", "a ", "é ", "1%_1", "1", "nobody", "\U0002FA1D\U0002FA1D", "example") {
		requireSearch(t, h, m, query)
	}
}
