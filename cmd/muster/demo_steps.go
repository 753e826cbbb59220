package main

import (
	"strings"

	"github.com/muster-dev/muster/domain"
)

// What people do in the demo.

type command func(domain.Meta) domain.Command

func profile(person string) domain.ProfileFacts {
	return domain.ProfileFacts{Email: person + "@example.com", Name: demoPeople[person]}
}

func membership(workspace, person string) domain.MembershipID {
	return domain.MembershipID(demoID("memberships/" + workspace + "/" + person))
}

func introduce(person string) command {
	return func(m domain.Meta) domain.Command {
		return domain.SetProfile{Meta: m, User: demoUser(person), Profile: profile(person)}
	}
}

func promote(person string, role domain.OrganizationRole) command {
	return func(m domain.Meta) domain.Command {
		return domain.PutOrganizationMember{Meta: m, User: demoUser(person), Role: role}
	}
}

func newWorkspace(name, owner string) command {
	return func(m domain.Meta) domain.Command {
		return domain.CreateWorkspace{
			Meta: m, Workspace: demoWorkspace(name), Name: name, Owner: demoUser(owner), Membership: membership(name, owner),
		}
	}
}

func join(workspace, person string, role domain.RoleKey) command {
	return func(m domain.Meta) domain.Command {
		known := profile(person)
		return domain.AddMember{
			Meta: m, Workspace: demoWorkspace(workspace), User: demoUser(person), Terms: domain.Terms{Role: role},
			Membership: membership(workspace, person), Profile: &known,
		}
	}
}

func change(workspace, person string, role domain.RoleKey) command {
	return func(m domain.Meta) domain.Command {
		return domain.ChangeMember{Meta: m, Workspace: demoWorkspace(workspace), User: demoUser(person), Role: &role}
	}
}

func remove(workspace, person string) command {
	return func(m domain.Meta) domain.Command {
		return domain.RemoveMember{Meta: m, Workspace: demoWorkspace(workspace), User: demoUser(person)}
	}
}

func rename(workspace, name string) command {
	return func(m domain.Meta) domain.Command {
		return domain.RenameWorkspace{Meta: m, Workspace: demoWorkspace(workspace), Name: name}
	}
}

func archive(workspace string) command {
	return func(m domain.Meta) domain.Command {
		return domain.ArchiveWorkspace{Meta: m, Workspace: demoWorkspace(workspace)}
	}
}

// fullName is how a person is called.
func fullName(n domain.PersonName) string { return strings.TrimSpace(n.First + " " + n.Last) }
