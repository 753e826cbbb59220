package transport

import (
	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections"
)

// Organization returns the organization that the token belongs to. It is zero for the
// root token.
func (c *Call) Organization() domain.OrganizationID { return c.bearer.Organization }

// Workspace returns the workspace that the token is bound to. It is zero for a token
// that is bound to none.
func (c *Call) Workspace() domain.WorkspaceID { return c.bearer.Workspace() }

// User returns the user that the token is bound to. It is zero for a token that belongs
// to a program.
func (c *Call) User() domain.UserID { return c.bearer.Actor.User }

// Reaches reports whether the token may know of the workspace, which belongs to the
// organization. To a token that does not reach it, a handler must show it as not found.
func (c *Call) Reaches(org domain.OrganizationID, ws domain.WorkspaceID) bool {
	return c.bearer.ReachesWorkspace(org, ws)
}

// CheckOrganization returns [NotFound] if the token does not reach the organization. It
// does not check whether the organization exists.
func (c *Call) CheckOrganization(org domain.OrganizationID) error {
	if !c.bearer.Reaches(org) {
		return NotFound()
	}
	return nil
}

// FindOrganization is [Call.CheckOrganization] that also fails if the organization does
// not exist.
func (c *Call) FindOrganization(org domain.OrganizationID) error {
	if err := c.CheckOrganization(org); err != nil || c.past == nil && !c.bearer.Token.IsZero() {
		return err // an organization with a token exists now; only a root token or a JWT can name another one
	}
	if c.past != nil {
		_, err := c.Queries(org)
		return err
	}
	_, err := Find(c, func() (domain.Organization, error) { return c.Models().Organization(org) })
	return err
}

// FindWorkspace looks up a workspace. Call it once and use the result for all queries of
// a request. A workspace that the token does not reach is not found, and neither is one that
// did not exist at the moment that the request asks for.
func (c *Call) FindWorkspace(id domain.WorkspaceID) (projections.FoundWorkspace, error) {
	ws, err := c.lookUp(id)
	if err == nil && !c.Reaches(ws.Organization, id) {
		err = NotFound()
	}
	if err != nil || c.past == nil {
		return ws, err
	}
	q, err := c.Queries(ws.Organization)
	if err != nil {
		return ws, err
	}
	return q.FindWorkspace(id)
}

// OrganizationOf returns the organization for a command on the workspace. For the root
// token it looks the organization up. For any other token it is the token's own: if the
// workspace belongs to another one the domain refuses the command.
func (c *Call) OrganizationOf(ws domain.WorkspaceID) (domain.OrganizationID, error) {
	if c.bearer.IsRoot() {
		found, err := c.lookUp(ws)
		return found.Organization, err
	}
	if !c.Reaches(c.bearer.Organization, ws) {
		return domain.OrganizationID{}, NotFound()
	}
	return c.bearer.Organization, nil
}

func (c *Call) lookUp(ws domain.WorkspaceID) (projections.FoundWorkspace, error) {
	return Find(c, func() (projections.FoundWorkspace, error) { return c.Models().FindWorkspace(ws) })
}
