package catalogue

import "github.com/muster-dev/muster/domain"

var workspaces = []row{
	{
		What:     "There is a new workspace.",
		More:     "Its first owner follows as `muster.member.added`.",
		Text:     map[string]string{"name": "The workspace's name."},
		Examples: []domain.Event{domain.WorkspaceCreated{About: product, Name: "Product"}},
	},
	{
		What:     "The workspace has another name.",
		Text:     map[string]string{"name": "The workspace's name."},
		Examples: []domain.Event{domain.WorkspaceRenamed{About: product, Name: domain.Change[string]{From: "Product", To: "Products"}}},
	},
	{
		What:     "The workspace can be read but not changed.",
		Examples: []domain.Event{domain.WorkspaceArchived{About: product}},
	},
	{
		What:     "The workspace can be changed again.",
		Examples: []domain.Event{domain.WorkspaceRestored{About: product}},
	},
	{
		What: "An owner has given the workspace to another member.",
		More: "The events before it change both roles.",
		Text: map[string]string{"owner_user_id": "The owner."},
		Examples: []domain.Event{domain.WorkspaceOwnershipTransferred{
			About: product, Owner: domain.Change[domain.UserID]{From: ada, To: grace.User},
		}},
	},
}
