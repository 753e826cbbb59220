package native

import (
	"net/http"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/transport"
	"github.com/muster-dev/muster/transport/auth"
)

// Token is a credential of an organization, without its secret.
type Token struct {
	ID           domain.TokenID        `json:"id" format:"uuid"`
	Organization domain.OrganizationID `json:"organization_id" format:"uuid"`
	Name         string                `json:"name" bounds:"name" example:"Billing service"`
	Scopes       domain.Scopes         `json:"scopes" bounds:"scopes" nullable:"false" example:"[\"workspace_members:read\",\"access:read\"]"`
	Workspace    *domain.WorkspaceID   `json:"workspace_id" format:"uuid" nullable:"true" doc:"The only workspace that the token reaches; null for every one."`
	User         *domain.UserID        `json:"user_id" format:"uuid" nullable:"true" doc:"The user the token is bound to; null for a program."`
	ExpiresAt    transport.Time        `json:"expires_at" nullable:"true"`
	FormerUntil  transport.Time        `json:"former_secret_expires_at" nullable:"true" doc:"When the secret from before the last rotation stops working, or stopped; null for a token that was never rotated."`
	RevokedAt    transport.Time        `json:"revoked_at" nullable:"true"`
	CreatedAt    transport.Time        `json:"created_at"`
	UpdatedAt    transport.Time        `json:"updated_at"`
}

func showToken(t *domain.Token) Token {
	return Token{
		t.ID, t.Organization, t.Name, t.Scopes, idOrNull(t.Workspace), idOrNull(t.User),
		transport.Time(t.ExpiresAt), transport.Time(t.FormerUntil), transport.Time(t.RevokedAt), transport.Time(t.CreatedAt), transport.Time(t.UpdatedAt),
	}
}

// IssuedToken is a token with its secret.
type IssuedToken struct {
	Token
	Secret *string `json:"secret" bounds:"secret" doc:"The token's text, shown this once: Muster keeps only a hash. null when this is the answer to a request that was answered before." example:"tot_4fQ2nX8aL0pVbR7sT1yKzE5hJ9mC3dW6gU2iN8oA4tYxB7Z0rHn1"`
}

func tokenOperations() []transport.Operation {
	const path = "/v1/organizations/{organization}/tokens"
	const tag = "Tokens"
	return []transport.Operation{
		{
			ID: "list-tokens", Path: path,
			Reach: transport.ReachOrganization, Scope: "tokens:read", Tag: tag,
			Summary:     "List tokens",
			Description: "The organization's tokens, expired and revoked ones included, the oldest first. Secrets are never shown.",
			Do:          transport.Query(listTokens),
		},
		{
			ID: "issue-token", Method: http.MethodPost, Path: path,
			Reach: transport.ReachOrganization, Scope: "tokens:create", Tag: tag, Status: http.StatusCreated,
			Summary:     "Issue a token",
			Description: "Makes a token that may do no more than the one used to make it. Users can make tokens only for themselves. A token that is not bound to a user needs the scope actors:impersonate to make one for a user. The secret is in this response and in no other. It begins with tot_ for the organization, tpt_ for a user, and twt_ for a workspace.",
			Do:          transport.Command(issueToken),
		},
		{
			ID: "rotate-token", Method: http.MethodPost, Path: path + "/{token}/rotate",
			Reach: transport.ReachOrganization, Scope: "tokens:create", Tag: tag,
			Summary:     "Rotate a token",
			Description: "Gives the token another secret, which is in this response and in no other. The old secret works until the overlap ends, 7 days at most. Without an overlap it stops working at once. The token must not be allowed more than the one used for this. A token that is not bound to a user needs the scope actors:impersonate to rotate one of a user. 409 token_ended if the token was revoked or has expired.",
			Do:          transport.Command(rotateToken),
		},
		{
			ID: "get-token", Path: path + "/{token}",
			Reach: transport.ReachOrganization, Scope: "tokens:read", Tag: tag,
			Summary:     "Get a token",
			Description: "The token without its secret, also when it has expired or been revoked.",
			Do:          transport.Query(getToken),
		},
		{
			ID: "revoke-token", Method: http.MethodDelete, Path: path + "/{token}",
			Reach: transport.ReachOrganization, Scope: "tokens:delete", Tag: tag,
			Summary:     "Revoke a token",
			Description: "The token stops working at once. Also 204 if it was revoked before.",
			Do:          transport.Command(revokeToken),
		},
	}
}

type listTokensInput struct {
	OrganizationPath
	transport.ReadHeaders
	ListQuery
}

func listTokens(c *transport.Call, in *listTokensInput) (*Listing[Token], error) {
	if err := c.CheckOrganization(in.Organization); err != nil {
		return nil, err
	}
	rows, err := c.Models().Tokens(c, in.Organization, in.page())
	return listing(c, rows, err, showToken)
}

type issueTokenBody struct {
	Name      string             `json:"name" bounds:"name" minLength:"1" example:"Billing service"`
	Scopes    domain.Scopes      `json:"scopes" bounds:"scopes" nullable:"false" minItems:"1" example:"[\"workspace_members:read\",\"access:read\"]" doc:"resource:action each, with all on either side meaning everything."`
	Workspace domain.WorkspaceID `json:"workspace_id,omitzero" format:"uuid" nullable:"true" doc:"Binds the token to one workspace."`
	User      domain.UserID      `json:"user_id,omitzero" format:"uuid" nullable:"true" doc:"Binds the token to a person, whose role then decides."`
	ExpiresAt time.Time          `json:"expires_at,omitzero" nullable:"true" doc:"When the token stops working."`
}

func (b *issueTokenBody) Required() []transport.Required {
	return []transport.Required{transport.Require("/name", b.Name != ""), transport.Require("/scopes", len(b.Scopes) > 0)}
}

type issueTokenInput struct {
	OrganizationPath
	transport.WriteHeaders
	transport.JSONBody[issueTokenBody]
}

func issueToken(c *transport.Call, in *issueTokenInput) (*transport.Written[IssuedToken], error) {
	if err := c.CheckOrganization(in.Organization); err != nil {
		return nil, err
	}
	sent := in.Sent()
	secret := auth.NewSecret(auth.TokenSecret(sent.Workspace, sent.User))
	result, err := c.Do(in.Write(), in.Organization, func(m domain.Meta) domain.Command {
		return domain.IssueToken{
			Meta: m,
			Token: domain.TokenFacts{
				ID: c.NewID(), Name: sent.Name, Secret: auth.HashSecret(secret), Scopes: sent.Scopes,
				Workspace: sent.Workspace, User: sent.User, ExpiresAt: milliseconds(sent.ExpiresAt),
			},
		}
	})
	if err != nil {
		return nil, err
	}
	issued := domain.PartOf[*domain.Token](result.State, result.Target)
	shown := IssuedToken{showToken(issued), result.Secret(secret)}
	return transport.Wrote(result, domain.TokenIssued{}.EventType(), issued.Version, &shown), nil
}

// TokenPath is the part of a path that names a token.
type TokenPath struct {
	OrganizationPath
	Token domain.TokenID `path:"token" format:"uuid" doc:"The token's id."`
}

type rotateTokenBody struct {
	Overlap *int64 `json:"overlap_seconds,omitzero" minimum:"0" maximum:"604800" doc:"How many seconds the old secret goes on working. The default is 0: it stops at once." example:"86400"`
}

// overlap returns the duration that the body names. A negative one, or one above the
// maximum, stays outside the range, so that the domain refuses it.
func (b *rotateTokenBody) overlap() time.Duration {
	if b.Overlap == nil {
		return 0
	}
	most := int64(domain.MaxOverlap / time.Second)
	return time.Duration(min(max(*b.Overlap, -1), most+1)) * time.Second
}

type rotateTokenInput struct {
	TokenPath
	transport.WriteHeaders
	transport.OptionalJSONBody[rotateTokenBody]
}

func rotateToken(c *transport.Call, in *rotateTokenInput) (*transport.Written[IssuedToken], error) {
	if err := c.CheckOrganization(in.Organization); err != nil {
		return nil, err
	}
	token, err := transport.Find(c, func() (domain.Token, error) { return c.Models().Token(in.Organization, in.Token) })
	if err != nil {
		return nil, err
	}
	secret := auth.NewSecret(auth.TokenSecret(token.Workspace, token.User))
	result, err := c.Do(in.Write(), in.Organization, func(m domain.Meta) domain.Command {
		return domain.RotateToken{
			Meta: m, Token: in.Token, Secret: auth.HashSecret(secret), Overlap: in.Sent().overlap(),
		}
	})
	if err != nil {
		return nil, err
	}
	rotated := result.State.Token(in.Organization, in.Token)
	shown := IssuedToken{showToken(rotated), result.Secret(secret)}
	return transport.Wrote(result, "", rotated.Version, &shown), nil
}

type getTokenInput struct {
	TokenPath
	transport.ReadHeaders
	transport.ETagHeaders
}

func getToken(c *transport.Call, in *getTokenInput) (*transport.Resource[Token], error) {
	if err := c.CheckOrganization(in.Organization); err != nil {
		return nil, err
	}
	token, err := c.Models().Token(in.Organization, in.Token)
	if err != nil {
		return nil, err
	}
	shown := showToken(&token)
	return transport.Found(in.ETagHeaders, token.Version, &shown), nil
}

type revokeTokenInput struct {
	TokenPath
	transport.WriteHeaders
}

func revokeToken(c *transport.Call, in *revokeTokenInput) (*transport.Gone, error) {
	result, err := c.Do(in.Write(), in.Organization, func(m domain.Meta) domain.Command {
		return domain.RevokeToken{
			Meta: m, Token: in.Token,
		}
	})
	if err != nil {
		return nil, err
	}
	return transport.Ended(result), nil
}
