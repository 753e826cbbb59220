package native

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport"
	"github.com/muster-dev/muster/transport/openapi"
)

// OrganizationMember is a user's role in the organization as a whole.
type OrganizationMember struct {
	User         domain.UserID            `json:"user_id" format:"uuid"`
	Organization domain.OrganizationID    `json:"organization_id" format:"uuid"`
	Role         *domain.OrganizationRole `json:"role" nullable:"true" enum:"owner,admin,member" doc:"Owners and admins inherit access to every workspace. null for somebody who has no role and was suspended."`
	ProfileInBrief
	SuspendedAt transport.Time `json:"suspended_at" nullable:"true" doc:"Since when the user has no access to anything of the organization; null: they are not suspended."`
	CreatedAt   transport.Time `json:"created_at"`
	UpdatedAt   transport.Time `json:"updated_at"`
}

// TransformSchema documents which fields can be null.
func (OrganizationMember) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return openapi.Nullable(s, "name")
}

func showOrganizationMember(m *projections.OrganizationMember) OrganizationMember {
	return organizationMember(&m.OrganizationMember, m.Profile)
}

func organizationMember(m *domain.OrganizationMember, p *domain.Profile) OrganizationMember {
	shown := OrganizationMember{
		User: m.User, Organization: m.Organization, ProfileInBrief: profileInBrief(p),
		SuspendedAt: transport.Time(m.SuspendedAt), CreatedAt: transport.Time(m.CreatedAt), UpdatedAt: transport.Time(m.UpdatedAt),
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

func organizationMemberOperations() []transport.Operation {
	const path = "/v1/organizations/{organization}/members"
	const tag = "Organization members"
	return []transport.Operation{
		{
			ID: "list-organization-members", Path: path,
			Reach: transport.ReachOrganization, Scope: "organization_members:read", Tag: tag,
			Summary:     "List organization members",
			Description: "Everybody who has a role in the organization as a whole.",
			Do:          transport.Query(listOrganizationMembers),
		},
		{
			ID: "get-organization-member", Path: path + "/{user}",
			Reach: transport.ReachOrganization, Scope: "organization_members:read", Tag: tag,
			Summary:     "Get an organization member",
			Description: "The user's role in the organization.",
			Do:          transport.Query(getOrganizationMember),
		},
		{
			ID: "put-organization-member", Method: http.MethodPut, Path: path + "/{user}",
			Reach: transport.ReachOrganization, Scope: "organization_members:update", Tag: tag, MayCreate: true,
			Summary:     "Give a user a role in the organization",
			Description: "Adds the user (201), or changes the role (200). Nobody gives or takes a role above their own, and the last owner remains.",
			Do:          transport.Command(putOrganizationMember),
		},
		{
			ID: "remove-organization-member", Method: http.MethodDelete, Path: path + "/{user}",
			Reach: transport.ReachOrganization, Scope: "organization_members:delete", Tag: tag,
			Summary:     "Remove an organization member",
			Description: "Offboards the user: takes away their role in the organization, with the access that it gave to every workspace, and ends all of their memberships and invitations. All access ends with the commit that Muster-Position names. If there are more than 200 memberships, the events that record the single ends follow in other commits. Again 204 when removed before. If the user is the last owner, make somebody else an owner first.",
			Do:          transport.Command(removeOrganizationMember),
		},
		{
			ID: "suspend-organization-member", Method: http.MethodPost, Path: path + "/{user}/suspend",
			Reach: transport.ReachOrganization, Scope: "organization_members:update", Tag: tag,
			Summary:     "Suspend a user in the organization",
			Description: "Takes away all of the user's access to the organization, with or without a role in it, until the user is reinstated. Their role and memberships stay as they are, but give no access. Nothing new can be given to the user until then: 409 user_suspended. If the user is the last active owner of workspaces, the response is 409 last_owner and names them: make somebody else an owner first. An owner of the organization can insist with force=true. Again 200 when suspended before.",
			Do:          transport.Command(suspendOrganizationMember),
		},
		{
			ID: "reinstate-organization-member", Method: http.MethodPost, Path: path + "/{user}/reinstate",
			Reach: transport.ReachOrganization, Scope: "organization_members:update", Tag: tag,
			Summary:     "Reinstate a user in the organization",
			Description: "Makes a suspended user's role and memberships count again. Again 200 when not suspended.",
			Do:          transport.Command(reinstateOrganizationMember),
		},
	}
}

type listOrganizationMembersInput struct {
	OrganizationPath
	transport.ReadHeaders
	transport.AsOf
	ListQuery
	Role  string `query:"role" enum:"owner,admin,member" doc:"Members with this role."`
	Q     string `query:"q" maxLength:"254" pattern:"^.*$" doc:"Members whose e-mail address or name begins like this, in upper or lower case." example:"ada"`
	Order string `query:"order_by" enum:"created_at,-created_at,email,-email,name,-name" doc:"The order; a minus reverses it. The default is created_at."`
}

func listOrganizationMembers(c *transport.Call, in *listOrganizationMembersInput) (*Listing[OrganizationMember], error) {
	if err := c.CheckOrganization(in.Organization); err != nil {
		return nil, err
	}
	q, err := c.Queries(in.Organization)
	if err != nil {
		return nil, err
	}
	rows, err := q.OrganizationMembers(c, in.Organization, projections.OrganizationMemberFilter{
		Role: domain.OrganizationRole(in.Role), Query: in.Q, Order: projections.Order(in.Order),
	}, in.page())
	return listing(c, rows, err, showOrganizationMember)
}

type getOrganizationMemberInput struct {
	OrganizationUserPath
	transport.ReadHeaders
	transport.AsOf
}

func getOrganizationMember(c *transport.Call, in *getOrganizationMemberInput) (*transport.Resource[OrganizationMember], error) {
	if err := c.CheckOrganization(in.Organization); err != nil {
		return nil, err
	}
	q, err := c.Queries(in.Organization)
	if err != nil {
		return nil, err
	}
	member, err := q.OrganizationMember(in.Organization, in.User)
	if err != nil {
		return nil, err
	}
	shown := showOrganizationMember(&member)
	return transport.Found(transport.ETagHeaders{}, member.Version, &shown), nil
}

type putOrganizationMemberBody struct {
	Role domain.OrganizationRole `json:"role" enum:"owner,admin,member"`
}

func (b *putOrganizationMemberBody) Required() []transport.Required {
	return []transport.Required{transport.Require("/role", b.Role != "")}
}

type putOrganizationMemberInput struct {
	OrganizationUserPath
	transport.WriteHeaders
	transport.JSONBody[putOrganizationMemberBody]
}

func putOrganizationMember(c *transport.Call, in *putOrganizationMemberInput) (*transport.Written[OrganizationMember], error) {
	return changeOrganizationMember(c, in.Write(), in.OrganizationUserPath, func(m domain.Meta) domain.Command {
		return domain.PutOrganizationMember{Meta: m, User: in.User, Role: in.Sent().Role}
	})
}

type organizationMemberVerbInput struct {
	OrganizationUserPath
	transport.WriteHeaders
}

type suspendOrganizationMemberInput struct {
	OrganizationUserPath
	transport.WriteHeaders
	Force bool `query:"force" doc:"Suspend the user even if workspaces are left without an active owner. Only an owner of the organization, or a token that acts for the organization, can do that."`
}

func suspendOrganizationMember(c *transport.Call, in *suspendOrganizationMemberInput) (*transport.Written[OrganizationMember], error) {
	return changeOrganizationMember(c, in.Write(), in.OrganizationUserPath, func(m domain.Meta) domain.Command {
		return domain.SuspendOrganizationMember{Meta: m, User: in.User, Force: in.Force}
	})
}

func reinstateOrganizationMember(c *transport.Call, in *organizationMemberVerbInput) (*transport.Written[OrganizationMember], error) {
	return changeOrganizationMember(c, in.Write(), in.OrganizationUserPath, func(m domain.Meta) domain.Command {
		return domain.ReinstateOrganizationMember{Meta: m, User: in.User}
	})
}

// changeOrganizationMember runs a command on a user as a member of the organization, and
// returns its answer.
func changeOrganizationMember(c *transport.Call, w *transport.Write, path OrganizationUserPath, command func(domain.Meta) domain.Command) (*transport.Written[OrganizationMember], error) {
	result, err := c.Do(w, path.Organization, command)
	if err != nil {
		return nil, err
	}
	member := result.State.OrganizationMember(path.Organization, path.User)
	if member == nil { // a user who never had a role and was never suspended
		member = &domain.OrganizationMember{Organization: path.Organization, User: path.User}
	}
	shown := organizationMember(member, result.State.Profile(path.Organization, path.User))
	return transport.Wrote(result, domain.OrganizationMemberAdded{}.EventType(), member.Version, &shown), nil
}

type removeOrganizationMemberInput struct {
	OrganizationUserPath
	transport.WriteHeaders
}

func removeOrganizationMember(c *transport.Call, in *removeOrganizationMemberInput) (*transport.Gone, error) {
	result, err := c.Do(in.Write(), in.Organization, func(m domain.Meta) domain.Command {
		return domain.RemoveOrganizationMember{
			Meta: m, User: in.User,
		}
	})
	if err != nil {
		return nil, err
	}
	return transport.Ended(result), nil
}
