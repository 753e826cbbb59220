package native

import (
	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/transport"
)

// Self is what a token is and may do.
type Self struct {
	Token        *domain.TokenID        `json:"token_id" format:"uuid" nullable:"true" doc:"null for the root token and for a JWT."`
	Name         string                 `json:"name" bounds:"name" example:"Billing service" doc:"For a JWT, its issuer."`
	Organization *domain.OrganizationID `json:"organization_id" format:"uuid" nullable:"true" doc:"null for the root token, which reaches every organization."`
	Workspace    *domain.WorkspaceID    `json:"workspace_id" format:"uuid" nullable:"true" doc:"The only workspace that the token reaches; null for every one."`
	User         *domain.UserID         `json:"user_id" format:"uuid" nullable:"true" doc:"The user the token is bound to; null for a program."`
	Scopes       domain.Scopes          `json:"scopes" bounds:"scopes" nullable:"false" example:"[\"access:read\"]"`
	ExpiresAt    transport.Time         `json:"expires_at" nullable:"true"`
	Actor        SelfActor              `json:"actor" doc:"Who the token's events name as their actor."`
}

// SelfActor is the actor that the token's commands have.
type SelfActor struct {
	Type domain.ActorKind `json:"type" enum:"user,token,system"`
	ID   string           `json:"id" bounds:"actor"`
}

// SelfAnswer is the answer to a query for what the token is and may do.
type SelfAnswer struct{ Body *Self }

func selfOperations() []transport.Operation {
	return []transport.Operation{
		{
			ID: "get-self", Path: "/v1/self",
			Reach: transport.ReachToken, Scope: transport.AnyScope, Tag: "Tokens",
			Summary:     "Get what this token is",
			Description: "Who the token belongs to, what it reaches and what it may do.",
			Do:          transport.Query(getSelf),
		},
	}
}

type selfInput struct{ transport.ReadHeaders }

func getSelf(c *transport.Call, _ *selfInput) (*SelfAnswer, error) {
	who := c.Bearer()
	return &SelfAnswer{&Self{
		Token: idOrNull(who.Token), Name: who.Name, Organization: idOrNull(who.Organization),
		Workspace: idOrNull(who.Workspace()), User: idOrNull(who.Actor.User),
		Scopes: who.Actor.Credential.Scopes, ExpiresAt: transport.Time(who.Actor.Credential.ExpiresAt),
		Actor: SelfActor{who.Actor.Kind, who.Actor.ID},
	}}, nil
}
