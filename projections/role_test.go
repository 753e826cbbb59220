package projections

import (
	"context"
	"errors"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/muster-dev/muster/domain"
)

func TestRoles(t *testing.T) {
	t.Parallel()
	h, m := crowd(t)
	org := orgID(1)
	h.do(t, domain.ArchiveRole{Meta: root(org), Key: "auditor"}, createRole(orgID(2), "auditor", 1))
	h.follow(t, m)
	var want []domain.CustomRole
	for _, role := range domain.BuiltInRoles() {
		want = append(want, domain.CustomRole{Role: role})
	}
	auditor, lead := *h.state.CustomRole(org, "auditor"), *h.state.CustomRole(org, "lead")
	for filter, want := range map[RoleFilter][]domain.CustomRole{
		{}:        append(slices.Clone(want), auditor, lead),
		{"false"}: append(slices.Clone(want), lead),
		{"true"}:  {auditor},
	} {
		for size := 1; size <= 4; size++ {
			got := collect(t, size, func(p Page) (List[domain.CustomRole], error) { return m.Roles(context.Background(), org, filter, p) })
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Errorf("%+v in pages of %d:\n%s", filter, size, diff)
			}
		}
	}
	for _, role := range append(want, auditor, lead) {
		byKey, err1 := m.Role(org, role.Key)
		byID, err2 := m.RoleByID(org, role.ID)
		if diff := gocmp.Diff([]domain.CustomRole{role, role}, []domain.CustomRole{byKey, byID}); diff != "" || err1 != nil || err2 != nil {
			t.Errorf("%v, %v\n%s", err1, err2, diff)
		}
	}
	for _, err := range []error{
		second(m.Role(org, "nobody")), second(m.Role(orgID(2), "lead")), second(m.RoleByID(org, domain.RoleID{9})),
		second(m.RoleByID(orgID(2), lead.ID)), second(m.Roles(context.Background(), orgID(9), RoleFilter{}, Page{})), second(m.Permissions(context.Background(), orgID(9), Page{})),
	} {
		if !errors.Is(err, ErrNotFound) {
			t.Error(err)
		}
	}
	h.do(t, addMemberWith(org, wsID(2), 30, domain.RoleViewer, "zebra.feed", "apples.eat"), addMemberWith(org, wsID(2), 31, domain.RoleViewer, "gone.again"),
		removeMember(org, wsID(2), 31))
	h.follow(t, m)
	for size := 1; size <= 4; size++ {
		got := collect(t, size, func(p Page) (List[domain.Permission], error) { return m.Permissions(context.Background(), org, p) })
		if diff := gocmp.Diff([]domain.Permission{
			"apples.eat", "content.edit", "members.manage", "members.view", "reports.export", "reports.view",
			"workspace.manage", "workspace.own", "workspace.view", "zebra.feed",
		}, got); diff != "" {
			t.Error(diff)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// The rows of the built-in roles are part of the schema.
func TestBuiltInRoles(t *testing.T) {
	t.Parallel()
	m := empty(t, 1)
	tables, err := m.Fingerprint(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	text, err := tables["roles"].MarshalText()
	if got, want := string(text), "be7c57ed968ac8c3822d771b2568ca83a3633f8e030e62d04c65bdf43ffcc0b6"; got != want || err != nil {
		t.Errorf("the built-in roles are not those of schema %d any more: raise it, and write %s here", schemaNumber, got)
	}
	for i, role := range domain.BuiltInRoles() {
		if key, ok := builtInKey(role.Key); !ok || key != int64(i)+1 {
			t.Errorf("%s has key %d", role.Key, key)
		}
	}
	// What statements say in so many words.
	owner, _ := builtInKey(domain.RoleOwner)
	admin, _ := builtInKey(domain.RoleAdmin)
	if owner != 1 || admin != 2 || MaxPartitions != 1024 {
		t.Errorf("owner %d, admin %d, %d", owner, admin, MaxPartitions)
	}
}
