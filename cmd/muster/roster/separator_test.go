package roster

import (
	"strings"
	"testing"
)

// The separator is the one that gives columns with known names, unless the flag names it.
func TestSeparator(t *testing.T) {
	for _, c := range []struct{ says, separator, file, want, columns string }{
		{"a comma in a name", "", "Email;Name, Vorname\n", "semicolon", "Email|Name, Vorname"},
		{"a semicolon in a name", "", "email,notes; more; and more\n", "comma", "email|notes; more; and more"},
		{"a column that --map names", "", "Post;A,B,C\n", "semicolon", "Post|A,B,C"},
		{"one column", "", "email\n", "comma", "email"},
		{"as the flag says", "comma", "Email;Name,email\n", "comma", "Email;Name|email"},
		{"as the flag says, and not the file", "tab", "sep=;\nemail\tname;x\n", "tab", "email|name;x"},
		{"as the file says", "auto", "sep=;\nname,x;email\n", "semicolon", "name,x|email"},
	} {
		s := source{separator: c.separator, mapping: mapping{ignoreUnknown: true, given: map[string]string{"post": fieldEmail}}}
		in, _, err := read(&s, strings.NewReader(c.file))
		if err != nil {
			t.Errorf("%s: %v", c.says, err)
			continue
		}
		var names []string
		for _, column := range in.columns {
			names = append(names, column.Name)
		}
		if got := strings.Join(names, "|"); in.separator != c.want || got != c.columns {
			t.Errorf("%s: %s, %s", c.says, in.separator, got)
		}
	}
}
