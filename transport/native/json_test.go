package native

import (
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"github.com/oklog/ulid/v2"
	"pgregory.net/rapid"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport"
)

// Answers that write their own JSON write what their tags describe.
func TestAppendJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := func(name string) (id [16]byte) {
			copy(id[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, name))
			return id
		}
		moment := func(name string) time.Time {
			return time.UnixMilli(rapid.Int64Range(-62135596800000, 253402300799999).Draw(t, name))
		}
		text := func(name string) string { return rapid.String().Draw(t, name) }

		var profile *domain.Profile
		if rapid.Bool().Draw(t, "profile") {
			profile = &domain.Profile{ProfileFacts: domain.ProfileFacts{
				Email: text("email"), Name: domain.PersonName{First: text("first"), Last: text("last")}, AvatarURL: text("avatar"),
			}}
		}
		role := domain.Role{ID: id("role"), Key: domain.RoleKey(text("key")), Name: text("name"), Level: domain.Level(rapid.Int().Draw(t, "level"))}
		var permissions []domain.Permission
		if rapid.Bool().Draw(t, "own permissions") {
			permissions = []domain.Permission{domain.Permission(text("permission"))}[rapid.IntRange(0, 1).Draw(t, "none"):]
		}
		var end time.Time
		if rapid.Bool().Draw(t, "ends") {
			end = moment("end")
		}
		shown := ShowMembership(&domain.Membership{
			Permissions: permissions, Accepted: rapid.Bool().Draw(t, "accepted"), ExpiresAt: end,
			ID: id("id"), Organization: id("organization"), Workspace: id("workspace"), User: id("user"),
			State: domain.MembershipState(text("state")), AddedBy: text("added by"),
			Stamp: domain.Stamp{CreatedAt: moment("created"), UpdatedAt: moment("updated"), Version: rapid.Uint64().Draw(t, "version")},
		}, &role, profile)
		same(t, &shown)
		invited := shown
		invited.Invitation = &PendingInvitation{transport.Time(end)}
		same(t, &invited)
		same(t, &AddedMember{Membership: invited})
		same(t, &AddedMember{shown, &Invitation{text("token"), transport.Time(end)}})
		count := rapid.Int().Draw(t, "count")
		same(t, &List[Membership]{Items: []Membership{shown}, Count: &count})

		grants := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) projections.Grant {
			g := projections.Grant{Source: projections.SourceDirect, Role: role, Since: moment("since"), Event: ulid.ULID(id("event"))}
			if rapid.Bool().Draw(t, "direct") {
				g.Membership = id("membership")
			}
			return g
		}), 0, 2).Draw(t, "grants")
		access := showAccess(&projections.Access{
			User: id("user"), Workspace: id("workspace"), Profile: profile, Role: role,
			Permissions: []domain.Permission{domain.Permission(text("permission"))}, Grants: grants,
		})
		same(t, &access)

		workspace := domain.Workspace{
			ID: id("shown workspace"), Organization: id("its organization"), Name: text("its name"), ArchivedAt: end,
			Stamp: domain.Stamp{CreatedAt: moment("made"), UpdatedAt: moment("renamed")},
		}
		alone := showWorkspace(&workspace)
		same(t, &alone)
		reached := showWorkspaceAccess(&projections.WorkspaceAccess{Workspace: workspace, Access: projections.Access{
			Role: role, Permissions: []domain.Permission{domain.Permission(text("allowed"))}, Grants: grants,
		}})
		same(t, &reached)

		brief := roleInBrief(role)
		same(t, &AccessCheck{Allowed: true, Role: &brief, Grants: showGrants(grants)})
		same(t, &AccessCheck{Grants: showGrants(nil)})
		same(t, &BatchCheck{[]CheckResult{
			{AccessCheck{Allowed: true, Role: &brief, Grants: showGrants(grants)}, nil},
			{AccessCheck{Grants: showGrants(nil)}, &transport.Refusal{Code: text("code"), Detail: text("detail")}},
		}})
		same(t, &BatchResult{Done: 3, Refused: 1, Results: []OperationResult{
			{Status: 201, Membership: &shown},
			{Status: 201, Membership: &invited, Invitation: &Invitation{text("secret"), transport.Time(end)}},
			{Status: 204},
			{Status: 409, Error: &transport.Refusal{Code: text("code of it"), Detail: text("detail of it")}},
		}})
		same(t, &BatchResult{Results: []OperationResult{}})
		cursor := text("cursor")
		same(t, &List[Membership]{Items: []Membership{shown, shown}, NextCursor: &cursor})
		same(t, &List[Access]{Items: []Access{access}})
		same(t, &List[Token]{Items: []Token{}})
		same(t, &EventList{Items: []RawEvent{{[]byte(`{"a":1}`)}, {[]byte(`{}`)}}, Position: text("position")})
		same(t, &RawEvent{[]byte(`{"a":1}`)})
		same(t, &Reversal{RawEvent{[]byte(`{"a":1}`)}, []RawEvent{{[]byte(`{"b":2}`)}, {[]byte(`{}`)}}})
	})
}

// A list of memberships has what each of them has, whatever they have in common.
func TestAppendMembers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := func(name string) int { return rapid.IntRange(0, 2).Draw(t, name) }
		moment := func(name string) time.Time {
			return []time.Time{{}, time.UnixMilli(1_700_000_000_123).UTC(), time.UnixMilli(1_800_000_000_000).UTC()}[n(name)]
		}
		var rows []projections.Member
		for range rapid.IntRange(0, 6).Draw(t, "rows") {
			m := domain.Membership{
				ID: domain.MembershipID{byte(n("id"))}, Organization: domain.OrganizationID{byte(n("organization"))},
				Workspace: domain.WorkspaceID{byte(n("workspace"))}, User: domain.UserID{byte(n("user"))},
				State: domain.MembershipInvited, AddedBy: []string{"", "a", "b"}[n("added by")],
				Stamp: domain.Stamp{CreatedAt: moment("created"), UpdatedAt: moment("updated")},
			}
			rows = append(rows, projections.Member{Membership: m, Role: domain.BuiltInRoles()[n("role")]})
		}
		shown := make([]Membership, len(rows))
		for i := range rows {
			shown[i] = showMember(&rows[i])
		}
		want, err := json.Marshal(shown)
		if err != nil {
			t.Fatal(err)
		}
		const before = "before" // the list is not the first thing in a body
		if diff := cmp.Diff(before+string(want), string(appendMembers([]byte(before), rows))); diff != "" {
			t.Fatalf("-items +list\n%s", diff)
		}
	})
}

func same(t *rapid.T, a interface{ AppendJSON([]byte) []byte }) {
	want, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(a.AppendJSON(nil))); diff != "" {
		t.Fatalf("%T: the tags say -, the method writes +\n%s", a, diff)
	}
}

func TestTime(t *testing.T) {
	at := time.Date(2026, 3, 5, 23, 9, 7, 41_999_999, time.FixedZone("", 3600))
	for _, c := range []struct {
		t    transport.Time
		want string
	}{
		{transport.Time(at), `"2026-03-05T22:09:07.041Z"`},
		{transport.Time(at.Truncate(time.Second)), `"2026-03-05T22:09:07.000Z"`},
		{transport.Time{}, "null"},
	} {
		if got := string(c.t.AppendJSON(nil)); got != c.want {
			t.Errorf("%v is %s, want %s", time.Time(c.t), got, c.want)
		}
	}
}
