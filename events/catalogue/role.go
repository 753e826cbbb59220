package catalogue

import (
	"github.com/muster-dev/muster/domain"
)

// terms are the texts of what can be changed of a role.
var terms = map[string]string{
	"key":         "What names the role in other events and in requests. It is never used again for another role.",
	"name":        "The role's name, for people.",
	"level":       "The role's level.",
	"permissions": "The role's permissions. The list can be empty.",
}

var roles = []row{
	{
		What: "The organization has a new role of its own.",
		Text: terms,
		Examples: []domain.Event{domain.RoleCreated{
			About: acme, RoleID: auditor, Key: "auditor", Name: "Auditor", Level: 15, Permissions: []domain.Permission{"reports.view"},
		}},
	},
	{
		What: "The role has changed, for all members who have it.",
		More: "It has all of the role as it is now, and not only what has changed.",
		Text: terms,
		Examples: []domain.Event{domain.RoleUpdated{
			About: acme, RoleID: auditor, Key: "auditor", Name: "Auditor", Level: 16, Permissions: []domain.Permission{},
		}},
	},
	{
		What:     "The role cannot be given to anyone else.",
		More:     "Members who have it keep it.",
		Text:     map[string]string{"key": "What names the role in other events and in requests."},
		Examples: []domain.Event{domain.RoleArchived{About: acme, RoleID: auditor, Key: "auditor"}},
	},
}
