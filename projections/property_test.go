package projections

import (
	"cmp"
	"context"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/muster-dev/muster/domain"
)

// After random commands in several organizations and partitions, Load returns the parts
// that Evolve made, and access and ends agree with them. Read models that grew step by
// step, with the partitions in any order, are the same as rebuilt ones.
func TestAgreesWithEvolve(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "muster")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir) //nolint:errcheck // a temporary directory
		h := newHistory(4)
		o := Options{Dir: dir, Partitions: 4}
		if err := rebuild(o, h.replay(nil)); err != nil {
			t.Fatal(err)
		}
		m, err := Open(o)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close() //nolint:errcheck // for when the test fails; it is closed below
		// Some organizations with a workspace are there from the start, so that most
		// commands are not refused.
		for n := range 3 {
			for _, c := range []domain.Command{createOrganization(orgID(n), 1), createWorkspace(orgID(n), wsID(n), 1)} {
				if err := h.try(c); err != nil {
					t.Fatal(err)
				}
			}
		}
		order := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "order"), 0))
		asked := make(map[domain.Key]bool)
		for range rapid.IntRange(1, 20).Draw(t, "rounds") {
			for range rapid.IntRange(1, 6).Draw(t, "messages") {
				org := orgID(rapid.IntRange(0, 4).Draw(t, "organization"))
				var commands []domain.Command
				for range rapid.IntRange(1, 5).Draw(t, "commands") {
					c := drawCommand(t, h, org)
					commands = append(commands, c)
					for _, k := range domain.Needs(&h.state, c) {
						asked[k] = true
					}
				}
				_ = h.try(commands...) // what is refused leaves no trace
			}
			if err := h.replay(order)(m.Checkpoints(), m.applyAll); err != nil {
				t.Fatal(err)
			}
			compareWithState(t, h, m, asked)
			compareEnds(t, h, m)
			compareOffboardings(t, h, m)
			compareAccess(t, h, m)
		}
		if diff := gocmp.Diff(h.tips, m.Checkpoints()); diff != "" {
			t.Fatalf("checkpoints (-log +read models):\n%s", diff)
		}
		if err := m.Close(); err != nil {
			t.Fatal(err)
		}
		requireWhole(t, o, h)
	})
}

// compareWithState loads all parts that the history has and all that commands needed,
// and compares them with the state.
func compareWithState(t *rapid.T, h *history, m *ReadModels, asked map[domain.Key]bool) {
	keys := make([]domain.Key, 0, len(asked))
	for k := range asked {
		if k.Kind != domain.KeyDone {
			keys = append(keys, k)
		}
	}
	h.state.Each(func(k domain.Key, _ domain.Part) {
		if !asked[k] {
			keys = append(keys, k)
		}
	})
	var loaded domain.State
	if err := m.Load(keys, &loaded); err != nil {
		t.Fatal(err)
	}
	if loaded.Len() != len(keys) {
		t.Fatalf("%d of %d keys are held", loaded.Len(), len(keys))
	}
	if diff := gocmp.Diff(held(&h.state), held(&loaded)); diff != "" {
		t.Fatalf("parts (-evolved +loaded):\n%s", diff)
	}
}

// held returns the parts that exist. Empty lists are nil.
func held(s *domain.State) map[domain.Key]domain.Part {
	parts := make(map[domain.Key]domain.Part)
	s.Each(func(k domain.Key, p domain.Part) {
		if list, ok := p.(*domain.UserMemberships); ok {
			shown := *list
			shown.Workspaces, shown.Owned, shown.Ending = slices.Concat(list.Workspaces), slices.Concat(list.Owned), slices.Concat(list.Ending)
			p = &shown
		}
		parts[k] = p
	})
	return parts
}

// compareEnds demands that the ends that the read models know are those of the state.
func compareEnds(t *rapid.T, h *history, m *ReadModels) {
	var want []End
	h.state.Each(func(_ domain.Key, p domain.Part) {
		if member, ok := p.(*domain.Membership); ok && !member.EndsAt().IsZero() {
			want = append(want, End{member.Organization, member.Workspace, member.User, member.EndsAt()})
		}
	})
	byEnd := func(a, b End) int {
		return cmp.Or(a.At.Compare(b.At), a.Workspace.Compare(b.Workspace), a.User.Compare(b.User))
	}
	slices.SortFunc(want, byEnd)
	next, _ := m.NextEnd()
	switch {
	case len(want) == 0 && !next.IsZero(), len(want) > 0 && !next.Equal(want[0].At):
		t.Fatalf("the next end is %v, of %v", next, want)
	case len(want) > 0:
		last := want[len(want)-1].At
		got, err := endedAnywhere(m, last)
		if slices.SortFunc(got, byEnd); err != nil {
			t.Fatal(err)
		}
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Fatalf("ends (-evolved +read):\n%s", diff)
		}
		before, err := endedAnywhere(m, want[0].At.Add(-time.Millisecond))
		if err != nil || len(before) != 0 {
			t.Fatalf("%v, ended before the first end: %v", err, before)
		}
	}
}

// endedAnywhere lists what has ended in all partitions.
func endedAnywhere(m *ReadModels, at time.Time) (all []End, err error) {
	for partition := range m.Checkpoints() {
		ended, err := m.Ended(context.Background(), partition, at, 1000)
		if err != nil {
			return nil, err
		}
		all = append(all, ended...)
	}
	return all, nil
}

// requireWhole demands that a rebuild makes the same tables.
func requireWhole(t interface {
	Context() context.Context
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}, o Options, h *history,
) {
	t.Helper()
	scratch, err := os.MkdirTemp("", "muster")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(scratch) //nolint:errcheck // a temporary directory
	comparisons, err := verify(t.Context(), o, scratch, h.replay(rand.New(rand.NewPCG(1, 2))))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range comparisons {
		if !c.Equal() {
			t.Fatalf("table %s is not what a rebuild makes", c.Table)
		}
	}
	if len(comparisons) != len(tableNames) {
		t.Fatalf("%d tables were compared", len(comparisons))
	}
}

// The stored result of a command is what the command left, whatever came later.
func TestDone(t *testing.T) {
	t.Parallel()
	org, ws := orgID(1), wsID(1)
	h := newHistory(4)
	create := domain.CreateOrganization{Meta: keyed(org), Name: "Acme", Owner: userID(1), Profile: profile(1)}
	workspace := domain.CreateWorkspace{Meta: keyed(org), Workspace: ws, Name: "Studio", Owner: userID(1), Membership: membershipID(ws, userID(1))}
	add := introduceMember(org, ws, 2, domain.RoleEditor).(domain.AddMember)
	add.Meta = keyed(org)
	put := domain.PutOrganizationMember{Meta: keyed(org), User: userID(2), Role: domain.OrganizationAdmin}
	issue := domain.IssueToken{Meta: keyed(org), Token: domain.TokenFacts{ID: domain.TokenID{1}, Name: "CI", Secret: domain.Hash{2}, Scopes: domain.Scopes{"all:read"}}}
	unkeyed := domain.RenameOrganization{Meta: root(org), Name: "Acme & Co"}
	h.do(t, create)
	// Two commands in one message: each keeps its own.
	if err := h.try(workspace, add); err != nil {
		t.Fatal(err)
	}
	h.do(t, put, issue, unkeyed)
	invite := inviteMember(org, ws, 4, "auditor").(domain.InviteMember)
	invite.Meta, invite.Permissions = keyed(org), []domain.Permission{}
	archive := domain.ArchiveRole{Meta: keyed(org), Key: "auditor"}
	transfer := domain.TransferOwnership{Meta: keyed(org), Workspace: ws, From: userID(1), To: userID(2)}
	suspend := domain.SuspendOrganizationMember{Meta: keyed(org), User: userID(2), Force: true}
	want := h.state.Copy([]domain.Key{
		domain.MembershipKey(ws, userID(2)), domain.ProfileKey(org, userID(2)),
	})
	h.do(t, createRole(org, "auditor", 9), invite, archive, transfer, suspend, putMember(org, ws, 1, domain.RoleOwner), removeMember(org, ws, 2),
		domain.SetProfile{Meta: root(org), User: userID(2), Profile: profile(3).Patch()},
		domain.RevokeToken{Meta: keyed(org), Token: domain.TokenID{1}})
	m := h.models(t)

	done := func(c domain.Command) *domain.Done {
		t.Helper()
		var s domain.State
		meta := c.Metadata()
		if err := m.Load([]domain.Key{domain.DoneKey(org, meta.ID)}, &s); err != nil {
			t.Fatal(err)
		}
		d := s.Done(org, meta.ID)
		if d != nil && d.Request != meta.Request {
			t.Errorf("%s: another request", c.CommandType())
		}
		return d
	}
	d := done(add)
	if diff := gocmp.Diff(held(want), held(d.After)); diff != "" {
		t.Errorf("after %s (-left +kept):\n%s", add.CommandType(), diff)
	}
	if diff := gocmp.Diff([]string{"muster.user.profile_set", "muster.member.added"}, d.Types); diff != "" || d.Number != 7 {
		t.Errorf("number %d, types:\n%s", d.Number, diff)
	}
	if got := done(create); got.After.Organization(org).Name != "Acme" || got.After.Organization(org).Owners != 1 {
		t.Errorf("%s: %+v", create.CommandType(), got.After.Organization(org))
	}
	if got := done(workspace); got.After.Workspace(ws) == nil || got.After.Membership(ws, userID(1)) == nil || got.Number != 5 {
		t.Errorf("%s: %+v", workspace.CommandType(), got)
	}
	if got := done(put).After.OrganizationMember(org, userID(2)); got.Role != domain.OrganizationAdmin {
		t.Errorf("%s: %+v", put.CommandType(), got)
	}
	if got := done(issue).After.Token(org, domain.TokenID{1}); !got.RevokedAt.IsZero() || got.Name != "CI" {
		t.Errorf("%s: %+v", issue.CommandType(), got)
	}
	role := done(invite).After.CustomRole(org, "auditor")
	if member := done(invite).After.Membership(ws, userID(4)); role == nil || role.Name != "The auditor" || !role.ArchivedAt.IsZero() ||
		member.State != domain.MembershipInvited || member.Permissions == nil {
		t.Errorf("%s: %+v of %+v", invite.CommandType(), member, role)
	}
	if got := done(archive).After.CustomRole(org, "auditor"); got.ArchivedAt.IsZero() {
		t.Errorf("%s: %+v", archive.CommandType(), got)
	}
	if got := done(transfer).After; got.Membership(ws, userID(1)).Role != domain.RoleAdmin || got.Membership(ws, userID(2)).Permissions != nil || got.Workspace(ws) == nil {
		t.Errorf("%s: %+v", transfer.CommandType(), held(got))
	}
	if got := done(suspend).After.OrganizationMember(org, userID(2)); got.SuspendedAt.IsZero() {
		t.Errorf("%s: %+v", suspend.CommandType(), got)
	}
	if got := done(unkeyed); got != nil {
		t.Errorf("%s had no key, yet %+v is kept", unkeyed.CommandType(), got)
	}
}
