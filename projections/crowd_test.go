package projections

import (
	"testing"
	"time"

	"github.com/muster-dev/muster/domain"
)

// soon is when some memberships of the crowd end: between sooner and later.
var (
	sooner = later.Add(-50 * time.Minute)
	soon   = later.Add(-30 * time.Minute)
)

// crowd is the stage with everything that a membership of workspace 1 can be. User
// 11 is invited, 12 an auditor, 13 a viewer with a permission of their own, 14 is
// suspended, 15 an editor until soon, 16 an editor and 17 an admin who are both
// suspended from the organization, 18 a lead and as high an admin of the
// organization, 19 invited until soon, 20 an editor who may do nothing, and 21 an
// owner until soon.
func crowd(t *testing.T) (*history, *ReadModels) {
	t.Helper()
	h, m := stage(t)
	org, ws := orgID(1), wsID(1)
	h.do(t,
		createRole(org, "auditor", 15, "workspace.view", "reports.view"),
		createRole(org, "lead", 40, "workspace.view", "reports.view", "reports.export"),
		inviteMember(org, ws, 11, domain.RoleEditor),
		introduceMember(org, ws, 12, "auditor"),
		addMemberWith(org, ws, 13, domain.RoleViewer, "reports.export"),
		introduceMember(org, ws, 14, domain.RoleEditor), domain.SuspendMember{Meta: root(org), Workspace: ws, User: userID(14)},
		addMemberUntil(org, ws, 15, domain.RoleEditor, soon),
		introduceMember(org, ws, 16, domain.RoleEditor), domain.SuspendOrganizationMember{Meta: root(org), User: userID(16)},
		putOrganizationMember(org, 17, domain.OrganizationAdmin), domain.SuspendOrganizationMember{Meta: root(org), User: userID(17)},
		addMember(org, ws, 18, "lead"), putOrganizationMember(org, 18, domain.OrganizationAdmin),
		addMemberWith(org, ws, 20, domain.RoleEditor),
		addMemberUntil(org, ws, 21, domain.RoleOwner, soon),
	)
	until := inviteMember(org, ws, 19, domain.RoleEditor).(domain.InviteMember)
	until.Lasts = soon.Sub(h.next())
	h.do(t, until)
	h.follow(t, m)
	return h, m
}
