package transport

import (
	"fmt"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport/ids"
)

// Organization is the tenant.
type Organization struct {
	ID        domain.OrganizationID `json:"id" format:"uuid"`
	Name      string                `json:"name" example:"Acme Studios"`
	CreatedAt Time                  `json:"created_at"`
	UpdatedAt Time                  `json:"updated_at"`
}

func showOrganization(o *domain.Organization) Organization {
	return Organization{o.ID, o.Name, Time(o.CreatedAt), Time(o.UpdatedAt)}
}

// OrganizationPath is the part of a path that names an organization.
type OrganizationPath struct {
	Organization domain.OrganizationID `path:"organization" format:"uuid" doc:"The organization's id."`
}

// checkOrganization refuses an organization that the token does not reach.
func (c *call) checkOrganization(org domain.OrganizationID) error {
	if !c.who.Reaches(org) {
		return nothing()
	}
	return nil
}

// findOrganization refuses also one that does not exist.
func (c *call) findOrganization(org domain.OrganizationID) error {
	if err := c.checkOrganization(org); err != nil || !c.who.Token.IsZero() {
		return err // an organization that has issued tokens exists; a JWT can name any
	}
	_, err := c.api.models.Organization(org)
	return err
}

func (a *API) organizations() {
	tags := []string{"Organizations"}
	command(a, huma.Operation{
		OperationID: "create-organization", Method: http.MethodPost, Path: "/v1/organizations", DefaultStatus: http.StatusCreated,
		Tags: tags, Security: scope(rootScope), Summary: "Create an organization",
		Description: "Makes an organization, and its first owner with an entry in its directory. Only the root token may.",
	}, a.createOrganization)
	query(a, huma.Operation{
		OperationID: "list-organizations", Path: "/v1/organizations",
		Tags: tags, Security: scope("organizations:read"), Summary: "List organizations",
		Description: "Every organization for the root token; its own one for any other.",
	}, a.listOrganizations)
	query(a, huma.Operation{
		OperationID: "get-organization", Path: "/v1/organizations/{organization}",
		Tags: tags, Security: scope("organizations:read"), Summary: "Get an organization",
		Description: "The organization's name and times.",
	}, a.getOrganization)
	command(a, huma.Operation{
		OperationID: "update-organization", Method: http.MethodPatch, Path: "/v1/organizations/{organization}",
		Tags: tags, Security: scope("organizations:update"), Summary: "Rename an organization",
		Description: "A merge patch (RFC 7396). Organization owners and admins may, and tokens that are bound to no user.",
	}, a.updateOrganization)
}

type createOrganizationBody struct {
	Name  string     `json:"name" minLength:"1" maxLength:"200" example:"Acme Studios"`
	Owner ownerInput `json:"owner" doc:"The first owner."`
}

type ownerInput struct {
	User  domain.UserID   `json:"user_id,omitzero" format:"uuid" doc:"The id that your product knows them by; made when left out."`
	Email string          `json:"email" maxLength:"254" example:"ada@acme.example"`
	Name  personNameInput `json:"name,omitzero"`
}

func (b *createOrganizationBody) needs() []need {
	return []need{{"/name", b.Name != ""}, {"/owner/email", b.Owner.Email != ""}}
}

type createOrganizationInput struct {
	WriteHeaders
	JSONBody[createOrganizationBody]
}

func (a *API) createOrganization(c *call, in *createOrganizationInput) (*Written[Organization], error) {
	// A command is looked for by its key in the organization that it concerns. So
	// that it is found, the key decides which organization it makes.
	org := domain.OrganizationID(a.newID())
	if in.IdempotencyKey != "" {
		org = ids.Derived("organization", c.who.Identity.String(), in.IdempotencyKey)
	}
	owner := in.Body.value.Owner
	if owner.User.IsZero() {
		owner.User = a.newID()
	}
	result, err := in.run(c, domain.CreateOrganization{
		Meta: in.meta(c, org, in.Body.sum), Name: in.Body.value.Name,
		Owner: owner.User, Profile: domain.ProfileFacts{Email: owner.Email, Name: domain.PersonName(owner.Name)},
	})
	if err != nil {
		return nil, err
	}
	made := result.State.Organization(org)
	shown := showOrganization(made)
	return written(&in.WriteHeaders, result, domain.OrganizationCreated{}.EventType(), made.Version, &shown), nil
}

type listOrganizationsInput struct {
	ReadHeaders
	ListQuery
}

func (a *API) listOrganizations(c *call, in *listOrganizationsInput) (*Listing[Organization], error) {
	if c.who.IsRoot() {
		rows, err := a.models.Organizations(in.page())
		return listing(rows, err, showOrganization)
	}
	if in.Cursor != "" {
		return nil, fmt.Errorf("%w: it has one page only", projections.ErrBadCursor)
	}
	own, err := a.models.Organization(c.who.Organization)
	return listing(projections.List[domain.Organization]{Items: []domain.Organization{own}}, err, showOrganization)
}

type getOrganizationInput struct {
	OrganizationPath
	ReadHeaders
	ETagHeaders
}

func (a *API) getOrganization(c *call, in *getOrganizationInput) (*Resource[Organization], error) {
	if err := c.checkOrganization(in.Organization); err != nil {
		return nil, err
	}
	org, err := a.models.Organization(in.Organization)
	if err != nil {
		return nil, err
	}
	shown := showOrganization(&org)
	return found(in.ETagHeaders, org.Version, &shown)
}

// renameBody is the merge patch of what has a name and nothing else to change.
type renameBody struct {
	Name string `json:"name" minLength:"1" maxLength:"200" example:"Acme Pictures"`
}

func (b *renameBody) needs() []need { return []need{{"/name", b.Name != ""}} }

type updateOrganizationInput struct {
	OrganizationPath
	WriteHeaders
	JSONBody[renameBody]
}

func (a *API) updateOrganization(c *call, in *updateOrganizationInput) (*Written[Organization], error) {
	if err := c.checkOrganization(in.Organization); err != nil {
		return nil, err
	}
	result, err := in.run(c, domain.RenameOrganization{
		Meta: in.meta(c, in.Organization, in.Body.sum), Name: in.Body.value.Name,
	})
	if err != nil {
		return nil, err
	}
	org := result.State.Organization(in.Organization)
	shown := showOrganization(org)
	return written(&in.WriteHeaders, result, "", org.Version, &shown), nil
}
