package catalogue

import (
	"time"

	"github.com/muster-dev/muster/domain"
)

var (
	nextWeek  = noon.Add(7 * 24 * time.Hour)
	nextMonth = noon.Add(30 * 24 * time.Hour)
)

var members = []row{
	{
		What: "A user is invited to the workspace.",
		More: "They have no access until they accept.",
		Text: map[string]string{"role": "The role that they get when they accept."},
		Examples: []domain.Event{domain.MemberInvited{
			About: member, Membership: membership, Role: domain.RoleViewer,
			Permissions: []domain.Permission{"reports.view"}, ExpiresAt: nextMonth,
			Invitation: domain.InvitationFacts{Secret: hash("invitation"), ExpiresAt: nextWeek},
		}},
	},
	{
		What:     "The invited user is a member.",
		Examples: []domain.Event{domain.MemberAccepted{About: member, Membership: membership}},
	},
	{
		What: "The invitation has a new secret and a new expiry.",
		Examples: []domain.Event{domain.MemberInvitationRenewed{
			About: member, Membership: membership,
			Invitation: domain.InvitationFacts{Secret: hash("renewed invitation"), ExpiresAt: nextWeek},
		}},
	},
	{
		What:     "A user is a member, for the first time or again.",
		Text:     map[string]string{"role": "The role that the membership gives."},
		Examples: []domain.Event{domain.MemberAdded{About: member, Membership: membership, Role: domain.RoleViewer}},
	},
	{
		What: "The member has another role.",
		Text: map[string]string{"role": "The role that the membership gives."},
		Examples: []domain.Event{domain.MemberRoleChanged{
			About: member, Membership: membership, Role: domain.Change[domain.RoleKey]{From: domain.RoleViewer, To: domain.RoleEditor},
		}},
	},
	{
		What: "The member has other permissions.",
		Text: map[string]string{"permissions": "The permissions that replace those of the role. null means those of the role, and an empty list means none."},
		Examples: []domain.Event{domain.MemberPermissionsChanged{
			About: member, Membership: membership, Permissions: domain.Change[[]domain.Permission]{To: []domain.Permission{"reports.view"}},
		}},
	},
	{
		What: "The membership ends at another time.",
		Text: map[string]string{"expires_at": "When the membership ends by itself. null means never."},
		Examples: []domain.Event{domain.MemberExpiryChanged{
			About: member, Membership: membership, ExpiresAt: domain.Change[*time.Time]{To: &nextMonth},
		}},
	},
	{
		What:     "The membership gives no access for now.",
		Examples: []domain.Event{domain.MemberSuspended{About: member, Membership: membership}},
	},
	{
		What:     "The membership gives access again.",
		Examples: []domain.Event{domain.MemberReinstated{About: member, Membership: membership}},
	},
	{
		What:     "The user is not a member any more.",
		Text:     map[string]string{"role": "The role that was taken away."},
		Examples: []domain.Event{domain.MemberRemoved{About: member, Membership: membership, Role: domain.RoleEditor}},
	},
	{
		What:     "The user has ended the membership.",
		Text:     map[string]string{"role": "The role that was given up."},
		Examples: []domain.Event{domain.MemberLeft{About: member, Membership: membership, Role: domain.RoleEditor}},
	},
	{
		What:     "The membership or the invitation has expired.",
		More:     "It gave no access from its instant on; this event follows shortly afterwards.",
		Text:     map[string]string{"role": "The role that ended."},
		Examples: []domain.Event{domain.MemberExpired{About: member, Membership: membership, Role: domain.RoleEditor}},
	},
}
