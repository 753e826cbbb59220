package transport

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections"
)

// ProfileInBrief is what a directory says of a person, where they are a member of
// something: null for somebody whom the directory does not know.
type ProfileInBrief struct {
	Email     *string            `json:"email" example:"ada@acme.example" doc:"null for a user without a profile in the directory."`
	Name      *domain.PersonName `json:"name"`
	AvatarURL *string            `json:"avatar_url" format:"uri"`
}

func profileInBrief(p *domain.Profile) ProfileInBrief {
	if p == nil {
		return ProfileInBrief{}
	}
	return ProfileInBrief{&p.Email, &p.Name, orNull(&p.AvatarURL)}
}

// appendFields appends the fields, with a comma in front.
func (p *ProfileInBrief) appendFields(b []byte) []byte {
	if p.Email == nil {
		return append(b, `,"email":null,"name":null,"avatar_url":null`...)
	}
	b = appendText(append(b, `,"email":`...), *p.Email)
	b = appendText(append(b, `,"name":{"first":`...), p.Name.First)
	b = appendText(append(b, `,"last":`...), p.Name.Last)
	b = append(b, `},"avatar_url":`...)
	if p.AvatarURL == nil {
		return append(b, "null"...)
	}
	return appendText(b, *p.AvatarURL)
}

// personNameInput is a name as it is sent: not everybody has both parts.
type personNameInput struct {
	First string `json:"first,omitzero" maxLength:"200" example:"Ada"`
	Last  string `json:"last,omitzero" maxLength:"200" example:"Lovelace"`
}

// User is a person's entry in the organization's directory.
type User struct {
	ID           domain.UserID         `json:"id" format:"uuid"`
	Organization domain.OrganizationID `json:"organization_id" format:"uuid"`
	Email        string                `json:"email" example:"ada@acme.example"`
	Name         domain.PersonName     `json:"name"`
	AvatarURL    *string               `json:"avatar_url" format:"uri"`
	CreatedAt    Time                  `json:"created_at"`
	UpdatedAt    Time                  `json:"updated_at"`
}

func showUser(p *domain.Profile) User {
	return User{
		p.User, p.Organization, p.Email, p.Name, orNull(&p.AvatarURL),
		Time(p.CreatedAt), Time(p.UpdatedAt),
	}
}

func (a *API) users() {
	const path = "/v1/organizations/{organization}/users"
	tags := []string{"Users"}
	query(a, huma.Operation{
		OperationID: "list-users", Path: path,
		Tags: tags, Security: scope("users:read"), Summary: "List users",
		Description: "The organization's directory: everybody with a profile, whether or not they are a member of anything.",
	}, a.listUsers)
	query(a, huma.Operation{
		OperationID: "get-user", Path: path + "/{user}",
		Tags: tags, Security: scope("users:read"), Summary: "Get a user",
		Description: "The user's profile in the organization's directory.",
	}, a.getUser)
	command(a, huma.Operation{
		OperationID: "put-user", Method: http.MethodPut, Path: path + "/{user}",
		Tags: tags, Security: scope("users:update"), Summary: "Write a user's profile",
		Description: "Makes the directory say this of the user, and nothing else; 200 whether or not it knew them before. People may write their own profile; organization owners and admins everybody's.",
	}, a.putUser)
}

type listUsersInput struct {
	OrganizationPath
	ReadHeaders
	ListQuery
	Q     string `query:"q" maxLength:"254" pattern:"^.*$" doc:"Users whose e-mail address or name begins like this, in upper or lower case." example:"ada"`
	Order string `query:"order_by" enum:"created_at,-created_at,email,-email,name,-name" doc:"The order; a minus turns it around. created_at unless told otherwise."`
}

func (a *API) listUsers(c *call, in *listUsersInput) (*Listing[User], error) {
	if err := c.checkOrganization(in.Organization); err != nil {
		return nil, err
	}
	rows, err := a.models.Users(in.Organization, projections.UserFilter{Query: in.Q, Order: projections.Order(in.Order)}, in.page())
	return listing(rows, err, showUser)
}

type getUserInput struct {
	OrganizationUserPath
	ReadHeaders
	ETagHeaders
}

func (a *API) getUser(c *call, in *getUserInput) (*Resource[User], error) {
	if err := c.checkOrganization(in.Organization); err != nil {
		return nil, err
	}
	profile, err := a.models.User(in.Organization, in.User)
	if err != nil {
		return nil, err
	}
	shown := showUser(&profile)
	return found(in.ETagHeaders, profile.Version, &shown)
}

type putUserBody struct {
	Email     string          `json:"email" maxLength:"254" example:"ada@acme.example"`
	Name      personNameInput `json:"name,omitzero"`
	AvatarURL string          `json:"avatar_url,omitzero" nullable:"true" maxLength:"2000" format:"uri" example:"https://acme.example/ada.png" doc:"An https address."`
}

func (b *putUserBody) needs() []need { return []need{{"/email", b.Email != ""}} }

type putUserInput struct {
	OrganizationUserPath
	WriteHeaders
	JSONBody[putUserBody]
}

func (a *API) putUser(c *call, in *putUserInput) (*Written[User], error) {
	if err := c.checkOrganization(in.Organization); err != nil {
		return nil, err
	}
	sent := in.Body.value
	result, err := in.run(c, domain.SetProfile{
		Meta: in.meta(c, in.Organization, in.Body.sum), User: in.User,
		Profile: domain.ProfileFacts{Email: sent.Email, Name: domain.PersonName(sent.Name), AvatarURL: sent.AvatarURL},
	})
	if err != nil {
		return nil, err
	}
	profile := result.State.Profile(in.Organization, in.User)
	shown := showUser(profile)
	return written(&in.WriteHeaders, result, "", profile.Version, &shown), nil
}
