package catalogue

import "github.com/muster-dev/muster/domain"

var organizations = []row{
	{
		What:     "The organization was created.",
		More:     "The events about its first owner follow.",
		Text:     map[string]string{"name": "The organization's name."},
		Examples: []domain.Event{domain.OrganizationCreated{About: acme, Name: "Acme Studios"}},
	},
	{
		What:     "The organization has another name.",
		Text:     map[string]string{"name": "The organization's name."},
		Examples: []domain.Event{domain.OrganizationRenamed{About: acme, Name: domain.Change[string]{From: "Acme Studios", To: "Acme Pictures"}}},
	},
}

var organizationMembers = []row{
	{
		What:     "A user has a role in the organization.",
		More:     "Owners and admins inherit access to every workspace.",
		Text:     map[string]string{"role": "The role in the organization."},
		Examples: []domain.Event{domain.OrganizationMemberAdded{About: grace, Role: domain.OrganizationAdmin}},
	},
	{
		What: "A user has another role in the organization.",
		More: "What they inherit changes with it.",
		Text: map[string]string{"role": "The role in the organization."},
		Examples: []domain.Event{domain.OrganizationMemberRoleChanged{
			About: grace, Role: domain.Change[domain.OrganizationRole]{From: domain.OrganizationAdmin, To: domain.OrganizationPlain},
		}},
	},
	{
		What: "A user has no role in the organization any more.",
		More: "Their memberships end too: each has its own `muster.member.removed`, in the same command, or, with `ending`, later.",
		Text: map[string]string{
			"role":   "The role that was taken away. Absent if there was none.",
			"ending": "True if all of the user's memberships and invitations end with this event, because there are too many for one commit. Absent otherwise.",
		},
		Examples: []domain.Event{
			domain.OrganizationMemberRemoved{About: grace, Role: domain.OrganizationPlain},
			domain.OrganizationMemberRemoved{About: grace, Role: domain.OrganizationPlain, Ending: true},
		},
	},
	{
		What:     "A user has no access to anything of the organization for now.",
		More:     "Their role and memberships stay, but give no access.",
		Examples: []domain.Event{domain.OrganizationMemberSuspended{About: grace}},
	},
	{
		What:     "A user who was suspended in the organization has access again.",
		More:     "Their role and memberships count again.",
		Examples: []domain.Event{domain.OrganizationMemberReinstated{About: grace}},
	},
}
