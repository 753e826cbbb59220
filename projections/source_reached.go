package projections

import (
	"strconv"
	"strings"
)

// reaching returns the statement that finds the user +?2 of the organization +?1: the key of
// the person, when they were suspended, and by which sources they may reach workspaces, as a
// [sourceSet].
func (t *sourceTable) reaching() string {
	sets := make([]string, len(t.rows))
	for i := range t.rows {
		sets[i] = strconv.Itoa(1 << i)
		if condition := t.rows[i].reaches; condition != "" {
			sets[i] = `CASE WHEN ` + condition + ` THEN ` + sets[i] + ` ELSE 0 END`
		}
	}
	return `SELECT p.key, p.suspended_at, ` + strings.Join(sets, ` + `) + ` FROM people p WHERE p.organization = +?1 AND p.user = +?2`
}

// reached returns the statement that lists the workspaces that a person reaches by the
// sources in the set, with all of the person's grants there, in the order of the workspaces.
// It is empty for the empty set.
//
// Unless a source can give several grants, every row of a walk is a different workspace, so
// the walks read the columns as they go, and do not look up again what they have found. Each
// workspace is in the first walk that finds it. A walk by a source that is not in the set
// would find nothing, and is left out. So for nearly everybody there is only one.
func (t *sourceTable) reached(by sourceSet) string {
	var texts []string
	if t.several() {
		for i := range t.rows {
			texts = append(texts, t.rows[i].workspaces.distinct(t.rows[i].most))
		}
		return `SELECT ` + t.columns() + `, ` + workspaceColumns + `
			FROM (` + strings.Join(texts, ` UNION `) + ` ORDER BY 1 LIMIT +?5) candidates
			CROSS JOIN workspaces w ON w.key = candidates.key
			CROSS JOIN people p ON p.key = +?1` + t.joins()
	}
	for i := range t.rows {
		if !by.has(i) {
			continue
		}
		s := &t.rows[i]
		from, where := s.workspaces.from, s.workspaces.where
		for j := range t.rows {
			if j == i || !by.has(j) {
				continue
			}
			other := &t.rows[j]
			from += ` ` + other.join
			if j < i {
				where += ` AND (` + other.has + `) IS NOT TRUE`
			}
		}
		// The key of the walk instead of that of w, so that the order is seen to be the walk's.
		columns := strings.Replace(workspaceColumns, `w.key`, s.workspaces.key+` AS reached`, 1)
		texts = append(texts, `SELECT `+t.columnsOf(by)+`, `+columns+` FROM `+from+` WHERE `+where)
	}
	if len(texts) == 0 {
		return ""
	}
	return strings.Join(texts, ` UNION ALL `) + ` ORDER BY reached LIMIT +?5`
}
