package transport

import (
	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
)

// Self is what a token is and may do.
type Self struct {
	Token        *domain.TokenID        `json:"token_id" format:"uuid" nullable:"true" doc:"null for the root token and for a JWT."`
	Name         string                 `json:"name" example:"Billing service" doc:"For a JWT, its issuer."`
	Organization *domain.OrganizationID `json:"organization_id" format:"uuid" nullable:"true" doc:"null for the root token, which reaches every organization."`
	Workspace    *domain.WorkspaceID    `json:"workspace_id" format:"uuid" nullable:"true" doc:"The only workspace that the token reaches; null for every one."`
	User         *domain.UserID         `json:"user_id" format:"uuid" nullable:"true" doc:"The person whom the token stands for; null for a program."`
	Scopes       domain.Scopes          `json:"scopes" nullable:"false" example:"[\"access:read\"]"`
	ExpiresAt    Time                   `json:"expires_at" nullable:"true"`
	Actor        SelfActor              `json:"actor" doc:"Who the token's events name as their actor."`
}

// SelfActor is who commands are done by.
type SelfActor struct {
	Type domain.ActorKind `json:"type" enum:"user,token,system"`
	ID   string           `json:"id"`
}

// SelfAnswer is the answer to the question who one is.
type SelfAnswer struct{ Body *Self }

func (a *API) self() {
	query(a, huma.Operation{
		OperationID: "get-self", Path: "/v1/self",
		Tags: []string{"Tokens"}, Security: scope(anyScope), Summary: "Get what this token is",
		Description: "Whose the token is, what it reaches and what it may do.",
	}, a.getSelf)
}

func (a *API) getSelf(c *call, _ *struct{}) (*SelfAnswer, error) {
	who := c.who
	return &SelfAnswer{&Self{
		Token: idOrNull(who.Token), Name: who.Name, Organization: idOrNull(who.Organization),
		Workspace: idOrNull(who.Workspace()), User: idOrNull(who.Actor.User),
		Scopes: who.Actor.Credential.Scopes, ExpiresAt: Time(who.Actor.Credential.ExpiresAt),
		Actor: SelfActor{who.Actor.Kind, who.Actor.ID},
	}}, nil
}
