package domain

import "time"

// MaxDecisions is how many rows of a review one command decides. With the longest reasons,
// and if all of them are revoked, its events take about half of a message of the log.
const MaxDecisions = 100

// ReviewDecision is what a reviewer has decided about somebody's access. It is empty as long
// as nobody has decided.
type ReviewDecision string

// The decisions of reviewers.
const (
	ReviewKept    ReviewDecision = "kept"    // the access is right
	ReviewRevoked ReviewDecision = "revoked" // the access has been taken away
)

// ReviewFacts is what an event says about a review when it is opened.
type ReviewFacts struct {
	ID   ReviewID `json:"id"`
	Name string   `json:"name"`
	// AsOf is the number of the event after which the access is reviewed: who has access
	// then is a row of the review. It never changes.
	AsOf uint64 `json:"as_of"`
	// At is the moment that is reviewed. What has ended by the clock then is no access.
	At time.Time `json:"at"`
	// Rows is how many rows that are. The review does not hold them, so that it costs the
	// same with ten rows and with a million.
	Rows int `json:"rows"`
	// DueAt is when it is to be closed, for people; zero for no such time.
	DueAt time.Time `json:"due_at,omitzero"`
}

// Review asks, of everybody who had access at one moment, whether they need it. A review is
// of one workspace or of all of an organization. It holds the number of its rows, and how
// many of them are decided. A row is a part of its own ([ReviewRow]).
type Review struct {
	ReviewFacts
	Organization OrganizationID
	Workspace    WorkspaceID // zero: all workspaces of the organization
	// OpenedBy and ClosedBy are the ids of users or tokens; empty for the system.
	OpenedBy, ClosedBy string
	// Kept and Revoked are how many rows were decided so.
	Kept, Revoked int
	ClosedAt      time.Time // zero: open
	// Why says why rows were left undecided when the review was closed. It is empty if
	// none were.
	Why string
	Stamp
}

func (v *Review) key() Key    { return ReviewKey(v.Organization, v.ID) }
func (v *Review) clone() Part { c := *v; return &c }

// Undecided returns how many rows nobody has decided.
func (v *Review) Undecided() int { return max(0, v.Rows-v.Kept-v.Revoked) }

// Review returns the organization's review, or nil if there is none.
func (s *State) Review(org OrganizationID, id ReviewID) *Review {
	return PartOf[*Review](s, ReviewKey(org, id))
}

// ReviewRow is what was decided about one user's access to one workspace. It exists once
// somebody has decided.
type ReviewRow struct {
	Review    ReviewID
	Workspace WorkspaceID
	User      UserID
	Decision  ReviewDecision
	Reason    string
	Reviewer  string // the id of the user who decided
	Stamp
}

func (v *ReviewRow) key() Key    { return ReviewRowKey(v.Review, v.Workspace, v.User) }
func (v *ReviewRow) clone() Part { c := *v; return &c }

// ReviewRow returns what was decided about the user's access to the workspace, or nil if
// nobody has decided.
func (s *State) ReviewRow(id ReviewID, ws WorkspaceID, user UserID) *ReviewRow {
	return PartOf[*ReviewRow](s, ReviewRowKey(id, ws, user))
}

// decision returns what was decided. A nil row is undecided.
func (v *ReviewRow) decision() ReviewDecision {
	if v == nil {
		return ""
	}
	return v.Decision
}

// ReviewOpened: access as of a moment is reviewed. The workspace that the event concerns is
// the one that is reviewed; if there is none, all of them are.
type ReviewOpened struct {
	About  `json:"-"`
	Review ReviewFacts `json:"review"`
}

// ReviewRowDecided: a reviewer has decided about the access of the user that the event
// concerns to the workspace that it concerns. If the access was revoked, the end of the
// membership is another event of the same command.
type ReviewRowDecided struct {
	About    `json:"-"`
	ID       ReviewID       `json:"review_id"`
	Decision ReviewDecision `json:"decision"`
	// Before is what was decided before; empty if nothing was.
	Before ReviewDecision `json:"before,omitzero"`
	Why    string         `json:"reason,omitzero"`
}

// ReviewClosed: nothing more is decided in the review.
type ReviewClosed struct {
	About `json:"-"`
	ID    ReviewID `json:"review_id"`
	// Undecided is how many rows nobody has decided.
	Undecided int    `json:"undecided"`
	Why       string `json:"reason,omitzero"` // why they were left
}

// EventType is muster.review.opened.
func (ReviewOpened) EventType() string { return "muster.review.opened" }

// EventType is muster.review.row_decided.
func (ReviewRowDecided) EventType() string { return "muster.review.row_decided" }

// EventType is muster.review.closed.
func (ReviewClosed) EventType() string { return "muster.review.closed" }

func (s *State) reviewOpened(e ReviewOpened, r *Recorded) {
	s.make(ReviewKey(e.Organization, e.Review.ID), &Review{
		ReviewFacts: e.Review, Organization: e.Organization, Workspace: e.Workspace, OpenedBy: r.Adder(), Stamp: stamp(r),
	})
}

func (s *State) reviewRowDecided(e ReviewRowDecided, r *Recorded) {
	review := s.Review(e.Organization, e.ID)
	review.count(e.Before, -1)
	review.count(e.Decision, 1)
	review.touch(r)
	row := &ReviewRow{
		Review: e.ID, Workspace: e.Workspace, User: e.User, Decision: e.Decision, Reason: e.Why, Reviewer: r.Adder(), Stamp: stamp(r),
	}
	if former := s.ReviewRow(e.ID, e.Workspace, e.User); former != nil {
		row.CreatedAt = former.CreatedAt
	}
	s.make(ReviewRowKey(e.ID, e.Workspace, e.User), row)
}

func (v *Review) count(decision ReviewDecision, by int) {
	switch decision {
	case ReviewKept:
		v.Kept += by
	case ReviewRevoked:
		v.Revoked += by
	}
}

func (v *Review) close(e ReviewClosed, r *Recorded) {
	v.ClosedAt, v.ClosedBy, v.Why = r.Time, r.Adder(), e.Why
	v.touch(r)
}
