package projections

import "strings"

// reached returns the statement that lists the workspaces that a person reaches, with all
// of the person's grants there, in the order of the workspaces.
//
// Unless a source can give several grants, every row of a walk is a different workspace, so
// the walks read the columns as they go, and do not look up again what they have found. Each
// workspace is in the first walk that finds it.
func (t *sourceTable) reached() string {
	texts := make([]string, len(t.rows))
	if t.several() {
		for i := range t.rows {
			texts[i] = t.rows[i].workspaces.distinct(t.rows[i].most)
		}
		return `SELECT ` + t.columns() + `, ` + workspaceColumns + `
			FROM (` + strings.Join(texts, ` UNION `) + ` ORDER BY 1 LIMIT +?5) candidates
			CROSS JOIN workspaces w ON w.key = candidates.key
			CROSS JOIN people p ON p.key = +?1` + t.joins()
	}
	for i := range t.rows {
		s := &t.rows[i]
		from, where := s.workspaces.from, s.workspaces.where
		for j := range t.rows {
			other := &t.rows[j]
			if j != i {
				from += ` ` + other.join
			}
			if j < i {
				where += ` AND (` + other.has + `) IS NOT TRUE`
			}
		}
		// The key of the walk instead of that of w, so that the order is seen to be the walk's.
		columns := strings.Replace(workspaceColumns, `w.key`, s.workspaces.key+` AS reached`, 1)
		texts[i] = `SELECT ` + t.columns() + `, ` + columns + ` FROM ` + from + ` WHERE ` + where
	}
	return strings.Join(texts, ` UNION ALL `) + ` ORDER BY reached LIMIT +?5`
}
