package projections

import (
	"testing"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections/sqlite"
)

// A page of a review's rows does not look at all of them, however few the filter matches.
func TestReviewRowsAreBounded(t *testing.T) {
	t.Parallel()
	const decided, undecided = 2*maxExamined + 500, 300
	h := largeHistory(1, 1, decided+undecided)
	org, ws := orgID(1), wsID(1<<8)
	h.do(t, domain.OpenReview{Meta: root(org), Workspace: ws, Review: review(9)})
	meta := root(org)
	meta.OnBehalfOf = userID(1)
	var events []domain.Event
	for n := range decided {
		decision := domain.ReviewKept
		if n == decided-1 {
			decision = domain.ReviewRevoked
		}
		events = append(events, domain.ReviewRowDecided{
			About: domain.About{Organization: org, Workspace: ws, User: userID(1_000_000 + n + 2)}, ID: review(9).ID, Decision: decision,
		})
	}
	h.record(meta, events...)
	m := h.models(t)
	for _, c := range []struct {
		decision domain.ReviewDecision
		want     int
	}{{Undecided, undecided + 2}, {domain.ReviewRevoked, 1}} { // with the owner and the organization's admin
		list := func(p Page) (List[ReviewRow], error) {
			return m.ReviewRows(t.Context(), m.Queries, h.state.Review(org, review(9).ID), ReviewRowFilter{Decision: c.decision}, later, p)
		}
		found, pages := toEnd(t, list)
		if len(found) != c.want || pages < 3 {
			t.Errorf("%s: %d rows on %d pages, want %d", c.decision, len(found), pages, c.want)
		}
		if first, err := list(Page{Size: 10}); err != nil || len(first.Items) > 2 || first.Next == "" {
			t.Errorf("%s: the first page has %d rows, cursor %t, %v", c.decision, len(first.Items), first.Next != "", err)
		}
	}
}

// A page of a diff looks at a bounded number of workspaces too.
func TestDiffIsBounded(t *testing.T) {
	t.Parallel()
	h, m := crowd(t)
	org, begin := orgID(1), Moment{h.tips[1].Position, h.now}
	h.do(t, introduceMember(org, wsID(2), 40, domain.RoleViewer))
	if err := m.history.catchUp(t.Context(), h.replay(nil)); err != nil {
		t.Fatal(err)
	}
	span := Span{begin, Moment{h.tips[1].Position, h.now}}
	q, file, err := m.history.asOf(t.Context(), span.To.Position)
	if err != nil {
		t.Fatal(err)
	}
	from, err := sqlite.ReadCursor(Page{}, "diff", 0, diffFilter{})
	if err != nil {
		t.Fatal(err)
	}
	if err := q.list(t.Context(), func(c conn) error {
		var pages, found int
		for again := true; again; pages++ {
			d := diff{conn: c, ctx: t.Context(), file: file, table: q.sources, span: span, organization: org, examined: maxExamined - 1}
			if d.key, err = c.organizationKey(org); err != nil {
				return err
			}
			list, err := d.page(from, 10)
			if err != nil {
				return err
			}
			found += len(list.Items)
			if again = list.Next != ""; again {
				if from, err = sqlite.ReadCursor(Page{After: list.Next}, "diff", 0, diffFilter{}); err != nil {
					return err
				}
			}
		}
		if pages < 4 || found != 1 { // there are three workspaces
			t.Errorf("%d changes on %d pages", found, pages)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
