package domain

import (
	"fmt"
	"time"
)

// RowError says which decision about a row of a review was refused and why. With it the
// whole command is refused.
type RowError struct {
	Index int
	Err   error
}

func (e *RowError) Error() string { return fmt.Sprintf("decision %d: %v", e.Index, e.Err) }

// Unwrap returns why the decision was refused.
func (e *RowError) Unwrap() error { return e.Err }

// OpenReview opens a review of the access to a workspace, or to all of them. The caller
// finds out how many rows it has: who had access at a moment of the past never changes.
type OpenReview struct {
	Meta
	Workspace WorkspaceID // zero: all workspaces of the organization
	Review    ReviewFacts
}

// CommandType is open_review.
func (OpenReview) CommandType() string { return "open_review" }

func (c OpenReview) target(*State) Key { return ReviewKey(c.Organization, c.Review.ID) }

func (c OpenReview) needs(keys []Key, s *State) []Key {
	return reviewNeeds(append(keys, c.target(s)), s, c.Meta, c.Workspace)
}

func (c OpenReview) decide(s *State, at time.Time) ([]Event, error) {
	if err := s.mayReview(c.Meta, c.Workspace, at); err != nil {
		return nil, err
	}
	if s.Review(c.Organization, c.Review.ID) != nil {
		return nil, fmt.Errorf("review %s: %w", c.Review.ID, ErrReviewExists)
	}
	if err := checkName("/name", c.Review.Name); err != nil {
		return nil, err
	}
	if err := checkFuture("/due_at", c.Review.DueAt, at); err != nil {
		return nil, err
	}
	return []Event{ReviewOpened{About{Organization: c.Organization, Workspace: c.Workspace}, c.Review}}, nil
}

// RowDecision is what a reviewer decides about a row of a review.
type RowDecision struct {
	Workspace WorkspaceID
	User      UserID
	Decision  ReviewDecision
	Reason    string // for people; may be empty
}

// DecideReview decides rows of a review: all of them, or none if one is refused. To revoke
// somebody's access ends their membership in the same commit. A row can be decided again as
// long as the review is open, except that what was revoked cannot be kept. The same decision
// again changes nothing, unless it is another reviewer's, or access was revoked and the user
// has it again.
//
// The caller makes sure that every row is one of the review.
type DecideReview struct {
	Meta
	ID        ReviewID
	Decisions []RowDecision
}

// CommandType is decide_review.
func (DecideReview) CommandType() string { return "decide_review" }

func (c DecideReview) target(*State) Key { return ReviewKey(c.Organization, c.ID) }

func (c DecideReview) needs(keys []Key, s *State) []Key {
	keys = append(keys, c.target(s))
	for i := range c.Decisions {
		d := &c.Decisions[i]
		keys = append(keys, ReviewRowKey(c.ID, d.Workspace, d.User))
		keys = memberNeeds(keys, s, c.Meta, d.Workspace, d.User)
		if s.Membership(d.Workspace, d.User).owns() { // several owners of a workspace can lose it
			keys = ownerNeeds(keys, s, c.Organization, d.Workspace, len(c.Decisions))
		}
	}
	return keys
}

func (c DecideReview) decide(s *State, at time.Time) ([]Event, error) {
	review, err := s.openReview(c.Meta, c.ID)
	if err != nil {
		return nil, err
	}
	if c.person().IsZero() {
		return nil, fmt.Errorf("decisions of a review: %w", ErrReviewerNeeded)
	}
	switch n := len(c.Decisions); {
	case n == 0:
		return nil, &InvalidError{"/decisions", "required", "at least one decision is needed"}
	case n > MaxDecisions:
		return nil, &InvalidError{"/decisions", "too_many", fmt.Sprintf("at most %d decisions are expected", MaxDecisions)}
	}
	var events []Event
	after := s.fork(len(c.Decisions) * partsOfOperation)
	seen := make(map[Key]bool, len(c.Decisions))
	for i := range c.Decisions {
		follow, err := c.row(after, review, c.Decisions[i], seen, at)
		if err != nil {
			return nil, &RowError{i, err}
		}
		for _, e := range follow {
			after.reviewed(e, &Recorded{Event: e, Time: at, Actor: c.Actor, OnBehalfOf: c.OnBehalfOf})
		}
		events = append(events, follow...)
	}
	return events, nil
}

// reviewed folds an event of [DecideReview].
func (s *State) reviewed(e Event, r *Recorded) {
	switch e := e.(type) { //nolint:gochecksumtype // these are all that follow from it
	case ReviewRowDecided:
		s.reviewRowDecided(e, r)
	case MemberRemoved:
		s.ended(e.About, r)
	}
}

// row decides one row on the state that the decisions before it have left.
func (c DecideReview) row(s *State, review *Review, d RowDecision, seen map[Key]bool, at time.Time) ([]Event, error) {
	key := ReviewRowKey(c.ID, d.Workspace, d.User)
	switch {
	case seen[key]:
		return nil, &InvalidError{"", "duplicate", "a decision before this one is about the same row"}
	case !review.Workspace.IsZero() && review.Workspace != d.Workspace:
		return nil, &InvalidError{"/workspace_id", "unknown_row", "the review is of another workspace"}
	case d.Decision != ReviewKept && d.Decision != ReviewRevoked:
		return nil, &InvalidError{"/decision", "invalid_value", "kept or revoked is expected"}
	}
	seen[key] = true
	if err := checkUser("/user_id", d.User); err != nil {
		return nil, err
	}
	if d.Reason != "" {
		if err := CheckReason("/reason", d.Reason); err != nil {
			return nil, err
		}
	}
	if _, err := s.mayManageWorkspace(c.Meta, d.Workspace, at); err != nil {
		return nil, err
	}
	if d.User == c.person() || d.User == c.Actor.User {
		return nil, fmt.Errorf("user %s: %w", d.User, ErrOwnAccess)
	}
	before := s.ReviewRow(c.ID, d.Workspace, d.User)
	if before.decision() == ReviewRevoked && d.Decision == ReviewKept {
		return nil, fmt.Errorf("user %s in workspace %s: %w", d.User, d.Workspace, ErrRowRevoked)
	}
	again := before != nil && before.Decision == d.Decision && before.Reason == d.Reason && before.Reviewer == c.adder()
	if again && (d.Decision == ReviewKept || c.without(s, d, at)) {
		return nil, nil
	}
	decided := ReviewRowDecided{About{c.Organization, d.Workspace, d.User}, c.ID, d.Decision, before.decision(), d.Reason}
	if d.Decision == ReviewKept {
		return []Event{decided}, nil
	}
	ended, err := c.revoke(s, d, at)
	return append([]Event{decided}, ended...), err
}

// without reports whether the user has no access to the workspace. Somebody may have given it to
// them again after it was revoked.
func (c DecideReview) without(s *State, d RowDecision, at time.Time) bool {
	return !c.inherits(s, d) && s.Membership(d.Workspace, d.User).gone(at)
}

// inherits reports whether the user has access because of their role in the organization. That is
// so too while the user is suspended: with the end of the suspension the access would be back.
func (c DecideReview) inherits(s *State, d RowDecision) bool {
	return s.OrganizationMember(c.Organization, d.User).role().Level() >= LevelManage
}

// revoke returns the event that ends the user's membership, if they have one. It refuses if
// the user would have access all the same.
func (c DecideReview) revoke(s *State, d RowDecision, at time.Time) ([]Event, error) {
	if c.inherits(s, d) {
		return nil, fmt.Errorf("user %s: %w", d.User, ErrAccessInherited)
	}
	if s.Membership(d.Workspace, d.User) == nil {
		return nil, nil
	}
	return RemoveMember{c.Meta, d.Workspace, d.User}.decide(s, at)
}

// CloseReview closes a review. Closing it a second time changes nothing.
type CloseReview struct {
	Meta
	ID ReviewID
	// LeaveUndecided closes it although rows are undecided. Then a reason is needed.
	LeaveUndecided bool
	Why            string
}

// CommandType is close_review.
func (CloseReview) CommandType() string { return "close_review" }

func (c CloseReview) target(*State) Key { return ReviewKey(c.Organization, c.ID) }

func (c CloseReview) needs(keys []Key, s *State) []Key {
	keys = append(keys, c.target(s))
	if review := s.Review(c.Organization, c.ID); review != nil {
		keys = reviewNeeds(keys, s, c.Meta, review.Workspace)
	}
	return keys
}

func (c CloseReview) decide(s *State, at time.Time) ([]Event, error) {
	review, err := s.review(c.Meta, c.ID)
	if err != nil {
		return nil, err
	}
	if err := s.mayReview(c.Meta, review.Workspace, at); err != nil {
		return nil, err
	}
	if !review.ClosedAt.IsZero() {
		return nil, nil
	}
	if c.Why != "" {
		if err := CheckReason("/reason", c.Why); err != nil {
			return nil, err
		}
	}
	left := review.Undecided()
	switch {
	case left > 0 && !c.LeaveUndecided:
		return nil, fmt.Errorf("%d rows are undecided: %w", left, ErrRowsUndecided)
	case left > 0 && c.Why == "":
		return nil, &InvalidError{"/reason", "required", "a reason is needed for leaving rows undecided"}
	}
	return []Event{ReviewClosed{About{Organization: c.Organization, Workspace: review.Workspace}, c.ID, left, c.Why}}, nil
}

// reviewNeeds appends what [State.mayReview] must see.
func reviewNeeds(keys []Key, s *State, m Meta, ws WorkspaceID) []Key {
	if ws.IsZero() {
		return keys
	}
	return workspaceNeeds(keys, s, m, ws)
}

// mayReview refuses an actor who may not manage the workspace, or, if it is zero, one who
// does not act for the organization.
func (s *State) mayReview(m Meta, ws WorkspaceID, at time.Time) error {
	if _, err := s.organization(m); err != nil {
		return err
	}
	if ws.IsZero() {
		_, err := s.organizationAuthority(m)
		return err
	}
	_, err := s.mayManageWorkspace(m, ws, at)
	return err
}

// review returns the organization's review.
func (s *State) review(m Meta, id ReviewID) (*Review, error) {
	if _, err := s.organization(m); err != nil {
		return nil, err
	}
	review := s.Review(m.Organization, id)
	if review == nil {
		return nil, fmt.Errorf("review %s: %w", id, ErrUnknownReview)
	}
	return review, nil
}

// openReview returns the organization's review. It refuses one that is closed.
func (s *State) openReview(m Meta, id ReviewID) (*Review, error) {
	review, err := s.review(m, id)
	if err == nil && !review.ClosedAt.IsZero() {
		return nil, fmt.Errorf("review %s: %w", id, ErrReviewClosed)
	}
	return review, err
}
