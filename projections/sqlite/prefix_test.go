package sqlite

import (
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// A text is in the range of a prefix exactly if it begins with it, to SQLite as well,
// whatever characters they are of.
func TestPrefixEnd(t *testing.T) {
	t.Parallel()
	file, err := Open(filepath.Join(t.TempDir(), "prefix.db"), Creating, 1, "CREATE TABLE texts (text TEXT)")
	if err != nil {
		t.Fatal(err)
	}
	c := closed(t, file)
	character := rapid.SampledFrom([]rune{
		0, 1, ' ', '%', '*', '_', 'a', 'b', 0x7F, 0x80, 'é', 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFD, 0xFFFF, 0x10000, 0x10FFFE, utf8.MaxRune,
	})
	texts := rapid.StringOfN(character, 0, 4, -1)
	rapid.Check(t, func(t *rapid.T) {
		prefix, text := texts.Draw(t, "prefix"), texts.Draw(t, "text")
		if rapid.Bool().Draw(t, "begins") {
			text = prefix + text
		}
		end := PrefixEnd(prefix)
		want := strings.HasPrefix(text, prefix)
		if got := prefix <= text && text < end; got != want {
			t.Errorf("%q begins with %q: %t", text, prefix, got)
		}
		if _, err := c.Exec(`DELETE FROM texts`); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Exec(`INSERT INTO texts VALUES (?)`, text); err != nil {
			t.Fatal(err)
		}
		var n int
		err := c.Row([]any{Number(&n)}, `SELECT count(*) FROM texts WHERE text >= +?1 AND text < +?2`, prefix, end)
		if err != nil || n == 1 != want {
			t.Errorf("SQLite: %q begins with %q: %d, %v", text, prefix, n, err)
		}
	})
}
