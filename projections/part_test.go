package projections

import (
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	gocmp "github.com/google/go-cmp/cmp"

	"github.com/muster-dev/muster/domain"
)

// Every kind of part has a row, which makes parts of that kind, and no two lists have the
// same name.
func TestEveryKindOfPartHasARow(t *testing.T) {
	t.Parallel()
	names, kinds := make(map[string]domain.KeyKind), kindNames(t)
	for _, kind := range domain.KeyKinds() {
		if int(kind) >= len(parts) || parts[kind].load == nil {
			t.Errorf("domain.%s has no row in parts", kinds[kind])
			continue
		}
		decoded, err := parts[kind].decode(jsontext.Value("[{}]"))
		if err != nil {
			t.Errorf("domain.%s: %v", kinds[kind], err)
		} else if got := domain.KeyOf(decoded[0]).Kind; got != kind {
			t.Errorf("the row of domain.%s makes a %T, which is of another kind", kinds[kind], decoded[0])
		}
		name := parts[kind].name
		if name == notShown {
			continue
		}
		if other, ok := names[name]; ok {
			t.Errorf("the parts of kinds %d and %d are both stored as %s", kind, other, name)
		}
		names[name] = kind
	}
	if _, err := empty(t, 1).readPart(domain.Key{Kind: domain.KeyKind(len(parts))}); err == nil {
		t.Error("a part of an unknown kind was read")
	}
}

// kindNames finds the names of the kinds of parts in the text of package domain.
func kindNames(t *testing.T) map[domain.KeyKind]string {
	t.Helper()
	kinds, names := domain.KeyKinds(), make(map[domain.KeyKind]string)
	found := inDomain(t, `(?m)^\t(Key\w+) .*// \*\w+$`)
	if len(found) != len(kinds) {
		t.Fatalf("%d names were found for %d kinds of parts: does the test still read the package right?", len(found), len(kinds))
	}
	for i, kind := range kinds {
		names[kind] = found[i]
	}
	return names
}

func (m *ReadModels) readPart(k domain.Key) (p domain.Part, err error) {
	err = m.read(func(c conn) error {
		p, err = c.part(k)
		return err
	})
	return p, err
}

// What a command left is stored in this form and no other, so that read models which an
// earlier version wrote can be read.
func TestStoredParts(t *testing.T) {
	t.Parallel()
	org, ws := orgID(1), wsID(1)
	h := newHistory(1)
	h.do(t, createOrganization(org, 1), createRole(org, "auditor", 9, "reports.view"), createWorkspace(org, ws, 1),
		introduceMember(org, ws, 2, "auditor"), addMemberWith(org, ws, 3, domain.RoleEditor))
	want := struct {
		Organizations       []*domain.Organization       `json:"organizations,omitzero"`
		OrganizationMembers []*domain.OrganizationMember `json:"organization_members,omitzero"`
		Profiles            []*domain.Profile            `json:"profiles,omitzero"`
		Workspaces          []*domain.Workspace          `json:"workspaces,omitzero"`
		Memberships         []*domain.Membership         `json:"memberships,omitzero"`
		Roles               []*domain.CustomRole         `json:"roles,omitzero"`
		Tokens              []*domain.Token              `json:"tokens,omitzero"`
		Subscriptions       []*domain.Subscription       `json:"subscriptions,omitzero"`
		Reviews             []*domain.Review             `json:"reviews,omitzero"`
	}{
		[]*domain.Organization{h.state.Organization(org)},
		[]*domain.OrganizationMember{h.state.OrganizationMember(org, userID(1))},
		[]*domain.Profile{h.state.Profile(org, userID(2)), h.state.Profile(org, userID(1))},
		[]*domain.Workspace{h.state.Workspace(ws)},
		[]*domain.Membership{h.state.Membership(ws, userID(3)), h.state.Membership(ws, userID(2))},
		[]*domain.CustomRole{h.state.CustomRole(org, "auditor")},
		nil,
		nil,
		nil,
	}
	text, err := json.Marshal(&want, json.Deterministic(true), noneIsNull)
	if err != nil {
		t.Fatal(err)
	}
	got, err := encodeParts([]domain.Part{
		want.Roles[0], want.Memberships[0], want.Profiles[0], want.Memberships[1], want.Workspaces[0],
		want.Profiles[1], want.OrganizationMembers[0], want.Organizations[0],
	})
	if diff := gocmp.Diff(string(text), string(got)); err != nil || diff != "" {
		t.Errorf("%v, stored (-want +got):\n%s", err, diff)
	}
	s, err := decodeParts(got)
	if err != nil || s.Len() != 8 {
		t.Fatalf("%v, %d parts", err, s.Len())
	}
	s.Each(func(k domain.Key, p domain.Part) {
		if diff := gocmp.Diff(domain.PartOf[domain.Part](&h.state, k), p); diff != "" {
			t.Errorf("%v (-stored +read):\n%s", k, diff)
		}
	})
	if none, err := encodeParts(nil); err != nil || string(none) != "{}" {
		t.Errorf("no parts are stored as %s, %v", none, err)
	}
	if _, err := encodeParts([]domain.Part{h.state.UserMemberships(org, userID(1))}); err == nil {
		t.Error("a part that no answer shows was stored")
	}
}
