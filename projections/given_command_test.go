package projections

import (
	"fmt"
	"time"

	"github.com/muster-dev/muster/domain"
)

func createOrganization(org domain.OrganizationID, owner int) domain.Command {
	return domain.CreateOrganization{Meta: root(org), Name: "Org", Owner: userID(owner), Profile: profile(owner)}
}

func createWorkspace(org domain.OrganizationID, ws domain.WorkspaceID, owner int) domain.Command {
	return domain.CreateWorkspace{
		Meta: root(org), Workspace: ws, Name: fmt.Sprintf("Workspace %x", ws[:2]), Owner: userID(owner),
		Membership: membershipID(ws, userID(owner)),
	}
}

func addMember(org domain.OrganizationID, ws domain.WorkspaceID, n int, role domain.RoleKey) domain.Command {
	return domain.AddMember{
		Meta: root(org), Workspace: ws, User: userID(n), Terms: domain.Terms{Role: role}, Membership: membershipID(ws, userID(n)),
	}
}

// addMemberUntil is addMember with an end.
func addMemberUntil(org domain.OrganizationID, ws domain.WorkspaceID, n int, role domain.RoleKey, end time.Time) domain.Command {
	c := addMember(org, ws, n, role).(domain.AddMember)
	c.ExpiresAt = end
	return c
}

// addMemberWith is addMember with permissions of the membership's own.
func addMemberWith(org domain.OrganizationID, ws domain.WorkspaceID, n int, role domain.RoleKey, permissions ...domain.Permission) domain.Command {
	c := addMember(org, ws, n, role).(domain.AddMember)
	c.Permissions = append([]domain.Permission{}, permissions...)
	return c
}

func putMember(org domain.OrganizationID, ws domain.WorkspaceID, n int, role domain.RoleKey) domain.Command {
	return domain.PutMember{
		Meta: root(org), Workspace: ws, User: userID(n), Terms: domain.Terms{Role: role}, Membership: membershipID(ws, userID(n)),
	}
}

// inviteMember invites the user n, with the secret of that number.
func inviteMember(org domain.OrganizationID, ws domain.WorkspaceID, n int, role domain.RoleKey) domain.Command {
	return domain.InviteMember{
		Meta: root(org), Workspace: ws, Profile: profile(n), Terms: domain.Terms{Role: role}, User: userID(n),
		Membership: membershipID(ws, userID(n)), Secret: secret(n),
	}
}

// acceptInvitation accepts in the name of the organization.
func acceptInvitation(org domain.OrganizationID, ws domain.WorkspaceID, n int) domain.Command {
	return domain.AcceptInvitation{Meta: root(org), Workspace: ws, User: userID(n)}
}

func changeRole(org domain.OrganizationID, ws domain.WorkspaceID, n int, role domain.RoleKey) domain.Command {
	return domain.ChangeMember{Meta: root(org), Workspace: ws, User: userID(n), Role: &role}
}

func createRole(org domain.OrganizationID, key domain.RoleKey, level domain.Level, permissions ...domain.Permission) domain.Command {
	id := domain.RoleID{org[0], 0xE}
	copy(id[2:], key)
	return domain.CreateRole{Meta: root(org), Role: domain.Role{
		ID: id, Key: key, Name: "The " + string(key), Level: level, Permissions: permissions,
	}}
}

func introduceMember(org domain.OrganizationID, ws domain.WorkspaceID, n int, role domain.RoleKey) domain.Command {
	c := addMember(org, ws, n, role).(domain.AddMember)
	facts := profile(n)
	c.Profile = new(facts.Patch())
	return c
}

func removeMember(org domain.OrganizationID, ws domain.WorkspaceID, n int) domain.Command {
	return domain.RemoveMember{Meta: root(org), Workspace: ws, User: userID(n)}
}

func putOrganizationMember(org domain.OrganizationID, n int, role domain.OrganizationRole) domain.Command {
	return domain.PutOrganizationMember{Meta: root(org), User: userID(n), Role: role}
}

func removeOrganizationMember(org domain.OrganizationID, n int) domain.Command {
	return domain.RemoveOrganizationMember{Meta: root(org), User: userID(n)}
}
