package projections

import (
	"context"
	"regexp"
	"strings"
	"testing"
)

// scans is what a plan says of a statement that looks at all rows, or puts rows
// in order that do not come in it.
var (
	scans      = regexp.MustCompile(`\bSCAN [^C]|TEMP B-TREE|AUTOMATIC`) // but SCAN CONSTANT ROW
	scansTable = regexp.MustCompile(`\bSCAN\b|AUTOMATIC`)
)

// sortsMembers reports whether the statement is one of those that put the members
// of one workspace in order, see [memberList.byPerson].
func sortsMembers(text string) bool {
	for _, texts := range membersByPerson {
		if texts.sort == text {
			return true
		}
	}
	return false
}

// requirePlans demands of every statement that the connection has prepared that it
// goes by keys and indexes.
func requirePlans(t *testing.T, c *conn) {
	t.Helper()
	for text := range c.statements {
		if strings.Contains(text, "FROM checkpoints") {
			continue // all of them are wanted
		}
		if query := strings.HasPrefix(strings.TrimSpace(text), "SELECT"); query && bare.MatchString(text) {
			t.Errorf("a parameter without a plus, see conn.prepare: %s", text)
		}
		plan := explain(t, c, text)
		wrong := scans
		if sortsMembers(text) {
			wrong = scansTable
		}
		switch {
		case wrong.MatchString(plan):
			t.Errorf("%s\n\n%s", text, plan)
		case testing.Verbose():
			t.Logf("%s\n\n%s", text, plan)
		}
	}
}

// bare is a parameter that SQLite looks at when it plans.
var bare = regexp.MustCompile(`[^+]\?`)

var parameter = regexp.MustCompile(`\?\d*`)

// explain answers SQLite's plan of a statement, a line for each step.
func explain(t *testing.T, c *conn, text string) string {
	t.Helper()
	// What is not bound is null.
	rows, err := c.QueryContext(context.Background(), "EXPLAIN QUERY PLAN "+parameter.ReplaceAllString(text, "NULL"))
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	defer rows.Close() //nolint:errcheck // Err says it
	var plan strings.Builder
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		plan.WriteString("\t" + step + "\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return plan.String()
}
