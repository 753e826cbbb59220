package transport

import (
	"fmt"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/projections"
)

// ExplainedAccess is [Access] with what is behind each grant.
type ExplainedAccess struct {
	User      domain.UserID      `json:"user_id" format:"uuid"`
	Workspace domain.WorkspaceID `json:"workspace_id" format:"uuid"`
	ProfileInBrief
	Role        RoleInBrief         `json:"role" doc:"That of the strongest grant."`
	Permissions []domain.Permission `json:"permissions" nullable:"false" doc:"Those of the strongest grant."`
	Grants      []ExplainedGrant    `json:"grants" nullable:"false" doc:"The strongest first."`
}

// TransformSchema documents what can be null.
func (ExplainedAccess) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return nullable(s, "name")
}

// ExplainedGrant is a grant with the event that made it.
type ExplainedGrant struct {
	Grant
	Permissions []domain.Permission `json:"permissions" nullable:"false" doc:"What this grant allows: what the role says, or the membership's own list."`
	GrantedBy   GrantedBy           `json:"granted_by"`
	Reason      *string             `json:"reason" doc:"The Muster-Reason that it was done with; null for none." example:"Joined the team, ticket 4711"`
	At          Time                `json:"at" doc:"When the event was recorded."`
}

// GrantedBy is who an event was done by, as the event says it.
type GrantedBy struct {
	AuthType   domain.ActorKind `json:"authtype" enum:"user,token,system"`
	AuthID     string           `json:"authid" doc:"The id of the user or token; root or muster for the system." example:"019cc043-b1a2-7d14-8f5c-0a7d3c5e9b10"`
	OnBehalfOf *domain.UserID   `json:"onbehalfof" format:"uuid" nullable:"true" doc:"The user for whom it was done; null when nobody else."`
}

type getAccessInput struct {
	MemberPath
	ReadHeaders
}

// AccessAnswer is the answer to a query for one user's access, which has no
// version of its own: it follows from several resources.
type AccessAnswer struct{ Body *ExplainedAccess }

func (a *API) getAccess(c *call, in *getAccessInput) (*AccessAnswer, error) {
	access, err := a.models.AccessOf(in.Workspace, in.User, a.now())
	if err != nil {
		return nil, err
	}
	if !c.who.ReachesWorkspace(access.Organization, access.Workspace) {
		return nil, nothing()
	}
	shown := ExplainedAccess{
		access.User, access.Workspace, profileInBrief(access.Profile), roleInBrief(access.Role), access.Permissions,
		make([]ExplainedGrant, len(access.Grants)),
	}
	for i := range access.Grants {
		if shown.Grants[i], err = c.explain(access.Organization, &access.Grants[i]); err != nil {
			return nil, err
		}
	}
	return &AccessAnswer{&shown}, nil
}

// explain reads the event that has made the grant.
func (c *call) explain(org domain.OrganizationID, g *projections.Grant) (ExplainedGrant, error) {
	found, err := c.api.log.Find(c, org, g.Event)
	if err != nil {
		return ExplainedGrant{}, fmt.Errorf("the event that made a grant: %w", err)
	}
	event, _, err := events.Decode(found.JSON)
	if err != nil {
		return ExplainedGrant{}, err
	}
	return ExplainedGrant{
		showGrant(g), g.Permissions,
		GrantedBy{event.Actor.Kind, event.Actor.ID, idOrNull(event.OnBehalfOf)},
		orNull(&event.Reason), Time(event.Time),
	}, nil
}
