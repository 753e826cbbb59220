package roster

import (
	"strings"
	"testing"
)

// A file cannot make a terminal do something by what the report repeats of it.
func TestReportIsPrintable(t *testing.T) {
	const who = "\x1b[2Ja@x.example\u202e"
	for _, file := range []string{"email,state\n" + who + ",asleep\n", "email,role,\x1b[2J\na@x.example,viewer,x\n", "email,expires_at\na@x.example,\x1b[2J\n"} {
		s := source{}
		_, _, err := read(&s, strings.NewReader(file))
		var out strings.Builder
		if err != nil {
			out.WriteString(err.Error())
		} else {
			in, _ := s.open(strings.NewReader(file))
			_, wrong := in.next()
			_ = (&result{Rejected: unreadable(wrong), Notes: []note{{1, who, "x"}}}).print(&out, "table")
		}
		if strings.ContainsAny(out.String(), "\x1b\u202e") {
			t.Errorf("%q", out.String())
		}
	}
}

// Adjacent lines that are rejected together are one row of the table. The count and the
// JSON report have every line.
func TestReportOfManyLines(t *testing.T) {
	const people = 100_000
	in, err := (&source{format: "csv", encoding: "auto"}).open(strings.NewReader("email,first_name\na@x.example,\"A\n" + strings.Repeat("b@x.example,B\n", people)))
	if err != nil {
		t.Fatal(err)
	}
	_, err = in.next()
	r := &result{Rejected: unreadable(err)}
	r.Rejected = append(r.Rejected, rejection{people + 3, "c@x.example", "unreadable", "x"}, rejection{people + 4, "", "unreadable", "x"}, rejection{people + 6, "", "unreadable", "x"})
	var out strings.Builder
	_ = r.print(&out, "table")
	rows := strings.Split(strings.TrimSpace(out.String()), "\n")
	if rows[0] != "0 added, 0 invited, 100004 rejected" || len(rows) != 5 {
		t.Fatalf("%d rows:\n%.400s", len(rows), out.String())
	}
	for n, want := range []string{"2–100002 ", "100003–100004 c@x.example ", "100006 "} {
		if row := strings.Join(strings.Fields(rows[n+2]), " "); !strings.HasPrefix(row, want) {
			t.Errorf("%s does not begin with %s", row, want)
		}
	}
	out.Reset()
	_ = r.print(&out, "json")
	if n := strings.Count(out.String(), `"line":`); n != people+4 {
		t.Errorf("the JSON report has %d lines", n)
	}
}
