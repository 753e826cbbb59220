package native

import (
	"errors"
	"net/http"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport"
)

func reviewOperations() []transport.Operation {
	const path = "/v1/organizations/{organization}/reviews"
	const one = path + "/{review}"
	const tag = "Reviews"
	return []transport.Operation{
		{
			ID: "list-reviews", Path: path,
			Reach: transport.ReachOrganization, Scope: "reviews:read", Tag: tag,
			Summary:     "List access reviews",
			Description: "The organization's reviews with how far each has come, the oldest first.",
			Do:          transport.Query(listReviews),
		},
		{
			ID: "open-review", Method: http.MethodPost, Path: path,
			Reach: transport.ReachOrganization, Scope: "reviews:create", Tag: tag, Status: http.StatusCreated,
			Summary:     "Open an access review",
			Description: "Everybody who had access at one moment is a row of the review, once for each workspace, whether the access was a membership or inherited. Who got access later is not part of it. A review of all workspaces takes somebody who acts for the organization, and a review of one workspace somebody who manages it.",
			Do:          transport.Command(openReview),
		},
		{
			ID: "get-review", Path: one,
			Reach: transport.ReachOrganization, Scope: "reviews:read", Tag: tag,
			Summary:     "Get an access review",
			Description: "The review with how far it has come.",
			Do:          transport.Query(getReview),
		},
		{
			ID: "list-review-rows", Path: one + "/rows",
			Reach: transport.ReachOrganization, Scope: "reviews:read", Tag: tag,
			Summary:     "List the rows of an access review",
			Description: "Who had access to which workspace as of the review's position, with what was decided about it: by workspace, the oldest first. With decision=kept, decision=revoked or a reviewer: in the order in which the rows were decided.",
			Do:          transport.Query(listReviewRows),
		},
		{
			ID: "decide-review", Method: http.MethodPost, Path: one + "/decisions",
			Reach: transport.ReachOrganization, Scope: "reviews:update", Tag: tag,
			Summary: "Decide rows of an access review",
			Description: "Keeps or revokes the access of up to 100 rows: all of them, or none if one is refused. Revoking ends the membership in the same commit, with the rules and errors of removing a member. " +
				"The reviewer is a person who manages the workspace, and never the one whose access it is: 403 own_access, and 403 reviewer_needed for a token that neither is bound to a user nor acts on behalf of one. " +
				"Access that comes from a role in the organization would stay, so revoking it is 409 access_inherited until that role was changed. " +
				"A row can be decided again until the review is closed, except that what was revoked cannot be kept: 409 row_revoked. Revoking again ends a membership that the user was given since.",
			Do: transport.Command(decideReview),
		},
		{
			ID: "close-review", Method: http.MethodPost, Path: one + "/close",
			Reach: transport.ReachOrganization, Scope: "reviews:update", Tag: tag,
			Summary:     "Close an access review",
			Description: "Nothing more can be decided then. 409 rows_undecided as long as nobody has decided some of the rows, unless the request says that they are left, and why. Again 200 when closed before.",
			Do:          transport.Command(closeReview),
		},
	}
}

type openReviewBody struct {
	Name      string             `json:"name" bounds:"name" minLength:"1" example:"Spring 2026"`
	Workspace domain.WorkspaceID `json:"workspace_id,omitzero" format:"uuid" nullable:"true" doc:"Review this workspace alone. The default is all of the organization's."`
	Position  *string            `json:"position,omitzero" bounds:"as_of" nullable:"false" doc:"Review the access as of this moment: a position of the organization, a time (RFC 3339), or a day, which is its beginning in UTC. The default is now." example:"3-1042"`
	DueAt     time.Time          `json:"due_at,omitzero" nullable:"true" doc:"When it is to be closed, for people."`
}

func (b *openReviewBody) Required() []transport.Required {
	return []transport.Required{transport.Require("/name", b.Name != ""), transport.Require("/position", b.Position == nil || *b.Position != "")}
}

type openReviewInput struct {
	OrganizationPath
	transport.WriteHeaders
	transport.JSONBody[openReviewBody]
}

func openReview(c *transport.Call, in *openReviewInput) (*transport.Written[Review], error) {
	if err := c.FindOrganization(in.Organization); err != nil {
		return nil, err
	}
	if err := c.AwaitShown(in.Organization); err != nil {
		return nil, err
	}
	sent, text := in.Sent(), ""
	if sent.Position != nil {
		text = *sent.Position
	}
	then, err := c.Moment(in.Organization, "/position", text)
	if err != nil {
		return nil, err
	}
	rows, err := countReviewed(c, in.Organization, sent.Workspace, then)
	if err != nil {
		return nil, err
	}
	id := domain.ReviewID(c.NewID())
	result, err := c.Do(in.Write(), in.Organization, func(m domain.Meta) domain.Command {
		return domain.OpenReview{Meta: m, Workspace: sent.Workspace, Review: domain.ReviewFacts{
			ID: id, Name: sent.Name, AsOf: then.Position.Number, At: then.Time, Rows: rows, DueAt: milliseconds(sent.DueAt),
		}}
	})
	if err != nil {
		return nil, err
	}
	opened := domain.PartOf[*domain.Review](result.State, result.Target)
	shown := showReview(c, opened)
	return transport.Wrote(result, domain.ReviewOpened{}.EventType(), opened.Version, &shown), nil
}

// countReviewed returns how many rows the review has. A workspace of another organization has
// none: the command itself finds out whose it is.
func countReviewed(c *transport.Call, org domain.OrganizationID, ws domain.WorkspaceID, then projections.Moment) (int, error) {
	q, err := c.QueriesAt(org, then)
	if errors.Is(err, projections.ErrNotFound) {
		return 0, transport.InvalidField("/position", transport.CodeOutOfRange, "the organization did not exist then")
	}
	if err != nil {
		return 0, err
	}
	rows, err := q.CountAccess(c, org, ws, then.Time)
	if errors.Is(err, projections.ErrNotFound) {
		return 0, nil
	}
	return rows, err
}

type reviewDecision struct {
	Workspace domain.WorkspaceID    `json:"workspace_id" format:"uuid"`
	User      domain.UserID         `json:"user_id" format:"uuid"`
	Decision  domain.ReviewDecision `json:"decision" enum:"kept,revoked"`
	Reason    string                `json:"reason,omitzero" bounds:"reason" doc:"Why, for people and auditors. It is kept in the event." example:"Has left the project"`
}

type decideReviewBody struct {
	Decisions []reviewDecision `json:"decisions" bounds:"decisions" minItems:"1" nullable:"false" doc:"Each row once."`
}

func (b *decideReviewBody) Required() []transport.Required {
	all := []transport.Required{transport.Require("/decisions", b.Decisions != nil)}
	for i := range b.Decisions {
		d, at := &b.Decisions[i], pointerTo("/decisions", i)
		all = append(all, transport.Require(at+"/workspace_id", !d.Workspace.IsZero()), transport.Require(at+"/user_id", !d.User.IsZero()), transport.Require(at+"/decision", d.Decision != ""))
	}
	return all
}

type decideReviewInput struct {
	ReviewPath
	transport.WriteHeaders
	transport.JSONBody[decideReviewBody]
}

func decideReview(c *transport.Call, in *decideReviewInput) (*transport.Written[Review], error) {
	if err := c.CheckOrganization(in.Organization); err != nil {
		return nil, err
	}
	if err := c.AwaitShown(in.Organization); err != nil {
		return nil, err
	}
	found, err := findReview(c, in.ReviewPath)
	if err != nil {
		return nil, err
	}
	decisions, err := reviewRows(c, &found, in.Sent().Decisions)
	if err != nil {
		return nil, err
	}
	return changeReview(c, in.Write(), in.ReviewPath, func(m domain.Meta) domain.Command {
		return domain.DecideReview{Meta: m, ID: in.Review, Decisions: decisions}
	})
}

// reviewRows returns the decisions as the command takes them. It refuses those about what is
// no row of the review.
func reviewRows(c *transport.Call, v *domain.Review, sent []reviewDecision) ([]domain.RowDecision, error) {
	then, err := reviewed(c, v)
	if err != nil {
		return nil, err
	}
	decisions := make([]domain.RowDecision, len(sent))
	for i := range sent {
		d := &sent[i]
		decisions[i] = domain.RowDecision{Workspace: d.Workspace, User: d.User, Decision: d.Decision, Reason: d.Reason}
		if len(sent) > domain.MaxDecisions {
			continue // the command refuses them all
		}
		access, err := then.AccessOf(d.Workspace, d.User, v.At)
		if err != nil && !errors.Is(err, projections.ErrNotFound) {
			return nil, err
		}
		if err != nil || access.Organization != v.Organization || !v.Workspace.IsZero() && v.Workspace != d.Workspace {
			return nil, transport.InvalidField(pointerTo("/decisions", i), "unknown_row", "a row of the review is expected: a workspace that it is about, and a user who had access to it")
		}
	}
	return decisions, nil
}

// changeReview runs a command on a review, and returns its response.
func changeReview(c *transport.Call, w *transport.Write, path ReviewPath, command func(domain.Meta) domain.Command) (*transport.Written[Review], error) {
	result, err := c.Do(w, path.Organization, command)
	if err != nil {
		return nil, err
	}
	changed := result.State.Review(path.Organization, path.Review)
	shown := showReview(c, changed)
	return transport.Wrote(result, "", changed.Version, &shown), nil
}

type closeReviewBody struct {
	LeaveUndecided bool   `json:"leave_undecided,omitzero" doc:"Close it although rows are undecided. Then a reason is needed."`
	Reason         string `json:"reason,omitzero" bounds:"reason" doc:"Why rows are left undecided. It is kept in the event." example:"The owner is away until May"`
}

type closeReviewInput struct {
	ReviewPath
	transport.WriteHeaders
	transport.OptionalJSONBody[closeReviewBody]
}

func closeReview(c *transport.Call, in *closeReviewInput) (*transport.Written[Review], error) {
	sent := in.Sent()
	return changeReview(c, in.Write(), in.ReviewPath, func(m domain.Meta) domain.Command {
		return domain.CloseReview{Meta: m, ID: in.Review, LeaveUndecided: sent.LeaveUndecided, Why: sent.Reason}
	})
}
