package transport

import (
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/transport/auth"
)

// Token is a credential of an organization, without its secret.
type Token struct {
	ID           domain.TokenID        `json:"id" format:"uuid"`
	Organization domain.OrganizationID `json:"organization_id" format:"uuid"`
	Name         string                `json:"name" example:"Billing service"`
	Scopes       domain.Scopes         `json:"scopes" nullable:"false" example:"[\"workspace_members:read\",\"access:read\"]"`
	Workspace    *domain.WorkspaceID   `json:"workspace_id" format:"uuid" nullable:"true" doc:"The only workspace that the token reaches; null for every one."`
	User         *domain.UserID        `json:"user_id" format:"uuid" nullable:"true" doc:"The person whom the token stands for; null for a program."`
	ExpiresAt    Time                  `json:"expires_at" nullable:"true"`
	FormerUntil  Time                  `json:"former_secret_expires_at" nullable:"true" doc:"Until when the secret before the last rotation opens, or did; null for a token that was never rotated."`
	RevokedAt    Time                  `json:"revoked_at" nullable:"true"`
	CreatedAt    Time                  `json:"created_at"`
	UpdatedAt    Time                  `json:"updated_at"`
}

func showToken(t *domain.Token) Token {
	return Token{
		t.ID, t.Organization, t.Name, t.Scopes, idOrNull(t.Workspace), idOrNull(t.User),
		Time(t.ExpiresAt), Time(t.FormerUntil), Time(t.RevokedAt), Time(t.CreatedAt), Time(t.UpdatedAt),
	}
}

// IssuedToken is a token with its secret.
type IssuedToken struct {
	Token
	Secret *string `json:"secret" doc:"The token's text, shown this once: Muster keeps only a hash. null when this is the answer to a request that was answered before." example:"tot_4fQ2nX8aL0pVbR7sT1yKzE5hJ9mC3dW6gU2iN8oA4tYxB7Z0rHn1"`
}

func (a *API) tokens() {
	const path = "/v1/organizations/{organization}/tokens"
	tags := []string{"Tokens"}
	query(a, huma.Operation{
		OperationID: "list-tokens", Path: path,
		Tags: tags, Security: scope("tokens:read"), Summary: "List tokens",
		Description: "The organization's tokens, expired and revoked ones included, the oldest first. Secrets are never shown.",
	}, a.listTokens)
	command(a, huma.Operation{
		OperationID: "issue-token", Method: http.MethodPost, Path: path, DefaultStatus: http.StatusCreated,
		Tags: tags, Security: scope("tokens:create"), Summary: "Issue a token",
		Description: "Makes a token that allows no more than the one used to make it. The secret is shown in this answer and never again: tot_ begins one for the organization, tpt_ one bound to a user, twt_ one bound to a workspace.",
	}, a.issueToken)
	command(a, huma.Operation{
		OperationID: "rotate-token", Method: http.MethodPost, Path: path + "/{token}/rotate",
		Tags: tags, Security: scope("tokens:create"), Summary: "Rotate a token",
		Description: "Gives the token another secret, shown in this answer and never again. The former one goes on opening until the overlap ends, 7 days at most; without one it opens nothing any more. Only for a token that allows no more than the one used for this. 409 token_ended when it was revoked or has expired.",
	}, a.rotateToken)
	query(a, huma.Operation{
		OperationID: "get-token", Path: path + "/{token}",
		Tags: tags, Security: scope("tokens:read"), Summary: "Get a token",
		Description: "The token without its secret, also when it has expired or been revoked.",
	}, a.getToken)
	command(a, huma.Operation{
		OperationID: "revoke-token", Method: http.MethodDelete, Path: path + "/{token}",
		Tags: tags, Security: scope("tokens:delete"), Summary: "Revoke a token",
		Description: "From then on the token opens nothing. Again 204 when revoked before.",
	}, a.revokeToken)
}

type listTokensInput struct {
	OrganizationPath
	ReadHeaders
	ListQuery
}

func (a *API) listTokens(c *call, in *listTokensInput) (*Listing[Token], error) {
	if err := c.checkOrganization(in.Organization); err != nil {
		return nil, err
	}
	rows, err := a.models.Tokens(in.Organization, in.page())
	return listing(rows, err, showToken)
}

type issueTokenBody struct {
	Name      string             `json:"name" minLength:"1" maxLength:"200" example:"Billing service"`
	Scopes    domain.Scopes      `json:"scopes" nullable:"false" minItems:"1" maxItems:"100" example:"[\"workspace_members:read\",\"access:read\"]" doc:"resource:action each, with all on either side for everything."`
	Workspace domain.WorkspaceID `json:"workspace_id,omitzero" format:"uuid" nullable:"true" doc:"Binds the token to one workspace."`
	User      domain.UserID      `json:"user_id,omitzero" format:"uuid" nullable:"true" doc:"Binds the token to a person, whose role then decides."`
	ExpiresAt time.Time          `json:"expires_at,omitzero" nullable:"true" doc:"From then on the token opens nothing."`
}

func (b *issueTokenBody) needs() []need {
	return []need{{"/name", b.Name != ""}, {"/scopes", len(b.Scopes) > 0}}
}

type issueTokenInput struct {
	OrganizationPath
	WriteHeaders
	JSONBody[issueTokenBody]
}

func (a *API) issueToken(c *call, in *issueTokenInput) (*Written[IssuedToken], error) {
	if err := c.checkOrganization(in.Organization); err != nil {
		return nil, err
	}
	sent := &in.Body.value
	secret := auth.NewSecret(auth.TokenSecret(sent.Workspace, sent.User))
	result, err := in.run(c, domain.IssueToken{
		Meta: in.meta(c, in.Organization, in.Body.sum),
		Token: domain.TokenFacts{
			ID: a.newID(), Name: sent.Name, Secret: auth.HashSecret(secret), Scopes: sent.Scopes,
			Workspace: sent.Workspace, User: sent.User, ExpiresAt: milliseconds(sent.ExpiresAt),
		},
	})
	if err != nil {
		return nil, err
	}
	issued := part[*domain.Token](result)
	shown := IssuedToken{Token: showToken(issued)}
	if !in.ValidateOnly && !result.Replayed {
		shown.Secret = &secret
	}
	return written(&in.WriteHeaders, result, domain.TokenIssued{}.EventType(), issued.Version, &shown), nil
}

// TokenPath is the part of a path that names a token.
type TokenPath struct {
	OrganizationPath
	Token domain.TokenID `path:"token" format:"uuid" doc:"The token's id."`
}

type rotateTokenBody struct {
	Overlap *int64 `json:"overlap_seconds,omitzero" minimum:"0" maximum:"604800" doc:"How many seconds the former secret goes on opening; 0, not at all, unless told otherwise." example:"86400"`
}

// overlap is the time that the body names; one that is too long stays so.
func (b *rotateTokenBody) overlap() time.Duration {
	if b.Overlap == nil {
		return 0
	}
	most := int64(domain.MaxOverlap / time.Second)
	return time.Duration(min(max(*b.Overlap, -1), most+1)) * time.Second
}

type rotateTokenInput struct {
	TokenPath
	WriteHeaders
	OptionalJSONBody[rotateTokenBody]
}

func (a *API) rotateToken(c *call, in *rotateTokenInput) (*Written[IssuedToken], error) {
	if err := c.checkOrganization(in.Organization); err != nil {
		return nil, err
	}
	token, err := a.models.Token(in.Organization, in.Token)
	if err != nil {
		return nil, err
	}
	secret := auth.NewSecret(auth.TokenSecret(token.Workspace, token.User))
	result, err := in.run(c, domain.RotateToken{
		Meta: in.meta(c, in.Organization, in.Body.sum), Token: in.Token, Secret: auth.HashSecret(secret), Overlap: in.Body.value.overlap(),
	})
	if err != nil {
		return nil, err
	}
	rotated := result.State.Token(in.Organization, in.Token)
	shown := IssuedToken{Token: showToken(rotated)}
	if !in.ValidateOnly && !result.Replayed {
		shown.Secret = &secret
	}
	return written(&in.WriteHeaders, result, "", rotated.Version, &shown), nil
}

type getTokenInput struct {
	TokenPath
	ReadHeaders
	ETagHeaders
}

func (a *API) getToken(c *call, in *getTokenInput) (*Resource[Token], error) {
	if err := c.checkOrganization(in.Organization); err != nil {
		return nil, err
	}
	token, err := a.models.Token(in.Organization, in.Token)
	if err != nil {
		return nil, err
	}
	shown := showToken(&token)
	return found(in.ETagHeaders, token.Version, &shown)
}

type revokeTokenInput struct {
	TokenPath
	WriteHeaders
}

func (a *API) revokeToken(c *call, in *revokeTokenInput) (*Gone, error) {
	if err := c.checkOrganization(in.Organization); err != nil {
		return nil, err
	}
	result, err := in.run(c, domain.RevokeToken{
		Meta: in.meta(c, in.Organization, domain.Hash{}), Token: in.Token,
	})
	if err != nil {
		return nil, err
	}
	return gone(&in.WriteHeaders, result), nil
}
