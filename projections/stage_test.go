package projections

import (
	"testing"
	"time"

	"github.com/muster-dev/muster/domain"
)

// webhook returns the n-th subscription.
func webhook(n byte) domain.SubscriptionFacts {
	return domain.SubscriptionFacts{
		ID: domain.SubscriptionID{n}, Kind: domain.SubscriptionWebhook, Secret: domain.Hash{n},
		SubscriptionTerms: domain.SubscriptionTerms{Name: "Hook", Types: []string{"muster.member.*"}, URL: "https://example.com/hook"},
	}
}

// review returns the n-th review, with as many rows.
func review(n byte) domain.ReviewFacts {
	return domain.ReviewFacts{ID: domain.ReviewID{n}, Name: "Spring", AsOf: 1, At: time.UnixMilli(1 << 40).UTC(), Rows: int(n), DueAt: time.UnixMilli(1 << 42).UTC()}
}

// decide decides a row of the n-th review on behalf of user 1.
func decide(org domain.OrganizationID, n byte, ws domain.WorkspaceID, user int, decision domain.ReviewDecision) domain.Command {
	m := root(org)
	m.OnBehalfOf = userID(1)
	return domain.DecideReview{Meta: m, ID: domain.ReviewID{n}, Decisions: []domain.RowDecision{{Workspace: ws, User: userID(user), Decision: decision, Reason: "seen"}}}
}

// stage makes the history that most queries are tested on. Organization 1 has the
// workspaces 1, 2 and 3; workspace 3 is archived. User 1 owns everything, 2 is an admin
// of the organization, 3 is an editor of workspace 1, 4 is both an admin of the
// organization and a viewer of workspace 1, 5 was removed from it, and 6 has no
// profile. Organization 2 has a workspace and an owner of its own.
func stage(t *testing.T) (*history, *ReadModels) {
	t.Helper()
	h := newHistory(4)
	org, ws := orgID(1), wsID(1)
	h.do(t,
		createOrganization(org, 1), createWorkspace(org, ws, 1), createWorkspace(org, wsID(2), 1), createWorkspace(org, wsID(3), 1),
		domain.SetProfile{Meta: root(org), User: userID(2), Profile: domain.ProfileFacts{
			Email: "Bea_100%@example.com", Name: domain.PersonName{First: "Ädda", Last: "O'Neil"}, AvatarURL: "https://example.com/b",
		}.Patch()},
		putOrganizationMember(org, 2, domain.OrganizationAdmin),
		introduceMember(org, ws, 3, domain.RoleEditor),
		introduceMember(org, ws, 4, domain.RoleViewer), putOrganizationMember(org, 4, domain.OrganizationAdmin),
		introduceMember(org, ws, 5, domain.RoleClient), removeMember(org, ws, 5),
		addMember(org, ws, 6, domain.RoleClient), putOrganizationMember(org, 6, domain.OrganizationPlain),
		domain.ArchiveWorkspace{Meta: root(org), Workspace: wsID(3)},
		domain.IssueToken{Meta: root(org), Token: domain.TokenFacts{
			ID: domain.TokenID{1}, Name: "CI", Secret: domain.Hash{1}, Scopes: domain.Scopes{"all:read", "users:all"},
		}},
		domain.IssueToken{Meta: root(org), Token: domain.TokenFacts{
			ID: domain.TokenID{2}, Name: "Ada's", Secret: domain.Hash{2}, Scopes: domain.Scopes{"all:all"},
			Workspace: ws, User: userID(1), ExpiresAt: h.now.AddDate(1, 0, 0),
		}},
		domain.RevokeToken{Meta: root(org), Token: domain.TokenID{1}},
		domain.CreateSubscription{Meta: root(org), Subscription: webhook(1), From: 1},
		domain.CreateSubscription{Meta: root(org), Subscription: webhook(2)},
		domain.CreateSubscription{Meta: root(org), Subscription: webhook(3)},
		domain.DeleteSubscription{Meta: root(org), ID: webhook(3).ID},
		domain.OpenReview{Meta: root(org), Review: review(9)},
		domain.OpenReview{Meta: root(org), Workspace: ws, Review: review(2)},
		decide(org, 9, ws, 3, domain.ReviewRevoked), decide(org, 9, wsID(2), 2, domain.ReviewKept), introduceMember(org, ws, 3, domain.RoleEditor),
		domain.CloseReview{Meta: root(org), ID: domain.ReviewID{2}, LeaveUndecided: true, Why: "late"},
		createOrganization(orgID(2), 7), createWorkspace(orgID(2), wsID(4), 7),
	)
	return h, h.models(t)
}
