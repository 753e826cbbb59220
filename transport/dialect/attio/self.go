package attio

import (
	"strings"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/transport"
)

// self describes a token in the form of RFC 7662, section 2.2.
type self struct {
	Active    bool                `json:"active" doc:"Always true: a token that is not recognised gets 401."`
	Scope     string              `json:"scope" maxLength:"5100" pattern:"^\\S+( \\S+)*$" doc:"The token's scopes with spaces between them."`
	Client    domain.TokenID      `json:"client_id" format:"uuid" doc:"The token's id."`
	TokenType string              `json:"token_type" enum:"Bearer"`
	Expires   *int64              `json:"exp" minimum:"0" maximum:"253402300799" doc:"When the token expires, in seconds since 1970; null: never."`
	Issued    int64               `json:"iat" minimum:"0" maximum:"253402300799" doc:"When the token was issued, in seconds since 1970."`
	Subject   domain.WorkspaceID  `json:"sub" format:"uuid" doc:"The workspace."`
	Audience  domain.TokenID      `json:"aud" format:"uuid" doc:"The token's id."`
	Issuer    string              `json:"iss" enum:"attio.com" doc:"What Attio's clients expect; it is Muster that issued the token."`
	Member    domain.MembershipID `json:"authorized_by_workspace_member_id" format:"uuid" doc:"The membership of the user who issued the token, even if it has ended since. If there is none, that of the user that the token is bound to; otherwise that of the workspace's oldest owner."`
	Workspace domain.WorkspaceID  `json:"workspace_id" format:"uuid"`
	Name      string              `json:"workspace_name" bounds:"name" example:"Product"`
	Slug      domain.WorkspaceID  `json:"workspace_slug" format:"uuid" doc:"The workspace's id: Muster has no other short name of it."`
	LogoURL   *string             `json:"workspace_logo_url" format:"uri" maxLength:"2000" doc:"Always null: workspaces have no logo."`
}

type identifyInput struct{ transport.ReadHeaders }

type identifyOutput struct{ Body *self }

func identify(c *transport.Call, _ *identifyInput) (*identifyOutput, error) {
	ws, err := c.Models().Workspace(c.Workspace())
	if err != nil {
		return nil, err
	}
	token, err := c.Models().Token(c.Organization(), c.Bearer().Token)
	if err != nil {
		return nil, err
	}
	member, err := c.Models().Authorizer(token.Organization, token.ID, c.Now())
	if err != nil {
		return nil, err
	}
	shown := &self{
		Active: true, Scope: join(token.Scopes), Client: token.ID, TokenType: "Bearer",
		Issued: token.CreatedAt.Unix(), Subject: ws.ID, Audience: token.ID, Issuer: "attio.com",
		Member: member, Workspace: ws.ID, Name: ws.Name, Slug: ws.ID,
	}
	if !token.ExpiresAt.IsZero() {
		expires := token.ExpiresAt.Unix()
		shown.Expires = &expires
	}
	return &identifyOutput{shown}, nil
}

func join(scopes domain.Scopes) string {
	words := make([]string, len(scopes))
	for i, s := range scopes {
		words[i] = string(s)
	}
	return strings.Join(words, " ")
}
