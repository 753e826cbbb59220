package native

import (
	"fmt"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport"
	"github.com/muster-dev/muster/transport/openapi"
)

// AccessChange is what happened between two moments to the access of one user to one workspace.
type AccessChange struct {
	Workspace domain.WorkspaceID `json:"workspace_id" format:"uuid"`
	User      domain.UserID      `json:"user_id" format:"uuid"`
	ProfileInBrief
	Change string         `json:"change" enum:"gained,lost,changed"`
	Before *AccessInBrief `json:"before" doc:"The access at the beginning; null if there was none."`
	After  *AccessInBrief `json:"after" doc:"The access at the end; null if there is none."`
	Ended  transport.Time `json:"ended_at" nullable:"true" doc:"When the membership ended by itself; null if it did not, or if somebody removed the member before."`
	Events []EventInBrief `json:"events" maxItems:"1000" nullable:"false" doc:"The events between the two moments that changed what the access is made of, in order. Empty if it only ended by itself, and that is not recorded yet. At most the last 1,000."`
}

// TransformSchema documents which fields can be null.
func (AccessChange) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return openapi.Nullable(s, "name", "before", "after")
}

// AccessInBrief is the access of a user whom the object around it names.
type AccessInBrief struct {
	Role        RoleInBrief         `json:"role" doc:"The highest of the grants' roles, as it was defined then."`
	Permissions []domain.Permission `json:"permissions" bounds:"access_permissions" nullable:"false" doc:"What any of the grants allowed."`
	Grants      []Grant             `json:"grants" bounds:"grants" nullable:"false" doc:"The one with the highest role first."`
}

func accessInBrief(a *projections.Access) *AccessInBrief {
	if !a.Any() {
		return nil
	}
	return &AccessInBrief{roleInBrief(a.Role), a.Permissions, showGrants(a.Grants)}
}

// Diff is a page of a diff.
type Diff struct {
	From       string         `json:"from" bounds:"position" doc:"The position after which the diff starts."`
	To         string         `json:"to" bounds:"position" doc:"The last position of the diff."`
	Items      []AccessChange `json:"items" bounds:"page" nullable:"false"`
	NextCursor *string        `json:"next_cursor" bounds:"cursor" doc:"The cursor of the next page; null at the end of the list. A page can have fewer items than asked for, even none, and still have one."`
}

// DiffAnswer is the answer to a query for a diff.
type DiffAnswer struct{ Body *Diff }

// SpanQuery says which part of the history is wanted.
type SpanQuery struct {
	From string `query:"from" bounds:"as_of" maxLength:"100" doc:"The moment to begin at: a position of the organization like 3-1042, a time (RFC 3339), or a day, which is its beginning in UTC. Required unless there is a cursor." example:"3-1042"`
	To   string `query:"to" bounds:"as_of" maxLength:"100" doc:"The moment to end at, written like from. The default is now." example:"2026-03-05T23:09:47Z"`
	ListQuery
}

// span returns the span that the request asks for, by its parameters or by its cursor.
func (q *SpanQuery) span(c *transport.Call, org domain.OrganizationID) (span projections.Span, err error) {
	if q.Cursor != "" {
		return q.continued(c, c.Log().Partition(org))
	}
	if q.From == "" {
		return span, transport.InvalidField("query.from", transport.CodeRequired, "a position, a time or a day is required")
	}
	return spanOf(c, org, q.From, q.To)
}

// continued returns the span of the cursor.
func (q *SpanQuery) continued(c *transport.Call, partition int) (projections.Span, error) {
	span, err := projections.SpanOf(projections.Cursor(q.Cursor), partition)
	if err != nil {
		return span, err
	}
	for _, end := range []struct {
		name, text string
		moment     projections.Moment
	}{{"from", q.From, span.From}, {"to", q.To, span.To}} {
		if end.text != "" {
			same, err := c.Names(end.moment, "query."+end.name, end.text)
			if err == nil && !same {
				err = fmt.Errorf("%w: it was made with another %s", projections.ErrBadCursor, end.name)
			}
			if err != nil {
				return span, err
			}
		}
		if err := c.Continue(end.moment); err != nil {
			return span, err
		}
	}
	return span, nil
}

// spanOf returns the span between two moments in the parameters from and to. Without to it
// ends now.
func spanOf(c *transport.Call, org domain.OrganizationID, from, to string) (span projections.Span, err error) {
	if span.From, err = c.Moment(org, "query.from", from); err != nil {
		return span, err
	}
	if span.To, err = c.Moment(org, "query.to", to); err != nil {
		return span, err
	}
	if span.To.Position.Number < span.From.Position.Number || span.To.Time.Before(span.From.Time) {
		return span, transport.InvalidField("query.to", transport.CodeInvalidValue, "a moment is expected that is not before from")
	}
	return span, nil
}

type diffWorkspaceInput struct {
	WorkspacePath
	transport.ReadHeaders
	SpanQuery
}

func diffWorkspace(c *transport.Call, in *diffWorkspaceInput) (*DiffAnswer, error) {
	ws, err := c.FindWorkspace(in.Workspace)
	if err != nil {
		return nil, err
	}
	return diff(c, ws.Organization, &ws.ID, &in.SpanQuery)
}

type diffOrganizationInput struct {
	OrganizationPath
	transport.ReadHeaders
	SpanQuery
}

func diffOrganization(c *transport.Call, in *diffOrganizationInput) (*DiffAnswer, error) {
	if err := c.FindOrganization(in.Organization); err != nil {
		return nil, err
	}
	return diff(c, in.Organization, nil, &in.SpanQuery)
}

func diff(c *transport.Call, org domain.OrganizationID, only *domain.WorkspaceID, q *SpanQuery) (*DiffAnswer, error) {
	span, err := q.span(c, org)
	if err != nil {
		return nil, err
	}
	if _, err := c.QueriesAt(org, span.To); err != nil {
		return nil, err
	}
	found, err := c.Models().Diff(c, org, only, span, q.page())
	if err != nil {
		return nil, err
	}
	out := &Diff{From: span.From.Position.String(), To: span.To.Position.String(), Items: make([]AccessChange, len(found.Items))}
	for i := range found.Items {
		out.Items[i] = accessChange(&found.Items[i])
	}
	if err := showEvents(found.Items, out.Items, func(number uint64) (*EventInBrief, error) {
		event, _, err := eventAt(c, org, number)
		return event, err
	}); err != nil {
		return nil, err
	}
	if found.Next != "" {
		out.NextCursor = (*string)(&found.Next)
	}
	return &DiffAnswer{out}, nil
}

// mostEvents is how many events of one change are shown at most.
const mostEvents = 1000

// accessChange returns the change without its events.
func accessChange(a *projections.AccessChange) AccessChange {
	change := AccessChange{
		Workspace: a.Workspace, User: a.User, ProfileInBrief: profileInBrief(a.Profile), Change: "changed",
		Before: accessInBrief(&a.Before), After: accessInBrief(&a.After), Ended: transport.Time(a.Ended), Events: []EventInBrief{},
	}
	switch {
	case change.Before == nil:
		change.Change = "gained"
	case change.After == nil:
		change.Change = "lost"
	}
	return change
}

// showEvents adds the events to the changes of a page. It reads each event once: one that changed
// the definition of a role is in the changes of everybody who has the role.
func showEvents(found []projections.AccessChange, shown []AccessChange, read func(number uint64) (*EventInBrief, error)) error {
	known := make(map[uint64]*EventInBrief)
	for i := range found {
		events := found[i].Events
		for _, p := range events[max(0, len(events)-mostEvents):] {
			event := known[p.Number]
			if event == nil {
				var err error
				if event, err = read(p.Number); err != nil {
					return err
				}
				known[p.Number] = event
			}
			shown[i].Events = append(shown[i].Events, *event)
		}
	}
	return nil
}

func diffOperations() []transport.Operation {
	const tag = "Access"
	return []transport.Operation{
		{
			ID: "diff-workspace", Path: "/v1/workspaces/{workspace}/diff",
			Reach: transport.ReachWorkspace, Scope: "audit:read", Tag: tag,
			Summary:     "Compare access to a workspace at two moments",
			Description: "Who gained, lost or changed access to the workspace between the two moments, inherited access included, each with the events that made the difference. Applied to the access at from, the diff gives the access at to. Grants say which event gave them, so a role that was taken away and given back is listed as changed.",
			Do:          transport.Query(diffWorkspace),
		},
		{
			ID: "diff-organization", Path: "/v1/organizations/{organization}/diff",
			Reach: transport.ReachOrganization, Scope: "audit:read", Tag: tag,
			Summary:     "Compare access in an organization at two moments",
			Description: "Who gained, lost or changed access to which workspace between the two moments, by workspace, the oldest first. See the same for one workspace.",
			Do:          transport.Query(diffOrganization),
		},
	}
}
