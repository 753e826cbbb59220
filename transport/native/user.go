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

// personNameInput is a name in a request. A part that is left out stays as it is.
type personNameInput struct {
	First *string `json:"first,omitzero" bounds:"name_part" example:"Ada"`
	Last  *string `json:"last,omitzero" bounds:"name_part" example:"Lovelace"`
}

// said returns what the fields of a body say about a person. A nil field says nothing.
func said(email *string, name personNameInput, avatar *string) domain.ProfilePatch {
	return domain.ProfilePatch{Email: email, First: name.First, Last: name.Last, AvatarURL: avatar}
}

// factsOf returns the profile of a new user, who has only what the patch says.
func factsOf(p domain.ProfilePatch) (facts domain.ProfileFacts) {
	if p.Email != nil {
		facts.Email = *p.Email
	}
	if p.First != nil {
		facts.Name.First = *p.First
	}
	if p.Last != nil {
		facts.Name.Last = *p.Last
	}
	if p.AvatarURL != nil {
		facts.AvatarURL = *p.AvatarURL
	}
	return facts
}

// checkAvatar refuses an empty address. To say that there is no picture takes null, where
// that is possible.
func checkAvatar(sent *string) error {
	if sent != nil && *sent == "" {
		return &domain.InvalidError{Pointer: "/avatar_url", Code: "invalid_url", Detail: "an https address is expected"}
	}
	return nil
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
			Description: "Writes the fields that are sent into the user's entry in the directory. If there is no entry, it makes one and needs an email. A field that is left out stays as it is. avatar_url null removes the picture, and an empty part of the name removes that part. The response is 200 in both cases. People may change their own name and picture. Only an owner or admin of the organization, or a token of the organization, can change an e-mail address or anything of somebody else.",
			Do:          transport.Command(putUser),
		},
		erasureOperation(),
	}
}

type listUsersInput struct {
	OrganizationPath
	transport.ReadHeaders
	transport.AsOf
	ListQuery
	Q     string `query:"q" maxLength:"254" pattern:"^.*$" doc:"Users whose e-mail address or name begins like this, in upper or lower case." example:"ada"`
	Order string `query:"order_by" enum:"created_at,-created_at,email,-email,name,-name" doc:"The order; a minus reverses it. The default is created_at."`
}

func listUsers(c *transport.Call, in *listUsersInput) (*Listing[User], error) {
	if err := c.CheckOrganization(in.Organization); err != nil {
		return nil, err
	}
	q, err := c.Queries(in.Organization)
	if err != nil {
		return nil, err
	}
	rows, err := q.Users(c, in.Organization, projections.UserFilter{Query: in.Q, Order: projections.Order(in.Order)}, in.page())
	return listing(c, rows, err, showUser)
}

type getUserInput struct {
	OrganizationUserPath
	transport.ReadHeaders
	transport.AsOf
	transport.ETagHeaders
}

func getUser(c *transport.Call, in *getUserInput) (*transport.Resource[User], error) {
	if err := c.CheckOrganization(in.Organization); err != nil {
		return nil, err
	}
	q, err := c.Queries(in.Organization)
	if err != nil {
		return nil, err
	}
	profile, err := q.User(in.Organization, in.User)
	if err != nil {
		return nil, err
	}
	shown := showUser(&profile)
	return transport.Found(in.ETagHeaders, profile.Version, &shown), nil
}

type putUserBody struct {
	Email     *string                 `json:"email,omitzero" bounds:"email" example:"ada@acme.example" doc:"Needed for a user without an entry in the directory."`
	Name      personNameInput         `json:"name,omitzero"`
	AvatarURL transport.Patch[string] `json:"avatar_url,omitzero" bounds:"avatar_url" nullable:"true" format:"uri" example:"https://acme.example/ada.png" doc:"An https address; null: no picture."`
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
	avatar := sent.AvatarURL.Change()
	if !sent.AvatarURL.IsNull() {
		if err := checkAvatar(avatar); err != nil {
			return nil, err
		}
	}
	result, err := c.Do(in.Write(), in.Organization, func(m domain.Meta) domain.Command {
		return domain.SetProfile{Meta: m, User: in.User, Profile: said(sent.Email, sent.Name, avatar)}
	})
	if err != nil {
		return nil, err
	}
	profile := result.State.Profile(in.Organization, in.User)
	if profile == nil { // a replayed command whose user has been erased
		return nil, domain.ErrUnknownUser
	}
	shown := showUser(profile)
	return transport.Wrote(result, "", profile.Version, &shown), nil
}
