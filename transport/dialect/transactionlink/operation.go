package transactionlink

import (
	"errors"
	"fmt"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport"
)

// WorkspacePath is the part of a path that names a workspace.
type WorkspacePath struct {
	Workspace domain.WorkspaceID `path:"workspaceId" format:"uuid" doc:"Identifier of the workspace."`
}

// find returns the workspace if the token reaches it. If the token is bound to a user,
// the user also needs the permission workspace.view: only those who may look into a
// workspace may see who else can.
func (p WorkspacePath) find(c *transport.Call) (projections.FoundWorkspace, error) {
	ws, err := c.FindWorkspace(p.Workspace)
	if err != nil || c.User().IsZero() {
		return ws, err
	}
	access, err := c.Models().Check(ws.ID, c.User(), c.Now())
	if err == nil && !access.Allows(domain.PermissionWorkspaceView) {
		err = fmt.Errorf("user %s lacks the permission %s: %w", c.User(), domain.PermissionWorkspaceView, domain.ErrNotAllowed)
	}
	return ws, err
}

type listInput struct {
	WorkspacePath
	transport.ReadHeaders
}

type listOutput struct{ Body memberships }

func listDirect(c *transport.Call, in *listInput) (*listOutput, error) {
	return in.list(c, projections.SourceDirect)
}

func listAll(c *transport.Call, in *listInput) (*listOutput, error) {
	return in.list(c, projections.Sources()...)
}

// list returns a row for each grant from one of the sources.
func (in *listInput) list(c *transport.Call, sources ...projections.Source) (*listOutput, error) {
	ws, err := in.find(c)
	if err != nil {
		return nil, err
	}
	v, out, from := newViewer(c, ws), &listOutput{memberships{}}, projections.Page{Size: projections.MaxPageSize}
	for {
		page, err := c.Models().AccessList(c, ws, projections.AccessFilter{}, c.Now(), from)
		if err != nil {
			return nil, err
		}
		for i := range page.Items {
			if err := v.append(&out.Body, &page.Items[i], sources); err != nil {
				return nil, err
			}
		}
		if from.After = page.Next; from.After == "" {
			return out, nil
		}
	}
}

// MemberPath is the part of a path that names a user in a workspace.
type MemberPath struct {
	WorkspacePath
	User domain.UserID `path:"userId" format:"uuid" doc:"Identifier of the user."`
}

type putBody struct {
	User domain.UserID `json:"userId" format:"uuid" doc:"Identifier of the user: that of the path."`
	Role domain.RoleID `json:"roleId" format:"uuid" doc:"Identifier of the role to assign to the user."`
}

type putInput struct {
	MemberPath
	transport.WriteHeaders
	transport.JSONBody[putBody]
}

// put gives a user a role. It reads the workspace, and the role if it is not built in.
// The answer is made from what the command left.
func put(c *transport.Call, in *putInput) (*transport.Written[membership], error) {
	sent := in.Sent()
	switch {
	case sent.User != in.User:
		return nil, &domain.InvalidError{Pointer: "/userId", Code: "invalid_value", Detail: "the user of the path is expected"}
	case sent.Role.IsZero():
		return nil, &domain.InvalidError{Pointer: "/roleId", Code: "required", Detail: "the field is needed"}
	}
	ws, err := c.FindWorkspace(in.Workspace)
	if err != nil {
		return nil, err
	}
	given, err := transport.Find(c, func() (domain.CustomRole, error) { return c.Models().RoleByID(ws.Organization, sent.Role) })
	if errors.Is(err, projections.ErrNotFound) {
		err = errUnknownRole
	}
	if err != nil {
		return nil, err
	}
	result, err := c.Do(in.Write(), ws.Organization, func(m domain.Meta) domain.Command {
		return domain.PutMemberRole{Meta: m, Workspace: in.Workspace, User: in.User, Role: given.Key, Membership: c.NewID()}
	})
	if wrong := (*domain.InvalidError)(nil); errors.As(err, &wrong) && wrong.Pointer == "/role" {
		err = errUnknownRole // the role is archived
	}
	if err != nil {
		return nil, err
	}
	left := c.Left(result, result.Target)
	shown := show(ws, left.User, left.Role, createdAt(ws, result.State.CustomRole(ws.Organization, left.Role.Key)), projections.SourceDirect)
	return transport.Wrote(result, "", left.Version, &shown), nil
}

var errUnknownRole = &domain.InvalidError{
	Pointer: "/roleId", Code: "unknown_role", Detail: "the id of a role is expected that is built in or the organization's own, and not archived",
}

type removeInput struct {
	MemberPath
	transport.WriteHeaders
}

func remove(c *transport.Call, in *removeInput) (*transport.Gone, error) {
	result, err := c.DoInWorkspace(in.Write(), in.Workspace, func(m domain.Meta) domain.Command {
		return domain.RemoveMember{Meta: m, Workspace: in.Workspace, User: in.User}
	})
	if err != nil {
		return nil, err
	}
	return transport.Ended(result), nil
}
