package projections

import (
	"context"
	"errors"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections/sqlite"
)

// Undecided selects the rows of a review that nobody has decided.
const Undecided domain.ReviewDecision = "undecided"

// ReviewRowFilter selects the rows of a review that a list shows.
type ReviewRowFilter struct {
	Decision domain.ReviewDecision `json:"d,omitzero"` // kept, revoked or [Undecided]; empty: any
	Reviewer string                `json:"r,omitzero"` // the id of who has decided; empty: anybody, or nobody
}

// ReviewRow is one user's access to one workspace as a review shows it.
type ReviewRow struct {
	Access  Access      // as of the review's moment
	Decided *DecidedRow // nil: undecided
}

// ReviewRows lists the rows of the review: the access that q sees at that time, which must be
// the review's moment, each with what was decided. Rows are in the order of
// [Queries.AccessAfter], or, if only decided ones are wanted, in the order in which they were
// first decided. A page looks at a bounded number of rows. So it may have fewer items than it
// could, even none, and still have a cursor.
func (m *ReadModels) ReviewRows(ctx context.Context, q *Queries, v *domain.Review, f ReviewRowFilter, at time.Time, p Page) (List[ReviewRow], error) {
	from, err := sqlite.ReadCursor(p, "review_rows "+v.ID.String(), 0, f)
	if err != nil {
		return List[ReviewRow]{}, err
	}
	if f = from.Filter; f.Decision == Undecided && f.Reviewer != "" {
		return List[ReviewRow]{Items: []ReviewRow{}}, nil
	} else if f.Reviewer != "" || f.Decision != "" && f.Decision != Undecided {
		return m.decidedRows(ctx, q, v, from, at, p.Limit())
	}
	list := List[ReviewRow]{Items: make([]ReviewRow, 0, p.Limit())}
	last := AccessPlace{from.Last.N[0], from.Last.N[1]}
	for looked := 0; ; {
		page, err := q.AccessAfter(ctx, v.Organization, v.Workspace, at, last, MaxPageSize+1)
		if err != nil {
			return list, err
		}
		decided, err := m.decidedOf(ctx, v.ID, page)
		if err != nil {
			return list, err
		}
		for i := range page {
			if f.Decision != Undecided || decided[i] == nil {
				if len(list.Items) == p.Limit() {
					list.Next, err = from.Cursor(sqlite.Place{N: [3]int64{last.Workspace, last.Person}})
					return list, err
				}
				list.Items = append(list.Items, ReviewRow{page[i].Access, decided[i]})
			}
			last = page[i].Place
		}
		if len(page) <= MaxPageSize {
			return list, nil
		}
		if looked += len(page); looked >= maxExamined {
			list.Next, err = from.Cursor(sqlite.Place{N: [3]int64{last.Workspace, last.Person}})
			return list, err
		}
	}
}

// decidedOf returns what was decided about each access.
func (m *ReadModels) decidedOf(ctx context.Context, id domain.ReviewID, page []PlacedAccess) (decided []*DecidedRow, err error) {
	decided = make([]*DecidedRow, len(page))
	err = m.list(ctx, func(c conn) error {
		for i := range page {
			switch row, err := c.decided(id, page[i].Workspace, page[i].User); {
			case err == nil:
				decided[i] = new(row.Item())
			case !errors.Is(err, ErrNotFound):
				return err
			}
		}
		return nil
	})
	return decided, err
}

// decidedRows lists rows that were decided.
func (m *ReadModels) decidedRows(ctx context.Context, q *Queries, v *domain.Review, from sqlite.Bookmark[ReviewRowFilter], at time.Time, limit int) (list List[ReviewRow], err error) {
	var rows List[DecidedRow]
	if err := m.list(ctx, func(c conn) (err error) {
		var end sqlite.Place
		part, err := c.examinedOf(ctx, OrderCreated, maxExamined, &end, []any{sqlite.Number(&end.N[0])},
			`SELECT key FROM review_rows WHERE review = +?1 AND key > +?2 ORDER BY key LIMIT 1 OFFSET +?3`, v.ID[:], from.Last.N[0])
		if err != nil {
			return err
		}
		rows, err = sqlite.ReadPage(ctx, c.Conn, from, limit, new(decidedRow), `
			SELECT `+decidedColumns+`
			FROM review_rows d
			WHERE d.review = +?1 AND d.key > +?2 AND (+?3 = '' OR d.decision = +?3) AND (+?4 = '' OR d.reviewer = +?4) AND d.key <= +?5
			ORDER BY d.key LIMIT +?6`, v.ID[:], from.Last.N[0], string(from.Filter.Decision), from.Filter.Reviewer, part.end.N[0])
		if err == nil {
			rows, err = upTo(part, rows, from)
		}
		return err
	}); err != nil {
		return list, err
	}
	list = List[ReviewRow]{Items: make([]ReviewRow, len(rows.Items)), Next: rows.Next}
	for i := range rows.Items {
		d := &rows.Items[i]
		access, err := q.AccessOf(d.Workspace, d.User, at)
		if errors.Is(err, ErrNotFound) { // the command has seen it
			access, err = Access{Organization: v.Organization, Workspace: d.Workspace, User: d.User}, nil
		}
		if err != nil {
			return list, err
		}
		list.Items[i] = ReviewRow{access, d}
	}
	return list, nil
}
