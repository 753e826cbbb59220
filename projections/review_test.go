package projections

import (
	"fmt"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/muster-dev/muster/domain"
)

// A review is found, listed and counted as it was folded from its events.
func TestReviews(t *testing.T) {
	t.Parallel()
	h, m := stage(t)
	org := orgID(1)
	want := []domain.Review{*h.state.Review(org, review(9).ID), *h.state.Review(org, review(2).ID)}
	if want[0].Kept != 1 || want[0].Revoked != 1 || want[1].ClosedAt.IsZero() {
		t.Errorf("%+v", want)
	}
	for _, c := range []struct {
		filter ReviewFilter
		want   []domain.Review
	}{
		{ReviewFilter{}, want},
		{ReviewFilter{State: "open"}, want[:1]},
		{ReviewFilter{State: "closed"}, want[1:]},
		{ReviewFilter{Workspace: wsID(1)}, want[1:]},
		{ReviewFilter{Workspace: wsID(2)}, nil},
	} {
		got := collect(t, 1, func(p Page) (List[domain.Review], error) { return m.Reviews(t.Context(), org, c.filter, p) })
		if diff := gocmp.Diff(c.want, got); diff != "" {
			t.Errorf("%+v (-want +got)\n%s", c.filter, diff)
		}
	}
}

// The rows of a review are the access of everybody, with what was decided.
func TestReviewRows(t *testing.T) {
	t.Parallel()
	h, m := stage(t)
	org := orgID(1)
	all := []string{
		"1/1 ", "1/2 ", "1/3 revoked", "1/4 ", "1/6 ",
		"2/1 ", "2/2 kept", "2/4 ", "3/1 ", "3/2 ", "3/4 ",
	}
	reviewer := userID(1).String()
	if n, err := m.CountAccess(t.Context(), org, domain.WorkspaceID{}, later); err != nil || n != len(all) {
		t.Errorf("%d, %v", n, err)
	}
	if n, err := m.CountAccess(t.Context(), org, wsID(2), later); err != nil || n != 3 {
		t.Errorf("%d, %v", n, err)
	}
	for _, c := range []struct {
		review byte
		filter ReviewRowFilter
		want   []string
	}{
		{9, ReviewRowFilter{}, all},
		{9, ReviewRowFilter{Decision: domain.ReviewKept}, []string{"2/2 kept"}},
		{9, ReviewRowFilter{Decision: domain.ReviewRevoked}, []string{"1/3 revoked"}},
		{9, ReviewRowFilter{Reviewer: reviewer}, []string{"1/3 revoked", "2/2 kept"}},
		{9, ReviewRowFilter{Reviewer: userID(2).String()}, nil},
		{9, ReviewRowFilter{Decision: Undecided, Reviewer: reviewer}, nil},
		{9, ReviewRowFilter{Decision: Undecided}, slices.DeleteFunc(slices.Clone(all), func(row string) bool { return row[len(row)-1] != ' ' })},
		{2, ReviewRowFilter{}, []string{"1/1 ", "1/2 ", "1/3 ", "1/4 ", "1/6 "}},
	} {
		for size := 1; size <= 12; size++ {
			var got []string
			for _, row := range collect(t, size, func(p Page) (List[ReviewRow], error) {
				return m.ReviewRows(t.Context(), m.Queries, h.state.Review(org, review(c.review).ID), c.filter, later, p)
			}) {
				decision := domain.ReviewDecision("")
				if row.Decided != nil {
					decision = row.Decided.Decision
				}
				n := 1
				for userID(n) != row.Access.User {
					n++
				}
				got = append(got, fmt.Sprintf("%d/%d %s", row.Access.Workspace[1], n, decision))
			}
			if diff := gocmp.Diff(c.want, got); diff != "" {
				t.Errorf("%d by %d: %+v (-want +got)\n%s", c.review, size, c.filter, diff)
			}
		}
	}
}
