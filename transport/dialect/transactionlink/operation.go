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

// find answers the workspace, when the token may look into it. What its user may
// do decides too: somebody who has no access to a workspace does not see who has.
func (p WorkspacePath) find(c transport.Call) (domain.Workspace, error) {
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

func listDirect(c transport.Call, in *listInput) (*listOutput, error) {
	return in.list(c, projections.SourceDirect)
}

func listAll(c transport.Call, in *listInput) (*listOutput, error) {
	return in.list(c, projections.SourceDirect, projections.SourceOrganization)
}

// list answers a row for each grant from one of the sources.
func (in *listInput) list(c transport.Call, sources ...projections.Source) (*listOutput, error) {
	ws, err := in.find(c)
	if err != nil {
		return nil, err
	}
	v, out, from := newViewer(c, ws), &listOutput{memberships{}}, projections.Page{Size: projections.MaxPageSize}
	for {
		page, err := c.Models().AccessList(ws.ID, projections.AccessFilter{}, c.Now(), from)
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

func put(c transport.Call, in *putInput) (*transport.Written[membership], error) {
	key, err := in.role(c)
	if err != nil {
		return nil, err
	}
	changed, err := c.Change(&in.WriteHeaders, in.Workspace, in.Hash(), func(m domain.Meta) domain.Command {
		return domain.PutMemberRole{Meta: m, Workspace: in.Workspace, User: in.User, Role: key, Membership: c.NewID()}
	})
	if wrong := (*domain.InvalidError)(nil); errors.As(err, &wrong) && wrong.Pointer == "/role" {
		err = errUnknownRole // archived meanwhile, or before
	}
	if err != nil {
		return nil, err
	}
	ws := changed.Result.State.Workspace(in.Workspace)
	if ws == nil { // it was done before
		found, err := c.FindWorkspace(in.Workspace)
		if err != nil {
			return nil, err
		}
		ws = &found
	}
	shown, err := newViewer(c, *ws).show(changed.User, changed.Role, projections.SourceDirect)
	return transport.Wrote(&in.WriteHeaders, changed, &shown), err
}

var errUnknownRole = &domain.InvalidError{
	Pointer: "/roleId", Code: "unknown_role", Detail: "the id of a role is expected that is built in or the organization's own, and not archived",
}

// role answers the key of the role that the body names.
func (in *putInput) role(c transport.Call) (domain.RoleKey, error) {
	sent := in.Sent()
	switch {
	case sent.User != in.User:
		return "", &domain.InvalidError{Pointer: "/userId", Code: "invalid_value", Detail: "the user of the path is expected"}
	case sent.Role.IsZero():
		return "", &domain.InvalidError{Pointer: "/roleId", Code: "required", Detail: "the field is needed"}
	}
	org, err := c.OrganizationOf(in.Workspace)
	if err != nil {
		return "", err
	}
	role, err := c.Models().RoleByID(org, sent.Role)
	if errors.Is(err, projections.ErrNotFound) {
		err = errUnknownRole
	}
	return role.Key, err
}

type removeInput struct {
	MemberPath
	transport.WriteHeaders
}

func remove(c transport.Call, in *removeInput) (*transport.Gone, error) {
	changed, err := c.Change(&in.WriteHeaders, in.Workspace, domain.Hash{}, func(m domain.Meta) domain.Command {
		return domain.RemoveMember{Meta: m, Workspace: in.Workspace, User: in.User}
	})
	if err != nil {
		return nil, err
	}
	return transport.Ended(&in.WriteHeaders, changed), nil
}
