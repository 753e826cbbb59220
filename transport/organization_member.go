package transport

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections"
)

// OrganizationMember is a user's role in the organization as a whole.
type OrganizationMember struct {
	User         domain.UserID            `json:"user_id" format:"uuid"`
	Organization domain.OrganizationID    `json:"organization_id" format:"uuid"`
	Role         *domain.OrganizationRole `json:"role" nullable:"true" enum:"owner,admin,member" doc:"Owners and admins inherit access to every workspace. null for somebody who has no role and was suspended."`
	ProfileInBrief
	SuspendedAt Time `json:"suspended_at" nullable:"true" doc:"Since when the user has no access to anything of the organization; null: they are not suspended."`
	CreatedAt   Time `json:"created_at"`
	UpdatedAt   Time `json:"updated_at"`
}

// TransformSchema documents what can be null.
func (OrganizationMember) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return nullable(s, "name")
}

func showOrganizationMember(m *projections.OrganizationMember) OrganizationMember {
	return organizationMember(&m.OrganizationMember, m.Profile)
}

func organizationMember(m *domain.OrganizationMember, p *domain.Profile) OrganizationMember {
	shown := OrganizationMember{
		User: m.User, Organization: m.Organization, ProfileInBrief: profileInBrief(p),
		SuspendedAt: Time(m.SuspendedAt), CreatedAt: Time(m.CreatedAt), UpdatedAt: Time(m.UpdatedAt),
	}
	if m.Present() {
		shown.Role = &m.Role
	}
	return shown
}

// OrganizationUserPath is the part of a path that names a user of an organization.
type OrganizationUserPath struct {
	OrganizationPath
	User domain.UserID `path:"user" format:"uuid" doc:"The user's id, as your product knows it."`
}

func (a *API) organizationMembers() {
	const path = "/v1/organizations/{organization}/members"
	tags := []string{"Organization members"}
	query(a, huma.Operation{
		OperationID: "list-organization-members", Path: path,
		Tags: tags, Security: scope("organization_members:read"), Summary: "List organization members",
		Description: "Everybody who has a role in the organization as a whole.",
	}, a.listOrganizationMembers)
	query(a, huma.Operation{
		OperationID: "get-organization-member", Path: path + "/{user}",
		Tags: tags, Security: scope("organization_members:read"), Summary: "Get an organization member",
		Description: "The user's role in the organization.",
	}, a.getOrganizationMember)
	command(a, huma.Operation{
		OperationID: "put-organization-member", Method: http.MethodPut, Path: path + "/{user}",
		Tags: tags, Security: scope("organization_members:update"), Summary: "Give a user a role in the organization",
		Description: "Adds the user (201), or changes the role (200). Nobody gives or takes a role above their own, and the last owner stays.",
		Responses:   orCreated(),
	}, a.putOrganizationMember)
	command(a, huma.Operation{
		OperationID: "remove-organization-member", Method: http.MethodDelete, Path: path + "/{user}",
		Tags: tags, Security: scope("organization_members:delete"), Summary: "Remove an organization member",
		Description: "Offboards the user: takes their role in the organization, with the access that it gave to every workspace, and ends all of their memberships and invitations, in one commit. Again 204 when removed before. Where the user is the last owner somebody else must be made one first.",
	}, a.removeOrganizationMember)
	command(a, huma.Operation{
		OperationID: "suspend-organization-member", Method: http.MethodPost, Path: path + "/{user}/suspend",
		Tags: tags, Security: scope("organization_members:update"), Summary: "Suspend a user in the organization",
		Description: "Takes all of the user's access to the organization for a while, with or without a role in it. Their role and memberships stay as they are, and give nothing. Again 200 when suspended before.",
	}, a.suspendOrganizationMember)
	command(a, huma.Operation{
		OperationID: "reinstate-organization-member", Method: http.MethodPost, Path: path + "/{user}/reinstate",
		Tags: tags, Security: scope("organization_members:update"), Summary: "Reinstate a user in the organization",
		Description: "Makes a suspended user's role and memberships count again. Again 200 when not suspended.",
	}, a.reinstateOrganizationMember)
}

type listOrganizationMembersInput struct {
	OrganizationPath
	ReadHeaders
	ListQuery
	Role  string `query:"role" enum:"owner,admin,member" doc:"Members with this role."`
	Q     string `query:"q" maxLength:"254" pattern:"^.*$" doc:"Members whose e-mail address or name begins like this, in upper or lower case." example:"ada"`
	Order string `query:"order_by" enum:"created_at,-created_at,email,-email,name,-name" doc:"The order; a minus turns it around. created_at unless told otherwise."`
}

func (a *API) listOrganizationMembers(c *call, in *listOrganizationMembersInput) (*Listing[OrganizationMember], error) {
	if err := c.checkOrganization(in.Organization); err != nil {
		return nil, err
	}
	rows, err := a.models.OrganizationMembers(in.Organization, projections.OrganizationMemberFilter{
		Role: domain.OrganizationRole(in.Role), Query: in.Q, Order: projections.Order(in.Order),
	}, in.page())
	return listing(rows, err, showOrganizationMember)
}

type getOrganizationMemberInput struct {
	OrganizationUserPath
	ReadHeaders
}

func (a *API) getOrganizationMember(c *call, in *getOrganizationMemberInput) (*Resource[OrganizationMember], error) {
	if err := c.checkOrganization(in.Organization); err != nil {
		return nil, err
	}
	member, err := a.models.OrganizationMember(in.Organization, in.User)
	if err != nil {
		return nil, err
	}
	shown := showOrganizationMember(&member)
	return found(ETagHeaders{}, member.Version, &shown)
}

type putOrganizationMemberBody struct {
	Role domain.OrganizationRole `json:"role" enum:"owner,admin,member"`
}

func (b *putOrganizationMemberBody) needs() []need { return []need{{"/role", b.Role != ""}} }

type putOrganizationMemberInput struct {
	OrganizationUserPath
	WriteHeaders
	JSONBody[putOrganizationMemberBody]
}

func (a *API) putOrganizationMember(c *call, in *putOrganizationMemberInput) (*Written[OrganizationMember], error) {
	if err := c.checkOrganization(in.Organization); err != nil {
		return nil, err
	}
	return in.changeOrganizationMember(c, in.OrganizationUserPath, domain.PutOrganizationMember{
		Meta: in.meta(c, in.Organization, in.Body.sum), User: in.User, Role: in.Body.value.Role,
	})
}

type organizationMemberVerbInput struct {
	OrganizationUserPath
	WriteHeaders
}

func (a *API) suspendOrganizationMember(c *call, in *organizationMemberVerbInput) (*Written[OrganizationMember], error) {
	if err := c.checkOrganization(in.Organization); err != nil {
		return nil, err
	}
	return in.changeOrganizationMember(c, in.OrganizationUserPath, domain.SuspendOrganizationMember{
		Meta: in.meta(c, in.Organization, domain.Hash{}), User: in.User,
	})
}

func (a *API) reinstateOrganizationMember(c *call, in *organizationMemberVerbInput) (*Written[OrganizationMember], error) {
	if err := c.checkOrganization(in.Organization); err != nil {
		return nil, err
	}
	return in.changeOrganizationMember(c, in.OrganizationUserPath, domain.ReinstateOrganizationMember{
		Meta: in.meta(c, in.Organization, domain.Hash{}), User: in.User,
	})
}

// changeOrganizationMember runs a command on what a user is in the organization.
func (h *WriteHeaders) changeOrganizationMember(c *call, path OrganizationUserPath, command domain.Command) (*Written[OrganizationMember], error) {
	result, err := h.run(c, command)
	if err != nil {
		return nil, err
	}
	member := result.State.OrganizationMember(path.Organization, path.User)
	if member == nil { // a user who never had a role, and was not suspended either
		member = &domain.OrganizationMember{Organization: path.Organization, User: path.User}
	}
	shown := organizationMember(member, result.State.Profile(path.Organization, path.User))
	return written(h, result, domain.OrganizationMemberAdded{}.EventType(), member.Version, &shown), nil
}

type removeOrganizationMemberInput struct {
	OrganizationUserPath
	WriteHeaders
}

func (a *API) removeOrganizationMember(c *call, in *removeOrganizationMemberInput) (*Gone, error) {
	if err := c.checkOrganization(in.Organization); err != nil {
		return nil, err
	}
	result, err := in.run(c, domain.RemoveOrganizationMember{
		Meta: in.meta(c, in.Organization, domain.Hash{}), User: in.User,
	})
	if err != nil {
		return nil, err
	}
	return gone(&in.WriteHeaders, result), nil
}
