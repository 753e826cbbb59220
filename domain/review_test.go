package domain

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	reviewID     = named[reviewKind]("review")
	spring       = ReviewFacts{ID: reviewID, Name: "Spring", AsOf: 9, At: now.Add(-time.Hour), Rows: 7}
	opening      = ReviewOpened{inOrganization(acme), spring}
	withReview   = after(stage, opening)
	ofStudio     = after(stage, ReviewOpened{inWorkspace(studio), spring})
	over         = after(withReview, ReviewClosed{inOrganization(acme), reviewID, 7, "late"})
	keptEdna     = after(withReview, decided(edna, ReviewKept, "", ""))
	tookEdna     = after(withReview, decided(edna, ReviewRevoked, "", ""), removed(studio, edna, RoleEditor))
	pairOfOwners = after(withReview, added(studio, cleo, RoleOwner))

	// reviewer is whom the given decisions are attributed to.
	reviewer = Meta{Organization: acme, Actor: Actor{Kind: ActorUser, ID: byProgram.Actor.ID, User: olga, Credential: byProgram.Actor.Credential}}
)

// decided is a decision about somebody's access to the studio.
func decided(u UserID, decision, before ReviewDecision, why string) Event {
	return ReviewRowDecided{member(studio, u), reviewID, decision, before, why}
}

func review(m Meta, decisions ...RowDecision) Command { return DecideReview{m, reviewID, decisions} }

// keep and revoke are decisions about access to the studio.
func keep(u UserID) RowDecision   { return RowDecision{studio, u, ReviewKept, ""} }
func revoke(u UserID) RowDecision { return RowDecision{studio, u, ReviewRevoked, ""} }

func because(d RowDecision, why string) RowDecision {
	d.Reason = why
	return d
}

func reviewWith(change func(*ReviewFacts)) ReviewFacts {
	facts := spring
	change(&facts)
	return facts
}

var reviewRows = []row{
	{name: "of everything", given: stage, when: OpenReview{byProgram, WorkspaceID{}, spring}, then: []Event{opening}},
	{name: "of a workspace", given: stage, when: OpenReview{by(adam), studio, spring}, then: []Event{ReviewOpened{inWorkspace(studio), spring}}},
	{name: "of everything, by an admin", given: stage, when: OpenReview{by(ben), WorkspaceID{}, spring}, then: []Event{opening}},
	{name: "of everything, by a workspace's owner", given: stage, when: OpenReview{by(olga), WorkspaceID{}, spring}, err: ErrNotAllowed},
	{name: "of everything, by a workspace's program", given: stage, when: OpenReview{within(studio, byProgram), WorkspaceID{}, spring}, err: ErrNotAllowed},
	{name: "of another workspace", given: stage, when: OpenReview{by(adam), lab, spring}, err: ErrNotAllowed},
	{name: "of an editor's workspace", given: stage, when: OpenReview{by(edna), studio, spring}, err: ErrNotAllowed},
	{name: "of no workspace", given: stage, when: OpenReview{byProgram, annex, spring}, err: ErrUnknownWorkspace},
	{name: "of another organization's workspace", given: stage, when: OpenReview{byProgram, vault, spring}, err: ErrUnknownWorkspace},
	{name: "of no organization", when: OpenReview{byRoot, WorkspaceID{}, spring}, err: ErrUnknownOrganization},
	{name: "twice", given: withReview, when: OpenReview{byProgram, WorkspaceID{}, spring}, err: ErrReviewExists},
	{name: "without a name", given: stage, when: OpenReview{byProgram, WorkspaceID{}, reviewWith(func(f *ReviewFacts) { f.Name = "" })}, err: invalid("/name", "required")},
	{name: "due in the past", given: stage, when: OpenReview{byProgram, WorkspaceID{}, reviewWith(func(f *ReviewFacts) { f.DueAt = now })}, err: invalid("/due_at", "in_the_past")},
	{name: "due never", given: stage, when: OpenReview{byProgram, WorkspaceID{}, reviewWith(func(f *ReviewFacts) { f.DueAt = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) })}, err: invalid("/due_at", "out_of_range")},

	{name: "kept", given: withReview, when: review(by(adam), because(keep(edna), "needed")), then: []Event{decided(edna, ReviewKept, "", "needed")}},
	{name: "kept, inherited", given: withReview, when: review(by(adam), keep(ada)), then: []Event{decided(ada, ReviewKept, "", "")}},
	{name: "revoked", given: ofStudio, when: review(by(adam), revoke(edna), keep(vera)), then: []Event{decided(edna, ReviewRevoked, "", ""), removed(studio, edna, RoleEditor), decided(vera, ReviewKept, "", "")}},
	{name: "revoked on behalf of a person", given: withReview, when: review(as(ben, byProgram), revoke(edna)), then: []Event{decided(edna, ReviewRevoked, "", ""), removed(studio, edna, RoleEditor)}},
	{name: "revoked, and gone since", given: after(withReview, removed(studio, edna, RoleEditor)), when: review(by(adam), revoke(edna)), then: []Event{decided(edna, ReviewRevoked, "", "")}},
	{name: "revoked, and no admin any more", given: after(withReview, OrganizationMemberRoleChanged{user(ben), Change[OrganizationRole]{OrganizationAdmin, OrganizationPlain}}), when: review(by(adam), revoke(ben)), then: []Event{decided(ben, ReviewRevoked, "", "")}},
	{name: "revoked, inherited", given: withReview, when: review(by(ada), revoke(ben)), err: ErrAccessInherited},
	{name: "revoked, inherited by somebody who is suspended", given: after(withReview, OrganizationMemberSuspended{user(ben)}), when: review(by(ada), revoke(ben)), err: ErrAccessInherited},
	{name: "revoked, direct and inherited", given: after(withReview, added(studio, ben, RoleViewer)), when: review(by(ada), revoke(ben)), err: ErrAccessInherited},
	{name: "revoked, the last owner", given: withReview, when: review(by(ada), revoke(olga)), err: &LastOwnerError{[]WorkspaceID{studio}}},
	{name: "revoked, one of two owners", given: pairOfOwners, when: review(by(ada), revoke(olga)), then: []Event{decided(olga, ReviewRevoked, "", ""), removed(studio, olga, RoleOwner)}},
	{name: "revoked, both owners", given: pairOfOwners, when: review(by(ada), revoke(olga), revoke(cleo)), err: &LastOwnerError{[]WorkspaceID{studio}}},
	{name: "revoked, above", given: pairOfOwners, when: review(by(adam), revoke(olga)), err: ErrRoleAboveOwn},
	{name: "revoked, archived", given: after(withReview, WorkspaceArchived{inWorkspace(studio)}), when: review(by(adam), revoke(edna)), err: ErrWorkspaceArchived},
	{name: "kept, archived", given: after(withReview, WorkspaceArchived{inWorkspace(studio)}), when: review(by(adam), keep(edna)), then: []Event{decided(edna, ReviewKept, "", "")}},
	{name: "all or nothing", given: withReview, when: review(by(adam), keep(edna), keep(adam)), err: ErrOwnAccess},
	{name: "again the same", given: keptEdna, when: review(reviewer, keep(edna))},
	{name: "again the same, by another reviewer", given: keptEdna, when: review(by(olga), keep(edna)), then: []Event{decided(edna, ReviewKept, ReviewKept, "")}},
	{name: "again for another reason", given: keptEdna, when: review(reviewer, because(keep(edna), "still")), then: []Event{decided(edna, ReviewKept, ReviewKept, "still")}},
	{name: "revoked after all", given: keptEdna, when: review(by(olga), revoke(edna)), then: []Event{decided(edna, ReviewRevoked, ReviewKept, ""), removed(studio, edna, RoleEditor)}},
	{name: "revoked again", given: tookEdna, when: review(reviewer, revoke(edna))},
	{name: "revoked again, by another reviewer", given: tookEdna, when: review(by(olga), revoke(edna)), then: []Event{decided(edna, ReviewRevoked, ReviewRevoked, "")}},
	{name: "revoked again, archived", given: after(tookEdna, WorkspaceArchived{inWorkspace(studio)}), when: review(reviewer, revoke(edna))},
	{name: "revoked again, added since", given: after(tookEdna, added(studio, edna, RoleViewer)), when: review(by(olga), revoke(edna)), then: []Event{decided(edna, ReviewRevoked, ReviewRevoked, ""), removed(studio, edna, RoleViewer)}},
	{name: "revoked again, inherited since", given: after(tookEdna, OrganizationMemberAdded{user(edna), OrganizationAdmin}), when: review(by(ada), revoke(edna)), err: ErrAccessInherited},
	{name: "kept after all", given: tookEdna, when: review(by(olga), keep(edna)), err: ErrRowRevoked},
	{name: "their own", given: withReview, when: review(by(ada), keep(ada)), err: ErrOwnAccess},
	{name: "their own, through a program", given: withReview, when: review(as(ada, byProgram), keep(ada)), err: ErrOwnAccess},
	{name: "by a program", given: withReview, when: review(byProgram, keep(edna)), err: ErrReviewerNeeded},
	{name: "by an editor", given: withReview, when: review(by(edna), keep(vera)), err: ErrNotAllowed},
	{name: "in another workspace", given: ofStudio, when: review(by(ada), RowDecision{lab, zoe, ReviewKept, ""}), err: invalid("/workspace_id", "unknown_row")},
	{name: "one row twice", given: withReview, when: review(by(ada), keep(edna), revoke(edna)), err: invalid("", "duplicate")},
	{name: "nothing", given: withReview, when: review(by(ada), RowDecision{studio, edna, "", ""}), err: invalid("/decision", "invalid_value")},
	{name: "nobody's", given: withReview, when: review(by(ada), keep(UserID{})), err: invalid("/user_id", "required")},
	{name: "with a reason of two lines", given: withReview, when: review(by(ada), because(keep(edna), "a\u2028b")), err: invalid("/reason", "invalid_characters")},
	{name: "none", given: withReview, when: review(by(ada)), err: invalid("/decisions", "required")},
	{name: "too many", given: withReview, when: review(by(ada), slices.Repeat([]RowDecision{keep(edna)}, MaxDecisions+1)...), err: invalid("/decisions", "too_many")},
	{name: "closed", given: over, when: review(by(ada), keep(edna)), err: ErrReviewClosed},
	{name: "unknown", given: stage, when: review(by(ada), keep(edna)), err: ErrUnknownReview},
	{name: "of no organization", when: review(by(ada), keep(edna)), err: ErrUnknownOrganization},

	{name: "decided", given: after(stage, ReviewOpened{inOrganization(acme), reviewWith(func(f *ReviewFacts) { f.Rows = 1 })}, decided(edna, ReviewKept, "", "")), when: CloseReview{byProgram, reviewID, false, ""}, then: []Event{ReviewClosed{inOrganization(acme), reviewID, 0, ""}}},
	{name: "undecided", given: keptEdna, when: CloseReview{byProgram, reviewID, false, "late"}, err: ErrRowsUndecided},
	{name: "left undecided", given: keptEdna, when: CloseReview{byProgram, reviewID, true, "late"}, then: []Event{ReviewClosed{inOrganization(acme), reviewID, 6, "late"}}},
	{name: "left undecided without a reason", given: keptEdna, when: CloseReview{byProgram, reviewID, true, ""}, err: invalid("/reason", "required")},
	{name: "with a long reason", given: keptEdna, when: CloseReview{byProgram, reviewID, true, strings.Repeat("x", MaxReason+1)}, err: invalid("/reason", "too_long")},
	{name: "of a workspace", given: ofStudio, when: CloseReview{by(adam), reviewID, true, "late"}, then: []Event{ReviewClosed{inWorkspace(studio), reviewID, 7, "late"}}},
	{name: "of everything, by a workspace's owner", given: withReview, when: CloseReview{by(olga), reviewID, true, "late"}, err: ErrNotAllowed},
	{name: "closed", given: over, when: CloseReview{byProgram, reviewID, false, ""}},
	{name: "unknown", given: stage, when: CloseReview{byProgram, reviewID, false, ""}, err: ErrUnknownReview},
}

func TestReviewEvolves(t *testing.T) {
	s := fold(after(keptEdna, decided(vera, ReviewKept, "", ""), decided(edna, ReviewRevoked, ReviewKept, "left"), removed(studio, edna, RoleEditor),
		ReviewClosed{inOrganization(acme), reviewID, 5, "late"})...)
	v := s.Review(acme, reviewID)
	if v.Kept != 1 || v.Revoked != 1 || v.Undecided() != 5 || v.ClosedAt.IsZero() || v.ClosedBy != byProgram.Actor.ID || v.OpenedBy != byProgram.Actor.ID || v.Why != "late" {
		t.Errorf("%+v", v)
	}
	if r := s.ReviewRow(reviewID, studio, edna); r.Decision != ReviewRevoked || r.Reason != "left" || r.Reviewer != byProgram.Actor.ID || !r.UpdatedAt.After(r.CreatedAt) {
		t.Errorf("%+v", r)
	}
	_, err := Decide(fold(withReview...), now, review(by(ada), keep(edna), keep(ada)))
	if row, ok := errors.AsType[*RowError](err); !ok || row.Index != 1 {
		t.Errorf("%v does not say which decision it is", err)
	}
}
