package projections

import (
	"context"
	"strings"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections/sqlite"
)

// A search looks for people whose e-mail address, whole name or last name begins with
// some text, in upper or lower case. Each of the three has its own column, which holds
// it folded and has an index. So the people found are a range of each index.
//
// There are two ways to read a list with a search. If the search finds few people, the
// list is sorted from them. If it finds many, the list is read in its own order and the
// people who do not match are skipped. A page is soon full then.

// window is the least number of people that counts as many.
const window = 2000

// searchRange returns the range of texts that the query finds: the first of them, and
// the end, which is not one of them. Both are empty if the query is.
func searchRange(query string) (first, end string) {
	if query == "" {
		return "", ""
	}
	first = domain.FoldText(query)
	if strings.Contains(first, "@") {
		first = domain.FoldEmail(query)
	}
	return first, sqlite.PrefixEnd(first)
}

// searched returns the condition that a search finds the person p. The parameters hold
// the values of [searchRange].
func searched(first, end string) string {
	in := func(column string) string { return `p.` + column + ` >= ` + first + ` AND p.` + column + ` < ` + end }
	return `(` + first + ` = '' OR ` + in("folded_email") + ` OR ` + in("folded_name") + ` OR ` + in("folded_last") + `)`
}

// foundPeople returns a statement that finds the keys of the people of an organization
// by a search, each once.
func foundPeople(organization, first, end string) string {
	in := func(column string) string {
		return `SELECT key FROM people WHERE organization = ` + organization + ` AND ` + column + ` >= ` + first + ` AND ` + column + ` < ` + end +
			` AND ` + column + ` > ''`
	}
	return in("folded_email") + ` UNION ` + in("folded_name") + ` UNION ` + in("folded_last")
}

// findsMany is a statement that returns a row if a search finds many people. It stops as
// soon as it has found that many.
const findsMany = `SELECT 1 FROM (
	SELECT 1 FROM people WHERE organization = +?1 AND folded_email >= +?2 AND folded_email < +?3
	UNION ALL SELECT 1 FROM people WHERE organization = +?1 AND folded_name >= +?2 AND folded_name < +?3
	UNION ALL SELECT 1 FROM people WHERE organization = +?1 AND folded_last >= +?2 AND folded_last < +?3 AND folded_last > ''
	) LIMIT 1 OFFSET +?4`

// findsFew reports whether there is a search and it finds few people.
func (c conn) findsFew(ctx context.Context, organization int64, first, end string) (bool, error) {
	if first == "" {
		return false, nil
	}
	many, err := c.any(ctx, findsMany, organization, first, end, window-1)
	return !many, err
}
