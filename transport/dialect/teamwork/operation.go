package teamwork

import (
	"net/http"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport"
)

// WorkspacePath is the part of a path that names a workspace.
type WorkspacePath struct {
	Workspace domain.WorkspaceID `path:"workspaceId" format:"uuid" doc:"The unique identifier of the workspace."`
}

type listInput struct {
	WorkspacePath
	transport.ReadHeaders
}

type listOutput struct{ Body members }

func list(c *transport.Call, in *listInput) (*listOutput, error) {
	ws, err := c.FindWorkspace(in.Workspace)
	if err != nil {
		return nil, err
	}
	out := &listOutput{members{}}
	for m, err := range c.Members(ws, projections.MemberFilter{}) {
		if err != nil {
			return nil, err
		}
		out.Body = append(out.Body, show(m))
	}
	return out, nil
}

type addBody struct {
	User  domain.UserID `json:"userId" format:"uuid" doc:"The user, by your product's id for them."`
	Level *int32        `json:"accessLevel" nullable:"false" minimum:"0" maximum:"4" doc:"0 client, 1 viewer, 2 editor, 3 admin, 4 owner."`
}

type addInput struct {
	WorkspacePath
	transport.WriteHeaders
	transport.JSONBody[addBody]
}

func add(c *transport.Call, in *addInput) (*transport.Written[member], error) {
	sent := in.Sent()
	if sent.User.IsZero() {
		return nil, required("/userId")
	}
	role, err := roleOf("/accessLevel", sent.Level)
	if err != nil {
		return nil, err
	}
	out, err := change(c, in.Write(), in.Workspace, func(m domain.Meta) domain.Command {
		return domain.AddMember{Meta: m, Workspace: in.Workspace, User: sent.User, Terms: domain.Terms{Role: role}, Membership: c.NewID()}
	})
	if err == nil {
		out.Status = http.StatusCreated
	}
	return out, err
}

type updateBody struct {
	Level *int32 `json:"role" nullable:"false" minimum:"0" maximum:"4" doc:"The new access level: 0 client, 1 viewer, 2 editor, 3 admin, 4 owner."`
}

type updateInput struct {
	Member domain.MembershipID `path:"memberId" format:"uuid" doc:"The unique identifier of the workspace member."`
	transport.WriteHeaders
	transport.JSONBody[updateBody]
}

func update(c *transport.Call, in *updateInput) (*transport.Written[member], error) {
	role, err := roleOf("/role", in.Sent().Level)
	if err != nil {
		return nil, err
	}
	return give(c, in.Write(), in.Member, role)
}

type updateInBodyBody struct {
	Member domain.MembershipID `json:"memberId" format:"uuid" doc:"The unique identifier of the workspace member."`
	Level  *int32              `json:"newAccessLevel" nullable:"false" minimum:"0" maximum:"4" doc:"The new access level: 0 client, 1 viewer, 2 editor, 3 admin, 4 owner."`
}

type updateInBodyInput struct {
	transport.WriteHeaders
	transport.JSONBody[updateInBodyBody]
}

func updateInBody(c *transport.Call, in *updateInBodyInput) (*transport.Written[member], error) {
	sent := in.Sent()
	if sent.Member.IsZero() {
		return nil, required("/memberId")
	}
	role, err := roleOf("/newAccessLevel", sent.Level)
	if err != nil {
		return nil, err
	}
	return give(c, in.Write(), sent.Member, role)
}

// give gives a member the role. It does not check whether the token reaches the member's
// workspace, because the command does.
func give(c *transport.Call, w *transport.Write, id domain.MembershipID, role domain.RoleKey) (*transport.Written[member], error) {
	found, err := transport.Find(c, func() (projections.Member, error) { return c.Models().Membership(id, c.Now()) })
	if err != nil {
		return nil, err
	}
	return change(c, w, found.Workspace, func(m domain.Meta) domain.Command {
		return domain.ChangeMember{Meta: m, Workspace: found.Workspace, User: found.User, Role: &role}
	})
}

// change runs a command on a member and returns its answer. In this dialect only those
// who act at the level of an owner may change access: a manager of the workspace who does
// not own it may not.
func change(c *transport.Call, w *transport.Write, ws domain.WorkspaceID, command func(domain.Meta) domain.Command) (*transport.Written[member], error) {
	changed, err := c.ChangeMember(w, ws, func(m domain.Meta) domain.Command {
		m.Least = domain.LevelTop
		return command(m)
	})
	if err != nil {
		return nil, err
	}
	return transport.Wrote(changed.Result, "", changed.Version, show(&changed.Member)), nil
}
