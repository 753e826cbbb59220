package native

import (
	"net/http"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport"
)

// ProfileInBrief is a person's profile as memberships and access show it. Its fields are
// null for a user without a profile in the directory.
type ProfileInBrief struct {
	Email     *string     `json:"email" bounds:"email" example:"ada@acme.example" doc:"null for a user without a profile in the directory."`
	Name      *PersonName `json:"name"`
	AvatarURL *string     `json:"avatar_url" bounds:"avatar_url" format:"uri"`
}

func profileInBrief(p *domain.Profile) ProfileInBrief {
	if p == nil {
		return ProfileInBrief{}
	}
	return ProfileInBrief{&p.Email, (*PersonName)(&p.Name), orNull(&p.AvatarURL)}
}

// PersonName is a person's name. Either part can be empty.
type PersonName struct {
	First string `json:"first" bounds:"name_part"`
	Last  string `json:"last" bounds:"name_part"`
}

// appendFields appends the fields, preceded by a comma.
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

// personNameInput is a name in a request. Either part may be left out.
type personNameInput struct {
	First string `json:"first,omitzero" bounds:"name_part" example:"Ada"`
	Last  string `json:"last,omitzero" bounds:"name_part" example:"Lovelace"`
}

// User is a person's entry in the organization's directory.
type User struct {
	ID           domain.UserID         `json:"id" format:"uuid"`
	Organization domain.OrganizationID `json:"organization_id" format:"uuid"`
	Email        string                `json:"email" bounds:"email" example:"ada@acme.example"`
	Name         PersonName            `json:"name"`
	AvatarURL    *string               `json:"avatar_url" bounds:"avatar_url" format:"uri"`
	CreatedAt    transport.Time        `json:"created_at"`
	UpdatedAt    transport.Time        `json:"updated_at"`
}

func showUser(p *domain.Profile) User {
	return User{
		p.User, p.Organization, p.Email, PersonName(p.Name), orNull(&p.AvatarURL),
		transport.Time(p.CreatedAt), transport.Time(p.UpdatedAt),
	}
}

func userOperations() []transport.Operation {
	const path = "/v1/organizations/{organization}/users"
	const tag = "Users"
	return []transport.Operation{
		{
			ID: "list-users", Path: path,
			Reach: transport.ReachOrganization, Scope: "users:read", Tag: tag,
			Summary:     "List users",
			Description: "The organization's directory: everybody with a profile, whether or not they are a member of anything.",
			Do:          transport.Query(listUsers),
		},
		{
			ID: "get-user", Path: path + "/{user}",
			Reach: transport.ReachOrganization, Scope: "users:read", Tag: tag,
			Summary:     "Get a user",
			Description: "The user's profile in the organization's directory.",
			Do:          transport.Query(getUser),
		},
		{
			ID: "put-user", Method: http.MethodPut, Path: path + "/{user}",
			Reach: transport.ReachOrganization, Scope: "users:update", Tag: tag,
			Summary:     "Write a user's profile",
			Description: "Makes the directory say this of the user, and nothing else; 200 whether or not it knew them before. People may write their own profile; organization owners and admins everybody's.",
			Do:          transport.Command(putUser),
		},
	}
}

type listUsersInput struct {
	OrganizationPath
	transport.ReadHeaders
	ListQuery
	Q     string `query:"q" maxLength:"254" pattern:"^.*$" doc:"Users whose e-mail address or name begins like this, in upper or lower case." example:"ada"`
	Order string `query:"order_by" enum:"created_at,-created_at,email,-email,name,-name" doc:"The order; a minus reverses it. The default is created_at."`
}

func listUsers(c *transport.Call, in *listUsersInput) (*Listing[User], error) {
	if err := c.CheckOrganization(in.Organization); err != nil {
		return nil, err
	}
	rows, err := c.Models().Users(c, in.Organization, projections.UserFilter{Query: in.Q, Order: projections.Order(in.Order)}, in.page())
	return listing(rows, err, showUser)
}

type getUserInput struct {
	OrganizationUserPath
	transport.ReadHeaders
	transport.ETagHeaders
}

func getUser(c *transport.Call, in *getUserInput) (*transport.Resource[User], error) {
	if err := c.CheckOrganization(in.Organization); err != nil {
		return nil, err
	}
	profile, err := c.Models().User(in.Organization, in.User)
	if err != nil {
		return nil, err
	}
	shown := showUser(&profile)
	return transport.Found(in.ETagHeaders, profile.Version, &shown), nil
}

type putUserBody struct {
	Email     string          `json:"email" bounds:"email" example:"ada@acme.example"`
	Name      personNameInput `json:"name,omitzero"`
	AvatarURL string          `json:"avatar_url,omitzero" bounds:"avatar_url" nullable:"true" format:"uri" example:"https://acme.example/ada.png" doc:"An https address."`
}

func (b *putUserBody) Required() []transport.Required {
	return []transport.Required{transport.Require("/email", b.Email != "")}
}

type putUserInput struct {
	OrganizationUserPath
	transport.WriteHeaders
	transport.JSONBody[putUserBody]
}

func putUser(c *transport.Call, in *putUserInput) (*transport.Written[User], error) {
	if err := c.CheckOrganization(in.Organization); err != nil {
		return nil, err
	}
	sent := in.Sent()
	result, err := c.Do(in.Write(), in.Organization, func(m domain.Meta) domain.Command {
		return domain.SetProfile{
			Meta: m, User: in.User,
			Profile: domain.ProfileFacts{Email: sent.Email, Name: domain.PersonName(sent.Name), AvatarURL: sent.AvatarURL},
		}
	})
	if err != nil {
		return nil, err
	}
	profile := result.State.Profile(in.Organization, in.User)
	shown := showUser(profile)
	return transport.Wrote(result, "", profile.Version, &shown), nil
}
