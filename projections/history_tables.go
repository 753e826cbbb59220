package projections

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/muster-dev/muster/projections/sqlite"
)

// HistoryFile is the name of the history's file in the data directory.
const HistoryFile = "history.db"

// The history has the tables of now as well, because the projector needs them. Whenever the
// projector changes a row of a table in [versioned], a trigger writes a version of the row. So
// what the rows of the past are follows from the same code as the rows of now.
//
// A version is a row as it was from one event on (since) until another (until), which are
// numbers of the organization's partition. The last version of a row is valid until
// [lastVersion].

// versioned is a table whose rows have versions.
type versioned struct {
	table   string
	key     []string // its primary key
	rows    string   // see [versionIndex]
	indexes []versionIndex
}

// versionIndex is an index of versions. Unlike in the table of now, nothing in it is unique. So
// SQLite is told what a large history is like, as sqlite_stat1 has it: how many rows there are, and
// how many of them have the same first column, the same first two columns and so on.
//
// Searches count how many they find, and read nothing but the index if it also has until.
type versionIndex struct {
	of   string // what follows the table's name
	rows string
}

// versionedTables are the tables that can be read as of the past.
var versionedTables = []versioned{
	{"organizations", []string{"key"}, "10000 2 1", []versionIndex{
		{`(id)`, "10000 2"}, {`(created_at, key)`, "10000 3 2"},
	}},
	{"people", []string{"key"}, "1000000 2 1", []versionIndex{
		{`(organization, user)`, "1000000 1000 2"},
		{`(organization, folded_email, key, until)`, "1000000 1000 3 2 1"},
		{`(organization, folded_name, key, until)`, "1000000 1000 4 2 1"},
		{`(organization, folded_last, key, until) WHERE folded_last > ''`, "900000 1000 8 2 1"},
		{`(organization, key) WHERE role > ''`, "100000 100 2"},
		{`(organization, folded_email) WHERE role > ''`, "100000 100 3"},
		{`(organization, folded_name) WHERE role > ''`, "100000 100 4"},
		{`(organization, key) WHERE role IN ('owner', 'admin')`, "20000 6 2"},
		{`(organization, key) WHERE suspended_at IS NOT NULL`, "2000 3 2"},
		{`(organization, since) WHERE since = role_version`, "100000 100 2"},
		{`(organization, key) WHERE profile_version IS NOT NULL`, "900000 900 2"},
	}},
	{"roles", []string{"key"}, "10000 2 1", []versionIndex{
		{`(organization, role)`, "10000 20 2"}, {`(organization, id)`, "10000 20 2"}, {`(organization, key)`, "10000 20 2"}, {`(organization, since)`, "10000 20 2"},
	}},
	{"workspaces", []string{"key"}, "20000 2 1", []versionIndex{
		{`(id)`, "20000 2"}, {`(organization, key)`, "20000 20 2"},
	}},
	{"memberships", []string{"workspace", "key"}, "2000000 1000 2 1", []versionIndex{
		{`(person, workspace)`, "2000000 10 2"},
		{`(workspace, person)`, "2000000 1000 2"},
		{`(workspace, role)`, "2000000 1000 300"},
		{`(id)`, "2000000 2"},
		{`(workspace, state) WHERE state <> 'active'`, "400000 200 100"},
		{`(workspace, since)`, "2000000 1000 2"},
		{`(workspace, ends_at) WHERE ends_at IS NOT NULL`, "100000 50 2"},
	}},
}

// lastVersion is until when the last version of a row is valid.
const lastVersion = math.MaxInt64

// versions returns the name of the table that has the versions.
func (v *versioned) versions() string { return v.table + "_versions" }

// index returns the name of the n-th index.
func (v *versioned) index(n int) string { return fmt.Sprintf("%s_%d", v.versions(), n+1) }

func (v *versioned) statistics(index, rows string) string {
	return fmt.Sprintf("INSERT INTO sqlite_stat1 VALUES ('%s', '%s', '%s');\n", v.versions(), index, rows)
}

// column is a column of a table.
type column struct{ name, affinity string }

func (c conn) columns(table string) (columns []column, err error) {
	var is column
	err = c.Each(context.Background(), []any{sqlite.Text(&is.name), sqlite.Text(&is.affinity)}, func() { columns = append(columns, is) },
		`SELECT name, type FROM pragma_table_xinfo(?)`, table)
	return columns, err
}

// tablesOfVersions returns the statements that make the tables of versions and the triggers
// that fill them.
func (c conn) tablesOfVersions() (string, error) {
	text := `
CREATE TABLE applying (number INTEGER NOT NULL); -- of the event that is being applied
INSERT INTO applying VALUES (0);
`
	for i := range versionedTables {
		columns, err := c.columns(versionedTables[i].table)
		if err != nil {
			return "", err
		}
		text += versionedTables[i].create(columns)
	}
	text += "ANALYZE sqlite_schema;\n" // makes the table of statistics
	for i := range versionedTables {
		v := &versionedTables[i]
		text += v.statistics(v.versions(), v.rows)
		for n := range v.indexes {
			text += v.statistics(v.index(n), v.indexes[n].rows)
		}
	}
	return text, nil
}

func (v *versioned) create(columns []column) string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE %s (\n", v.versions())
	// The key comes first, as in the table of now.
	slices.SortStableFunc(columns, func(x, y column) int { return v.rank(x) - v.rank(y) })
	var values []string
	for i, c := range columns {
		if i == len(v.key) {
			b.WriteString("\tsince INTEGER NOT NULL,\n\tuntil INTEGER NOT NULL,\n")
		}
		fmt.Fprintf(&b, "\t%s %s,\n", c.name, c.affinity)
		values = append(values, "NEW."+c.name)
	}
	key := strings.Join(v.key, ", ")
	fmt.Fprintf(&b, "\tPRIMARY KEY (%s, since)\n) WITHOUT ROWID;\n", key)
	for n := range v.indexes {
		fmt.Fprintf(&b, "CREATE INDEX %s ON %s %s;\n", v.index(n), v.versions(), v.indexes[n].of)
	}
	values = slices.Insert(values, len(v.key), "(SELECT number FROM applying)", fmt.Sprint(int64(lastVersion)))
	insert := fmt.Sprintf("INSERT OR REPLACE INTO %s VALUES (%s);", v.versions(), strings.Join(values, ", "))
	var same []string
	for _, name := range v.key {
		same = append(same, name+" = NEW."+name)
	}
	row := strings.Join(same, " AND ")
	fmt.Fprintf(&b, "CREATE TRIGGER %s_made AFTER INSERT ON %s BEGIN\n\t%s\nEND;\n", v.table, v.table, insert)
	// An event that changes a row twice makes one version of it.
	fmt.Fprintf(&b, `CREATE TRIGGER %[1]s_changed AFTER UPDATE ON %[1]s BEGIN
	UPDATE %[2]s SET until = (SELECT number FROM applying)
		WHERE %[3]s AND since = (SELECT max(since) FROM %[2]s WHERE %[3]s) AND since < (SELECT number FROM applying);
	%[4]s
END;
`, v.table, v.versions(), row, insert)
	return b.String()
}

// rank sorts the columns of the key to the front.
func (v *versioned) rank(c column) int {
	if n := slices.Index(v.key, c.name); n >= 0 {
		return n
	}
	return len(v.key)
}

// viewsOfVersions returns the statements that make a connection read versions instead of the
// rows of now. A temporary view hides the table of its name, so the statements of all queries
// read the past as they are. What they see is as of the number in the table as_of.
func (c conn) viewsOfVersions() (string, error) {
	text := `
CREATE TEMP TABLE as_of (number INTEGER NOT NULL);
INSERT INTO as_of VALUES (0);
`
	for i := range versionedTables {
		v := &versionedTables[i]
		columns, err := c.columns(v.table)
		if err != nil {
			return "", err
		}
		names := make([]string, len(columns))
		for i := range columns {
			names[i] = columns[i].name
		}
		text += fmt.Sprintf(`CREATE TEMP VIEW %s AS SELECT %s FROM main.%s
	WHERE since <= (SELECT number FROM as_of) AND until > (SELECT number FROM as_of);
`, v.table, strings.Join(names, ", "), v.versions())
	}
	return text, nil
}
