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
