package native

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport"
)

// Organization is the tenant.
type Organization struct {
	ID        domain.OrganizationID `json:"id" format:"uuid"`
	Name      string                `json:"name" bounds:"name" example:"Acme Studios"`
	CreatedAt transport.Time        `json:"created_at"`
	UpdatedAt transport.Time        `json:"updated_at"`
}

func showOrganization(o *domain.Organization) Organization {
	return Organization{o.ID, o.Name, transport.Time(o.CreatedAt), transport.Time(o.UpdatedAt)}
}

// OrganizationPath is the part of a path that names an organization.
type OrganizationPath struct {
	Organization domain.OrganizationID `path:"organization" format:"uuid" doc:"The organization's id."`
}

func organizationOperations() []transport.Operation {
	const tag = "Organizations"
	return []transport.Operation{
		{
			ID: "create-organization", Method: http.MethodPost, Path: "/v1/organizations",
			Reach: transport.ReachOrganization, Scope: transport.RootScope, Tag: tag, Status: http.StatusCreated,
			Summary:     "Create an organization",
			Description: "Makes an organization, and its first owner with an entry in its directory. Only the root token may.",
			Do:          transport.Command(createOrganization),
		},
		{
			ID: "list-organizations", Path: "/v1/organizations",
			Reach: transport.ReachOrganization, Scope: "organizations:read", Tag: tag,
			Summary:     "List organizations",
			Description: "Every organization for the root token; its own one for any other.",
			Do:          transport.Query(listOrganizations),
		},
		{
			ID: "get-organization", Path: "/v1/organizations/{organization}",
			Reach: transport.ReachOrganization, Scope: "organizations:read", Tag: tag,
			Summary:     "Get an organization",
			Description: "The organization's name and times.",
			Do:          transport.Query(getOrganization),
		},
		{
			ID: "update-organization", Method: http.MethodPatch, Path: "/v1/organizations/{organization}",
			Reach: transport.ReachOrganization, Scope: "organizations:update", Tag: tag,
			Summary:     "Rename an organization",
			Description: "A merge patch (RFC 7396). Organization owners and admins may, and tokens that are bound to no user.",
			Do:          transport.Command(updateOrganization),
		},
	}
}

type createOrganizationBody struct {
	Name  string     `json:"name" bounds:"name" minLength:"1" example:"Acme Studios"`
	Owner ownerInput `json:"owner" doc:"The first owner."`
}

type ownerInput struct {
	User  domain.UserID   `json:"user_id,omitzero" format:"uuid" doc:"Your product's id for them; made by Muster if omitted."`
	Email string          `json:"email" bounds:"email" example:"ada@acme.example"`
	Name  personNameInput `json:"name,omitzero"`
}

func (b *createOrganizationBody) Required() []transport.Required {
	return []transport.Required{transport.Require("/name", b.Name != ""), transport.Require("/owner/email", b.Owner.Email != "")}
}

type createOrganizationInput struct {
	transport.WriteHeaders
	transport.JSONBody[createOrganizationBody]
}

func createOrganization(c *transport.Call, in *createOrganizationInput) (*transport.Written[Organization], error) {
	// A replay is recognised by looking for the key in the command's organization. So the
	// id of the new organization is derived from the key.
	org := domain.OrganizationID(c.KeyedID("organization", in.Write()))
	owner := in.Sent().Owner
	if owner.User.IsZero() {
		owner.User = c.NewID()
	}
	result, err := c.Do(in.Write(), org, func(m domain.Meta) domain.Command {
		return domain.CreateOrganization{
			Meta: m, Name: in.Sent().Name,
			Owner: owner.User, Profile: factsOf(said(&owner.Email, owner.Name, nil)),
		}
	})
	if err != nil {
		return nil, err
	}
	made := result.State.Organization(org)
	shown := showOrganization(made)
	return transport.Wrote(result, domain.OrganizationCreated{}.EventType(), made.Version, &shown), nil
}

type listOrganizationsInput struct {
	transport.ReadHeaders
	transport.AsOf
	ListQuery
}

func listOrganizations(c *transport.Call, in *listOrganizationsInput) (*Listing[Organization], error) {
	if c.Bearer().IsRoot() {
		rows, err := c.Models().Organizations(c, in.page())
		if err == nil && c.IsPast() {
			err = asOfThen(c, &rows)
		}
		return listing(c, rows, err, showOrganization)
	}
	if in.Cursor != "" {
		return nil, fmt.Errorf("%w: it has one page only", projections.ErrBadCursor)
	}
	rows := projections.List[domain.Organization]{Items: make([]domain.Organization, 1)}
	q, err := c.Queries(c.Organization())
	if err == nil {
		rows.Items[0], err = q.Organization(c.Organization())
	}
	if c.IsPast() && errors.Is(err, projections.ErrNotFound) { // it did not exist then
		rows.Items, err = rows.Items[:0], nil
	}
	return listing(c, rows, err, showOrganization)
}

// asOfThen makes a page of the organizations as they were at the moment that the request asks
// for, of a page of those that there are now. The list is in the order of their creation, so it
// ends before the first one that did not exist then.
func asOfThen(c *transport.Call, rows *projections.List[domain.Organization]) error {
	then := make(map[int]*projections.Queries)
	if err := c.InPartitions(func(partition int, q *projections.Queries) { then[partition] = q }); err != nil {
		return err
	}
	for i := range rows.Items {
		id, err := rows.Items[i].ID, projections.ErrNotFound
		if q := then[c.Log().Partition(id)]; q != nil {
			rows.Items[i], err = q.Organization(id)
		}
		if errors.Is(err, projections.ErrNotFound) {
			rows.Items, rows.Next = rows.Items[:i], ""
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

type getOrganizationInput struct {
	OrganizationPath
	transport.ReadHeaders
	transport.AsOf
	transport.ETagHeaders
}

func getOrganization(c *transport.Call, in *getOrganizationInput) (*transport.Resource[Organization], error) {
	if err := c.CheckOrganization(in.Organization); err != nil {
		return nil, err
	}
	q, err := c.Queries(in.Organization)
	if err != nil {
		return nil, err
	}
	org, err := q.Organization(in.Organization)
	if err != nil {
		return nil, err
	}
	shown := showOrganization(&org)
	return transport.Found(in.ETagHeaders, org.Version, &shown), nil
}

// renameBody is the merge patch of a thing of which only the name can be changed.
type renameBody struct {
	Name string `json:"name" bounds:"name" minLength:"1" example:"Acme Pictures"`
}

func (b *renameBody) Required() []transport.Required {
	return []transport.Required{transport.Require("/name", b.Name != "")}
}

type updateOrganizationInput struct {
	OrganizationPath
	transport.WriteHeaders
	transport.JSONBody[renameBody]
}

func updateOrganization(c *transport.Call, in *updateOrganizationInput) (*transport.Written[Organization], error) {
	result, err := c.Do(in.Write(), in.Organization, func(m domain.Meta) domain.Command {
		return domain.RenameOrganization{
			Meta: m, Name: in.Sent().Name,
		}
	})
	if err != nil {
		return nil, err
	}
	org := result.State.Organization(in.Organization)
	shown := showOrganization(org)
	return transport.Wrote(result, "", org.Version, &shown), nil
}
