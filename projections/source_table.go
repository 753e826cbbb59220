package projections

import (
	"slices"
	"strings"
)

// sourceTable is the table of sources, with the statements that are made from it.
type sourceTable struct {
	rows []source

	check      string   // one user's access to one workspace
	accessOf   string   // the same, with the user's profile
	reaches    string   // the key of a person, when they were suspended, and the sources by which they may reach workspaces
	workspaces []string // the workspaces that a person reaches, for every set of such sources

	// lists are the statements that list access to a workspace. SQL finds the people
	// with at least one grant that passes the filter. Go then decides whether their
	// access as a whole passes.
	lists map[accessWalk]string
	// found is the statement that lists the access of the people found by a search.
	found string
	// counts are the statements that count the people found by a walk. They are right
	// only for filters without a role and a permission.
	counts map[accessWalk]string
}

// accessWalk selects the people whom a list of access walks through.
type accessWalk struct {
	source Source // people with a grant from this source; empty: from any source
	narrow bool   // only people with a grant that has the role +?5 and one that has the permission +?6
}

// grantSources is the table of all sources.
var grantSources = newSourceTable(allSources...)

// Sources returns the names of all sources, in the order in which grants of the same level
// are shown.
func Sources() []Source { return grantSources.names() }

// MaxGrants returns the most grants that an access can have.
func MaxGrants() int { return grantSources.most() }

func newSourceTable(rows ...source) *sourceTable {
	t := &sourceTable{rows: rows, lists: make(map[accessWalk]string), counts: make(map[accessWalk]string)}
	of := `
		FROM people p` + strings.ReplaceAll(t.joins(), `w.key`, `+?1`) + `
		WHERE p.organization = +?2 AND p.user = +?4 AND ` + notSuspended
	t.check = `SELECT ` + t.columns() + of
	t.accessOf = `SELECT ` + t.columns() + `, ` + profileColumns + of
	t.reaches = t.reaching()
	t.workspaces = make([]string, 1<<len(rows))
	for by := range t.workspaces {
		t.workspaces[by] = t.reached(sourceSet(by))
	}

	t.found = t.list(`SELECT key FROM (` + foundPeople(`+?2`, `+?7`, `+?8`) + `) WHERE key > +?4 AND key <= +?10 ORDER BY 1 LIMIT +?9`)
	for _, narrow := range []bool{false, true} {
		for _, s := range append(t.names(), "") {
			w := accessWalk{s, narrow}
			t.lists[w] = t.merged(w)
			if t.several() {
				t.lists[w] = t.list(strings.Join(t.walks(w), ` UNION `) + ` ORDER BY 1 LIMIT +?9`)
			}
		}
	}
	for _, s := range append(t.names(), "") {
		t.counts[accessWalk{source: s}] = t.count(s)
	}
	return t
}

// list returns the statement that lists the access of the people whose keys the
// statement candidates finds, in the order of the keys.
func (t *sourceTable) list(candidates string) string {
	return `SELECT ` + t.columns() + `, ` + profileColumns + `, p.user, p.key
		FROM (` + candidates + `) candidates
		CROSS JOIN people p ON p.key = candidates.key
		CROSS JOIN workspaces w ON w.key = +?1` + t.joins() + `
		WHERE ` + notSuspended
}

// merged returns a statement with the same rows as [sourceTable.list] of the
// [sourceTable.walks], for tables in which no source gives several grants. Then every row
// of a walk is a different person, so the walks can read the columns as they go. Each
// person is in the first walk that finds them.
func (t *sourceTable) merged(w accessWalk) string {
	var texts []string
	for i := range t.rows {
		s := &t.rows[i]
		if w.source != "" && w.source != s.name && !w.narrow {
			continue // who has a grant from the source is in its own walk
		}
		from, where := s.people.from, s.people.where+s.people.upTo()+` AND `+searched(`+?7`, `+?8`)
		if w.narrow {
			where += ` AND ` + t.narrowed(s)
		}
		others := ""
		for j := range t.rows {
			other := &t.rows[j]
			if other == s {
				continue
			}
			others += ` ` + other.join
			if other.name == w.source {
				where += ` AND ` + other.has
			}
			if before := other.has; j < i && (w.source == "" || w.narrow) {
				if w.narrow {
					before += ` AND ` + t.narrowed(other)
				}
				where += ` AND (` + before + `) IS NOT TRUE`
			}
		}
		if strings.TrimSpace(others) != "" {
			from += ` CROSS JOIN workspaces w ON w.key = +?1` + others
		}
		texts = append(texts, `SELECT `+t.columns()+`, `+profileColumns+`, p.user, `+s.people.key+` AS person FROM `+from+` WHERE `+where)
	}
	return strings.Join(texts, ` UNION ALL `) + ` ORDER BY person LIMIT +?9`
}

// walks returns the walks that find the people, each with its search.
func (t *sourceTable) walks(w accessWalk) []string {
	var texts []string
	for i := range t.rows {
		s := &t.rows[i]
		found := s.people
		found.where += s.people.upTo() + ` AND ` + searched(`+?7`, `+?8`)
		if w.narrow {
			found.where += ` AND ` + t.narrowed(s)
		}
		if other := t.row(w.source); other != nil && other != s {
			if !w.narrow {
				continue // who has a grant from the source is in its own walk
			}
			found.from += ` CROSS JOIN workspaces w ON w.key = +?1 ` + other.join
			found.where += ` AND ` + other.has
		}
		texts = append(texts, found.distinct(s.most))
	}
	return texts
}

// narrowed returns the condition that a grant from the source has the role +?5 (0: any) and
// the permission +?6, which has spaces around it (empty: any). If both are asked for,
// another grant of the person may have the permission. Its source is joined unless some
// source gives several grants. Then the permission is left to [AccessFilter.admits].
func (t *sourceTable) narrowed(s *source) string {
	permission := `+?6 = '' OR ` + s.permits()
	if t.several() {
		permission += ` OR +?5 <> 0`
	} else {
		for i := range t.rows {
			if other := &t.rows[i]; other != s {
				permission += ` OR +?5 <> 0 AND ` + other.has + ` AND ` + other.permits()
			}
		}
	}
	return `(+?5 = 0 OR +?5 = ` + s.roleKey + `) AND (` + permission + `)`
}

// permits returns the condition that a grant has the permission +?6.
func (s *source) permits() string {
	permissions := `(SELECT permissions FROM roles WHERE key = ` + s.roleKey + `)`
	if s.permissions != "" {
		permissions = `coalesce(` + s.permissions + `, ` + permissions + `)`
	}
	return `instr(' ' || ` + permissions + ` || ' ', +?6) > 0`
}

// count returns the statement that counts the people who have a grant from the source,
// or from any source if the name is empty. Each person is counted at the first of their
// sources.
func (t *sourceTable) count(name Source) string {
	var texts []string
	for i := range t.rows {
		s := &t.rows[i]
		if name != "" && name != s.name {
			continue
		}
		counted := s.people
		counted.where += ` AND ` + searched(`+?7`, `+?8`)
		if before := t.rows[:i]; name == "" && len(before) > 0 {
			counted.from += ` CROSS JOIN workspaces w ON w.key = +?1`
			for j := range before {
				counted.from += ` ` + before[j].join
				counted.where += ` AND (` + before[j].has + `) IS NOT TRUE`
			}
		}
		what := `*`
		if s.most > 1 {
			what = `DISTINCT ` + s.people.key
		}
		texts = append(texts, `(SELECT count(`+what+`) FROM `+counted.from+` WHERE `+counted.where+`)`)
	}
	return `SELECT ` + strings.Join(texts, ` + `)
}

// distinct returns the walk as a statement that finds every key once, with the key as
// its only column. The walk itself finds a key once for each grant.
func (w walk) distinct(most int) string {
	if most > 1 {
		return `SELECT DISTINCT ` + w.key + ` AS key FROM ` + w.from + ` WHERE ` + w.where
	}
	return `SELECT ` + w.key + ` AS key FROM ` + w.from + ` WHERE ` + w.where
}

// upTo ends the walk at the key +?10.
func (w walk) upTo() string { return ` AND ` + w.key + ` <= +?10` }

// columns returns the columns of every source, in the order in which
// [grantRow.ScanColumns] takes them.
func (t *sourceTable) columns() string { return t.columnsOf(t.all()) }

// columnsOf is [sourceTable.columns] for the sources in the set, with null for the others.
func (t *sourceTable) columnsOf(set sourceSet) string {
	var all []string
	for i := range t.rows {
		s := &t.rows[i]
		for _, column := range []string{s.role, s.permissions, s.event, s.position, s.membership} {
			switch {
			case column == "":
			case set.has(i):
				all = append(all, column)
			default:
				all = append(all, `NULL`)
			}
		}
	}
	return strings.Join(all, `, `)
}

// sourceSet is a set of rows of the table of sources, with a bit for each.
type sourceSet int

func (s sourceSet) has(row int) bool { return s>>row&1 != 0 }

// all returns the set of all sources.
func (t *sourceTable) all() sourceSet { return 1<<len(t.rows) - 1 }

func (t *sourceTable) joins() string {
	var b strings.Builder
	for i := range t.rows {
		b.WriteString("\n\t\t" + t.rows[i].join)
	}
	return b.String()
}

func (t *sourceTable) names() []Source {
	names := make([]Source, len(t.rows))
	for i := range t.rows {
		names[i] = t.rows[i].name
	}
	return names
}

// row returns the source of that name, or nil.
func (t *sourceTable) row(name Source) *source {
	if i := t.rank(name); i >= 0 {
		return &t.rows[i]
	}
	return nil
}

// rank returns where the source is in the table, or -1.
func (t *sourceTable) rank(name Source) int {
	return slices.IndexFunc(t.rows, func(s source) bool { return s.name == name })
}

func (t *sourceTable) most() (n int) {
	for i := range t.rows {
		n += t.rows[i].most
	}
	return n
}

// several reports whether a statement can return several rows for one person.
func (t *sourceTable) several() bool { return t.most() > len(t.rows) }
