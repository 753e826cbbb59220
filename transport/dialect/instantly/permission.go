package instantly

import (
	"fmt"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
)

// permission is a permission that Instantly knows.
type permission string

var permissions = []permission{
	"dashboard.view",
	"campaigns.view", "campaigns.create", "campaigns.edit", "campaigns.delete",
	"organization.manage", "organization.integrations", "organization.billing", "organization.users.manage",
	"leadFinder.view",
	"customLeadLabels.create", "customLeadLabels.edit", "customLeadLabels.delete",
	"unibox.all",
	"analytics.view",
	"agency.manage",
	"accounts.view", "accounts.manage",
	"leadManagement.view", "leads.move",
	"crm.view",
	"websiteVisitors.view",
	"blocklist.manage",
	"preferences.manage",
	"inboxPlacement.view",
	"aiAgents.manage",
	"workspaceGroupMembers.invite", "workspaceGroupMembers.remove", "workspaceGroupMembers.leave",
}

// Schema documents the permissions.
func (permission) Schema(huma.Registry) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString}
	for _, p := range permissions {
		s.Enum = append(s.Enum, string(p))
	}
	return s
}

// showPermissions returns those permissions of the list that Instantly knows. It returns
// nil for nil, which means the permissions of the role.
func showPermissions(list []domain.Permission) *[]permission {
	if list == nil {
		return nil
	}
	shown := []permission{}
	for _, p := range list {
		if slices.Contains(permissions, permission(p)) {
			shown = append(shown, permission(p))
		}
	}
	return &shown
}

// readPermissions returns the permissions as Muster names them. It refuses one that
// Instantly does not know.
func readPermissions(list []permission) ([]domain.Permission, error) {
	if list == nil {
		return nil, nil
	}
	read := make([]domain.Permission, len(list))
	for i, p := range list {
		if !slices.Contains(permissions, p) {
			return nil, &domain.InvalidError{
				Pointer: fmt.Sprintf("/permissions/%d", i), Code: "invalid_permission",
				Detail: "one of the permissions that the documentation of this operation lists is expected",
			}
		}
		read[i] = domain.Permission(p)
	}
	return read, nil
}
