package demo

import "github.com/muster-dev/muster/domain"

// action returns the command of a step, with its metadata.
type action func(domain.Meta) domain.Command

func profile(person string) domain.ProfileFacts {
	return domain.ProfileFacts{Email: person + "@example.com", Name: people[person]}
}

func membership(workspace, person string) domain.MembershipID {
	return domain.MembershipID(idOf("memberships/" + workspace + "/" + person))
}

func introduce(person string) action {
	return func(m domain.Meta) domain.Command {
		return domain.SetProfile{Meta: m, User: userID(person), Profile: profile(person).Patch()}
	}
}

func promote(person string, role domain.OrganizationRole) action {
	return func(m domain.Meta) domain.Command {
		return domain.PutOrganizationMember{Meta: m, User: userID(person), Role: role}
	}
}

func newWorkspace(name, owner string) action {
	return func(m domain.Meta) domain.Command {
		return domain.CreateWorkspace{
			Meta: m, Workspace: workspaceID(name), Name: name, Owner: userID(owner), Membership: membership(name, owner),
		}
	}
}

func join(workspace, person string, role domain.RoleKey) action {
	return func(m domain.Meta) domain.Command {
		return domain.AddMember{
			Meta: m, Workspace: workspaceID(workspace), User: userID(person), Terms: domain.Terms{Role: role},
			Membership: membership(workspace, person), Profile: new(profile(person).Patch()),
		}
	}
}

func change(workspace, person string, role domain.RoleKey) action {
	return func(m domain.Meta) domain.Command {
		return domain.ChangeMember{Meta: m, Workspace: workspaceID(workspace), User: userID(person), Role: &role}
	}
}

func remove(workspace, person string) action {
	return func(m domain.Meta) domain.Command {
		return domain.RemoveMember{Meta: m, Workspace: workspaceID(workspace), User: userID(person)}
	}
}

func rename(workspace, name string) action {
	return func(m domain.Meta) domain.Command {
		return domain.RenameWorkspace{Meta: m, Workspace: workspaceID(workspace), Name: name}
	}
}

func archive(workspace string) action {
	return func(m domain.Meta) domain.Command {
		return domain.ArchiveWorkspace{Meta: m, Workspace: workspaceID(workspace)}
	}
}
