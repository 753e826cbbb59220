package native

import (
	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/transport"
	"github.com/muster-dev/muster/transport/openapi"
)

// ExplainedAccess is [Access] with the event that made each grant.
type ExplainedAccess struct {
	User      domain.UserID      `json:"user_id" format:"uuid"`
	Workspace domain.WorkspaceID `json:"workspace_id" format:"uuid"`
	ProfileInBrief
	Role        RoleInBrief         `json:"role" doc:"The highest of the grants' roles."`
	Permissions []domain.Permission `json:"permissions" bounds:"access_permissions" nullable:"false" doc:"What any of the grants allows."`
	Grants      []ExplainedGrant    `json:"grants" bounds:"grants" nullable:"false" doc:"The one with the highest role first."`
}

// TransformSchema documents which fields can be null.
func (ExplainedAccess) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return openapi.Nullable(s, "name")
}

// ExplainedGrant is a grant with the event that made it.
type ExplainedGrant struct {
	Grant
	Permissions []domain.Permission `json:"permissions" bounds:"permissions" nullable:"false" doc:"What this grant allows: what the role says, or the membership's own list."`
	GrantedBy   GrantedBy           `json:"granted_by"`
	Reason      *string             `json:"reason" bounds:"reason" doc:"The Muster-Reason that it was done with; null for none." example:"Joined the team, ticket 4711"`
	At          transport.Time      `json:"at" doc:"When the event was recorded."`
}

// GrantedBy is the actor of an event, as the event names it.
type GrantedBy struct {
	AuthType   domain.ActorKind `json:"authtype" enum:"user,token,system"`
	AuthID     string           `json:"authid" bounds:"actor" doc:"The id of the user or token; root or muster for the system." example:"019cc043-b1a2-7d14-8f5c-0a7d3c5e9b10"`
	OnBehalfOf *domain.UserID   `json:"onbehalfof" format:"uuid" nullable:"true" doc:"The user on whose behalf it was done; null if there is none."`
}

type getAccessInput struct {
	MemberPath
	transport.ReadHeaders
	transport.AsOf
}

// AccessAnswer is the answer to a query for one user's access. It has no ETag, because
// access follows from several resources and has no version of its own.
type AccessAnswer struct{ Body *ExplainedAccess }

func getAccess(c *transport.Call, in *getAccessInput) (*AccessAnswer, error) {
	q, err := c.QueriesIn(in.Workspace)
	if err != nil {
		return nil, err
	}
	access, err := q.AccessOf(in.Workspace, in.User, c.At())
	if err != nil {
		return nil, err
	}
	if !c.Reaches(access.Organization, access.Workspace) {
		return nil, transport.NotFound()
	}
	shown := ExplainedAccess{
		access.User, access.Workspace, profileInBrief(access.Profile), roleInBrief(access.Role), access.Permissions,
		make([]ExplainedGrant, len(access.Grants)),
	}
	o := make(origins)
	if err := o.read(c, access.Organization, access.Grants); err != nil {
		return nil, err
	}
	for i := range access.Grants {
		g := &access.Grants[i]
		origin := o[g.Position.Number]
		shown.Grants[i] = ExplainedGrant{showGrant(g), g.Permissions, origin.GrantedBy, origin.Reason, origin.At}
	}
	return &AccessAnswer{&shown}, nil
}
