package attio

import (
	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport"
)

type listInput struct{ transport.ReadHeaders }

// all is the answer with the list.
type all struct {
	Data members `json:"data"`
}

type listOutput struct{ Body *all }

func list(c *transport.Call, _ *listInput) (*listOutput, error) {
	ws, err := c.FindWorkspace(c.Workspace())
	if err != nil {
		return nil, err
	}
	shown := &all{members{}}
	for m, err := range c.Members(ws, projections.MemberFilter{Joined: true}) {
		if err != nil {
			return nil, err
		}
		shown.Data = append(shown.Data, show(m))
	}
	return &listOutput{shown}, nil
}

type getInput struct {
	transport.ReadHeaders
	Member domain.MembershipID `path:"workspace_member_id" format:"uuid" doc:"The workspace_member_id of the member's id."`
}

// one is the answer with a single item.
type one struct {
	Data *member `json:"data"`
}

func get(c *transport.Call, in *getInput) (*transport.Resource[one], error) {
	found, err := c.Models().Membership(in.Member, c.Now())
	if err == nil && (!found.Joined || !c.Reaches(found.Organization, found.Workspace)) {
		err = projections.ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	return transport.Found(transport.ETagHeaders{}, found.Version, &one{show(&found)}), nil
}
