package native

import (
	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport"
	"github.com/muster-dev/muster/transport/openapi"
)

// Review asks of everybody who had access at one moment whether they need it.
type Review struct {
	ID           domain.ReviewID       `json:"id" format:"uuid"`
	Organization domain.OrganizationID `json:"organization_id" format:"uuid"`
	Workspace    *domain.WorkspaceID   `json:"workspace_id" format:"uuid" nullable:"true" doc:"The workspace that is reviewed; null for all of the organization's."`
	Name         string                `json:"name" bounds:"name" example:"Spring 2026"`
	Position     string                `json:"position" bounds:"position" doc:"Whoever had access as of this position is a row of the review." example:"3-1042"`
	AsOf         transport.Time        `json:"as_of" doc:"The moment of the position. What had ended by the clock then is no access."`
	State        string                `json:"state" enum:"open,closed"`
	OpenedBy     *string               `json:"opened_by" bounds:"actor" nullable:"true" doc:"The id of the user or token; null for the system."`
	OpenedAt     transport.Time        `json:"opened_at"`
	DueAt        transport.Time        `json:"due_at" nullable:"true" doc:"When it is to be closed, for people. Nothing happens by itself then."`
	ClosedBy     *string               `json:"closed_by" bounds:"actor" nullable:"true" doc:"The id of the user or token; null for the system, and while it is open."`
	ClosedAt     transport.Time        `json:"closed_at" nullable:"true"`
	Reason       *string               `json:"reason" bounds:"reason" nullable:"true" doc:"Why rows were left undecided; null if none were."`
	Rows         ReviewCounts          `json:"rows"`
}

// ReviewCounts says how far a review has come.
type ReviewCounts struct {
	Total     int `json:"total" bounds:"count" doc:"One for each user and workspace that they had access to." example:"12"`
	Kept      int `json:"kept" bounds:"count" example:"3"`
	Revoked   int `json:"revoked" bounds:"count" example:"1"`
	Undecided int `json:"undecided" bounds:"count" example:"8"`
}

func showReview(c *transport.Call, v *domain.Review) Review {
	shown := Review{
		ID: v.ID, Organization: v.Organization, Workspace: idOrNull(v.Workspace), Name: v.Name,
		Position: wire.Position{Partition: c.Log().Partition(v.Organization), Number: v.AsOf}.String(), AsOf: transport.Time(v.At),
		State: "open", OpenedBy: orNull(&v.OpenedBy), OpenedAt: transport.Time(v.CreatedAt), DueAt: transport.Time(v.DueAt),
		ClosedBy: orNull(&v.ClosedBy), ClosedAt: transport.Time(v.ClosedAt), Reason: orNull(&v.Why),
		Rows: ReviewCounts{v.Rows, v.Kept, v.Revoked, v.Undecided()},
	}
	if !v.ClosedAt.IsZero() {
		shown.State = "closed"
	}
	return shown
}

// ReviewRow is one user's access to one workspace as a review shows it.
type ReviewRow struct {
	Workspace     domain.WorkspaceID `json:"workspace_id" format:"uuid"`
	WorkspaceName string             `json:"workspace_name" bounds:"name" example:"Product"`
	User          domain.UserID      `json:"user_id" format:"uuid"`
	ProfileInBrief
	Role      RoleInBrief            `json:"role" doc:"The highest of the grants' roles."`
	Grants    []Grant                `json:"grants" bounds:"grants" nullable:"false" doc:"The access as of the review's position, the grant with the highest role first."`
	Decision  *domain.ReviewDecision `json:"decision" enum:"kept,revoked" nullable:"true" doc:"null as long as nobody has decided."`
	DecidedBy *string                `json:"decided_by" bounds:"actor" nullable:"true" doc:"The id of the reviewer."`
	DecidedAt transport.Time         `json:"decided_at" nullable:"true"`
	Reason    *string                `json:"reason" bounds:"reason" nullable:"true"`
	Event     *domain.EventID        `json:"event_id" bounds:"event" nullable:"true" doc:"The event that says what was decided." example:"01KHQ3M6Z8V2N4T7X9B1C3D5F7"`
}

// TransformSchema documents which fields can be null.
func (ReviewRow) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return openapi.Nullable(s, "name")
}

func showReviewRow(row *projections.ReviewRow, workspace string) ReviewRow {
	a := &row.Access
	shown := ReviewRow{
		Workspace: a.Workspace, WorkspaceName: workspace, User: a.User, ProfileInBrief: profileInBrief(a.Profile),
		Role: roleInBrief(a.Role), Grants: showGrants(a.Grants),
	}
	if d := row.Decided; d != nil {
		shown.Decision, shown.DecidedBy, shown.DecidedAt = &d.Decision, orNull(&d.Reviewer), transport.Time(d.UpdatedAt)
		shown.Reason, shown.Event = orNull(&d.Reason), &d.Event
	}
	return shown
}

// ReviewPath is the part of a path that names a review.
type ReviewPath struct {
	OrganizationPath
	Review domain.ReviewID `path:"review" format:"uuid" doc:"The review's id."`
}

type listReviewsInput struct {
	OrganizationPath
	transport.ReadHeaders
	ListQuery
	State     string             `query:"state" enum:"open,closed" doc:"Those that are open, or closed."`
	Workspace domain.WorkspaceID `query:"workspace_id" format:"uuid" doc:"Those of this workspace alone."`
}

func listReviews(c *transport.Call, in *listReviewsInput) (*Listing[Review], error) {
	if err := c.CheckOrganization(in.Organization); err != nil {
		return nil, err
	}
	rows, err := c.Models().Reviews(c, in.Organization, projections.ReviewFilter{State: in.State, Workspace: in.Workspace}, in.page())
	return listing(c, rows, err, func(v *domain.Review) Review { return showReview(c, v) })
}

type getReviewInput struct {
	ReviewPath
	transport.ReadHeaders
	transport.ETagHeaders
}

func getReview(c *transport.Call, in *getReviewInput) (*transport.Resource[Review], error) {
	found, err := findReview(c, in.ReviewPath)
	if err != nil {
		return nil, err
	}
	shown := showReview(c, &found)
	return transport.Found(in.ETagHeaders, found.Version, &shown), nil
}

// findReview returns the review that the path names.
func findReview(c *transport.Call, path ReviewPath) (domain.Review, error) {
	if err := c.CheckOrganization(path.Organization); err != nil {
		return domain.Review{}, err
	}
	return transport.Find(c, func() (domain.Review, error) { return c.Models().Review(path.Organization, path.Review) })
}

// reviewed returns the read models as of what is reviewed.
func reviewed(c *transport.Call, v *domain.Review) (*projections.Queries, error) {
	return c.QueriesAt(v.Organization, reviewedAt(c, v))
}

// reviewedAt returns the moment whose access is reviewed.
func reviewedAt(c *transport.Call, v *domain.Review) projections.Moment {
	return projections.Moment{Position: wire.Position{Partition: c.Log().Partition(v.Organization), Number: v.AsOf}, Time: v.At}
}

type listReviewRowsInput struct {
	ReviewPath
	transport.ReadHeaders
	ListQuery
	Decision string `query:"decision" enum:"kept,revoked,undecided" doc:"Rows that were decided so, or that nobody has decided."`
	Reviewer string `query:"reviewer" maxLength:"100" pattern:"^\\S+$" doc:"Rows that this user has decided, by their id." example:"019cc043-b1a2-7d14-8f5c-0a7d3c5e9b10"`
}

func listReviewRows(c *transport.Call, in *listReviewRowsInput) (*Listing[ReviewRow], error) {
	found, err := findReview(c, in.ReviewPath)
	if err != nil {
		return nil, err
	}
	then, err := reviewed(c, &found)
	if err != nil {
		return nil, err
	}
	filter := projections.ReviewRowFilter{Decision: domain.ReviewDecision(in.Decision), Reviewer: in.Reviewer}
	rows, err := c.Models().ReviewRows(c, then, &found, filter, found.At, in.page())
	if err != nil {
		return nil, err
	}
	names := workspaceNames{then, map[domain.WorkspaceID]string{}}
	list := &List[ReviewRow]{Items: make([]ReviewRow, len(rows.Items))}
	for i := range rows.Items {
		name, err := names.of(rows.Items[i].Access.Workspace)
		if err != nil {
			return nil, err
		}
		list.Items[i] = showReviewRow(&rows.Items[i], name)
	}
	if next := string(rows.Next); next != "" {
		list.NextCursor = &next
	}
	return &Listing[ReviewRow]{list}, nil
}

// mostNames is how many names of workspaces are remembered at most.
const mostNames = 1000

// workspaceNames finds the names of workspaces, and remembers some.
type workspaceNames struct {
	q     *projections.Queries
	known map[domain.WorkspaceID]string
}

func (n *workspaceNames) of(ws domain.WorkspaceID) (string, error) {
	name, ok := n.known[ws]
	if !ok {
		found, err := n.q.Workspace(ws)
		if err != nil {
			return "", err
		}
		name = found.Name
		if len(n.known) >= mostNames {
			clear(n.known)
		}
		n.known[ws] = name
	}
	return name, nil
}
