package projections

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// statement is what the file says about one of its tables or indexes.
type statement struct{ kind, name, text string }

// statements returns the statements that made the tables and indexes of new read models,
// in the order of their names.
func statements(t *testing.T) (all []statement) {
	t.Helper()
	err := empty(t, 1).read(func(c conn) error {
		rows, err := c.Query(context.Background(), `SELECT type, name, coalesce(sql, '') FROM sqlite_schema ORDER BY name`)
		if err != nil {
			return err
		}
		defer rows.Close() //nolint:errcheck // Err says it
		for rows.Next() {
			var s statement
			if err := rows.Scan(&s.kind, &s.name, &s.text); err != nil {
				return err
			}
			all = append(all, s)
		}
		return rows.Err()
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A table that is not in tableNames would be in no fingerprint, and so muster audit verify
// would not notice that it is wrong.
func TestEveryTableIsInTheFingerprint(t *testing.T) {
	t.Parallel()
	var found []string
	for _, s := range statements(t) {
		if s.kind == "table" {
			found = append(found, s.name)
		}
	}
	for _, name := range found {
		if !slices.Contains(tableNames, name) {
			t.Errorf("the table %s is not in tableNames", name)
		}
	}
	for _, name := range tableNames {
		if !slices.Contains(found, name) {
			t.Errorf("there is no table %s, which is in tableNames", name)
		}
	}
}

// The number of the schema stands for the tables and indexes as they are, apart from
// comments. A node whose file has the number takes the file as it is.
func TestSchemaNumber(t *testing.T) {
	t.Parallel()
	comment := regexp.MustCompile(`--.*`)
	sum := sha256.New()
	for _, s := range statements(t) {
		words := strings.Fields(comment.ReplaceAllString(s.text, ""))
		sum.Write([]byte(s.kind + " " + s.name + " " + strings.Join(words, " ") + "\n"))
	}
	if got, want := hex.EncodeToString(sum.Sum(nil)), "4648c0b26e982e0b557ec04c52f7005c50090a8b6980f582bd0ce40b804fff4d"; got != want {
		t.Errorf("the tables are not those of schema %d any more: raise schemaNumber in schema.go, and write %s here", schemaNumber, got)
	}
}
