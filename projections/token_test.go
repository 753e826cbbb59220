package projections

import (
	"testing"
	"time"

	"github.com/muster-dev/muster/domain"
)

func TestRevoked(t *testing.T) {
	t.Parallel()
	h, m := crowd(t)
	org := orgID(1)
	if got := m.Revoked(1); got != 0 {
		t.Errorf("before any: %d", got) // the one on the stage came before they were opened
	}
	h.do(t, domain.RevokeToken{Meta: root(org), Token: domain.TokenID{2}}, domain.RenameOrganization{Meta: root(org), Name: "New"})
	h.follow(t, m)
	if got, want := m.Revoked(1), h.state.Token(org, domain.TokenID{2}).Version; got != want || m.Revoked(2) != 0 {
		t.Errorf("%d, want %d; of another partition: %d", got, want, m.Revoked(2))
	}
}

// A token is authorized by whoever issued it, then by the user that it is bound to, and
// then by the workspace's oldest owner. Former members count where nobody else is left.
func TestAuthorizer(t *testing.T) {
	t.Parallel()
	org, ws := orgID(1), wsID(1)
	by := func(n int) domain.Meta {
		m := root(org)
		m.Actor.Kind, m.Actor.ID, m.Actor.User = domain.ActorUser, userID(n).String(), userID(n)
		return m
	}
	onBehalfOf := func(n int) domain.Meta {
		m := root(org)
		m.OnBehalfOf = userID(n)
		return m
	}
	program := root(org)
	program.Actor.Kind, program.Actor.ID = domain.ActorToken, domain.TokenID{9}.String()
	program.Actor.Credential.Scopes = domain.Scopes{domain.ScopeAll}

	for name, c := range map[string]struct {
		meta  domain.Meta
		bound int // the user that the token is bound to; 0 for none
		then  []domain.Command
		facts []domain.Event // for which there are no commands
		at    time.Time
		want  int
	}{
		"the operator":                        {meta: root(org), want: 1},
		"a program":                           {meta: program, want: 1},
		"a member":                            {meta: by(3), want: 3},
		"a member for another":                {meta: by(1), bound: 4, want: 1},
		"a program for a member":              {meta: program, bound: 4, want: 4},
		"on behalf of a member":               {meta: onBehalfOf(3), want: 3},
		"a member who was suspended":          {meta: by(3), then: []domain.Command{domain.SuspendMember{Meta: root(org), Workspace: ws, User: userID(3)}}, want: 3},
		"a member who was removed":            {meta: by(3), then: []domain.Command{removeMember(org, ws, 3)}, want: 3},
		"a member who was removed, and back":  {meta: by(3), then: []domain.Command{removeMember(org, ws, 3), addMember(org, ws, 3, domain.RoleClient)}, want: 3},
		"somebody of the organization":        {meta: by(2), want: 1},
		"somebody who became a member later":  {meta: by(2), then: []domain.Command{addMember(org, ws, 2, domain.RoleViewer)}, want: 2},
		"somebody who was only invited":       {meta: by(40), then: []domain.Command{inviteMember(org, ws, 40, domain.RoleViewer)}, want: 1},
		"the oldest owner is an editor now":   {meta: root(org), then: []domain.Command{changeRole(org, ws, 1, domain.RoleEditor)}, want: 5},
		"the oldest owner was removed":        {meta: root(org), then: []domain.Command{removeMember(org, ws, 1)}, want: 5},
		"the oldest owner is suspended":       {meta: root(org), then: []domain.Command{domain.SuspendMember{Meta: root(org), Workspace: ws, User: userID(1)}}, want: 5},
		"the oldest owner is suspended above": {meta: root(org), then: []domain.Command{domain.SuspendOrganizationMember{Meta: root(org), User: userID(1)}}, want: 5},
		"an older member became an owner":     {meta: root(org), then: []domain.Command{changeRole(org, ws, 3, domain.RoleOwner), removeMember(org, ws, 1)}, want: 3},
		"an owner whose time is not over":     {meta: root(org), then: []domain.Command{addMemberUntil(org, ws, 6, domain.RoleOwner, soon), removeMember(org, ws, 1)}, facts: gone(5), at: sooner, want: 6},
		"an owner whose time is over":         {meta: root(org), then: []domain.Command{addMemberUntil(org, ws, 6, domain.RoleOwner, soon)}, facts: gone(1, 5), at: soon, want: 1},
		"all owners were removed":             {meta: root(org), facts: gone(1, 5), want: 1},
		"nobody is left with an owner's role": {meta: root(org), facts: append(gone(1, 5), demoted(1), demoted(5)), want: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHistory(1)
			h.do(t,
				createOrganization(org, 7), putOrganizationMember(org, 1, domain.OrganizationPlain), putOrganizationMember(org, 2, domain.OrganizationOwner),
				createWorkspace(org, ws, 1), addMember(org, ws, 3, domain.RoleAdmin), addMember(org, ws, 4, domain.RoleViewer), addMember(org, ws, 5, domain.RoleOwner),
			)
			facts := domain.TokenFacts{ID: domain.TokenID{1}, Name: "CI", Secret: domain.Hash{1}, Scopes: domain.Scopes{"all:read"}, Workspace: ws}
			if c.bound != 0 {
				facts.User = userID(c.bound)
			}
			// The rules of who may issue a token are not what is tested here.
			h.record(c.meta, domain.TokenIssued{About: domain.About{Organization: org}, Token: facts})
			h.do(t, c.then...)
			h.record(root(org), c.facts...)
			at := c.at
			if at.IsZero() {
				at = later
			}
			got, err := h.models(t).Authorizer(org, facts.ID, at)
			if want := membershipID(ws, userID(c.want)); got != want || err != nil {
				t.Errorf("%s, %v, want %s", got, err, want)
			}
		})
	}
}

// gone returns the events that end memberships of workspace 1, whatever the rules say.
func gone(users ...int) (events []domain.Event) {
	for _, n := range users {
		events = append(events, domain.MemberRemoved{About: aboutMember(n)})
	}
	return events
}

func demoted(n int) domain.Event {
	return domain.MemberRoleChanged{About: aboutMember(n), Role: domain.Change[domain.RoleKey]{From: domain.RoleOwner, To: domain.RoleEditor}}
}

func aboutMember(n int) domain.About {
	return domain.About{Organization: orgID(1), Workspace: wsID(1), User: userID(n)}
}
