package roster

import (
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/muster-dev/muster/cmd/muster/roster/table"
)

// Whatever a file is, its lines are reported in their order and in Muster's own words, no
// text is made up, and every line that is not empty is accounted for.
func FuzzFile(f *testing.F) {
	for _, seed := range []string{
		"email,role\na@x.example,viewer\n", "sep=;\nemail;name\n\"a\"\"b\";\"x\n", "\xff\xfee\x00m\x00a\x00i\x00l\x00\n\x00a\x00", "email\r\xef\xbf\xbd\r",
		"{\"email\":\"a\",\"email\":\"b\"}\n", "{\"name\":{\"first\":\"\\ud800\"},\"permissions\":[\"a\",1]}", "\xef\xbb\xbf\"user_id\"\tstate\n",
		"email,notes\na@x,\"good\nb@x,fine\"\n", "email,notes,role\n\na@x,\"n,viewer\nb@x,n\",viewer\n,,\nc@x,\"n\nm\",viewer\n", "\n\"email\",\"no\ntes\"\na@x,b\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		for _, format := range []string{"csv", "jsonl"} {
			s := source{format: format, mapping: mapping{ignoreUnknown: true}}
			_, lines, err := read(&s, strings.NewReader(string(file)))
			if err != nil {
				lines = append(lines, err.Error())
			}
			for _, line := range lines {
				for _, foreign := range []string{"json:", "jsontext:", "parse error", "record on line", "strconv", "parsing time", "bufio", "transform:"} {
					if strings.Contains(line, foreign) && !strings.Contains(string(file), foreign) {
						t.Errorf("%q: %s", file, line)
					}
				}
				if strings.ContainsRune(line, utf8.RuneError) {
					t.Errorf("%q: %q", file, line)
				}
			}
			if err == nil {
				accounted(t, string(file), format)
			}
		}
	})
}

// accounted fails the test unless the ranges of lines that reading the file returns are in
// order and the lines between the ranges are empty.
func accounted(t *testing.T, file, format string) {
	t.Helper()
	s := source{format: format, encoding: table.Auto, mapping: mapping{ignoreUnknown: true}}
	text, err := table.Decode(strings.NewReader(file), table.Auto)
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := io.ReadAll(text)
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Split(string(decoded), "\n")
	in, err := s.open(strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	last := headerEnd(t, all, file, format)
	for {
		p, err := in.next()
		first, end := len(all)+1, len(all)
		var lines *table.LineError
		var bad *badLines
		switch {
		case errors.Is(err, io.EOF):
		case errors.As(err, &lines):
			first, end = lines.First, lines.Last
		case errors.As(err, &bad):
			first, end = bad.person.first, bad.person.last
		case err != nil:
			t.Fatal(err)
		default:
			first, end = p.first, p.last
		}
		if first <= last || end < first && !errors.Is(err, io.EOF) || end > len(all) {
			t.Fatalf("%q: lines %d to %d come after line %d of %d", file, first, end, last, len(all))
		}
		for n := last + 1; n < first; n++ {
			if !isEmpty(all[n-1]) {
				t.Errorf("%q: line %d, %q, is not accounted for", file, n, all[n-1])
			}
		}
		if last = end; errors.Is(err, io.EOF) {
			return
		}
	}
}

// headerEnd returns the last line of the header, 0 if there is none.
func headerEnd(t *testing.T, all []string, file, format string) (last int) {
	t.Helper()
	if format == "jsonl" {
		return 0
	}
	text, err := table.Decode(strings.NewReader(file), table.Auto)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := table.ReadCSV(text, 0, (&mapping{}).knows)
	if err != nil {
		t.Fatal(err)
	}
	for last < len(all) && isEmpty(all[last]) {
		last++
	}
	if strings.HasPrefix(strings.ToLower(all[last]), "sep=") && len(strings.TrimSpace(all[last])) <= len("sep=;") {
		for last++; last < len(all) && isEmpty(all[last]); last++ {
		}
	}
	return last + 1 + strings.Count(strings.Join(rows.Header, ""), "\n")
}

// isEmpty reports whether a line has no value.
func isEmpty(line string) bool {
	return strings.Trim(strings.TrimSpace(line), ",;\t\"\r ") == ""
}
