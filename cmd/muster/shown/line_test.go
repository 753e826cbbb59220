package shown

import (
	"strings"
	"testing"

	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/domain"
)

// Without a service, names are those that events have said. The profile of somebody who was
// erased, or that is sealed, is said to be.
func TestNamesOfEventsAlone(t *testing.T) {
	n := NewNames(nil, domain.OrganizationID{})
	for _, c := range []struct{ data, want string }{
		{`{"profile":{"email":"ada@x.example","name":{"first":"Ada","last":"L"}}}`, "Ada L <ada@x.example>"},
		{`{"profile":{"sealed":"c2VhbGVk","key":"019cc043-b1a2-7d14-8f5c-0a7d3c5e9b10"}}`, "(sealed)"},
		{`{"profile":null,"erased":true}`, "(erased)"},
	} {
		n.Heed(&Event{Type: "muster.user.profile_set", User: "ada", Data: []byte(c.data)})
		if got := n.Of(t.Context(), Person, "ada"); got != c.want {
			t.Errorf("%s: %q, want %q", c.data, got, c.want)
		}
	}
	n.Heed(&Event{Type: "muster.user.erased", User: "ada", Data: []byte(`{}`)})
	if got := n.Of(t.Context(), Person, "ada"); got != "(erased)" {
		t.Errorf("%q", got)
	}
	if got := n.Of(t.Context(), Workspace, "unknown"); got != "" {
		t.Errorf("%q", got)
	}
}

// A name cannot send commands to a terminal.
func TestLineIsPlain(t *testing.T) {
	var out strings.Builder
	l := Lines{Out: &out, Paint: terminal.NewPainter(&out, "never")}
	e := Event{Type: "muster.member.added\x1b[2J", Reason: "a\x1b]0;b", AuthID: "\x9b1m", Data: []byte(`{"name":"c\u001b[31m\nd"}`)}
	if err := l.Print(t.Context(), &e); err != nil {
		t.Fatal(err)
	}
	if line := out.String(); strings.ContainsFunc(strings.TrimSuffix(line, "\n"), func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }) {
		t.Errorf("%q", line)
	}
}

// Events have colours by what they do to access.
func TestColors(t *testing.T) {
	for what, want := range map[string]terminal.Color{
		"member.added": terminal.Green, "organization.member_added": terminal.Green, "token.issued": terminal.Green,
		"member.left": terminal.Red, "organization.member_removed": terminal.Red, "subscription.paused": terminal.Red,
		"member.role_changed": terminal.Yellow, "subscription.secret_rotated": terminal.Yellow,
		"user.profile_set": terminal.Cyan, "something.new": terminal.Cyan,
	} {
		if got := colorOf(what); got != want {
			t.Errorf("%s has the colour %d, not %d", what, got, want)
		}
	}
	var out strings.Builder
	l := Lines{Out: &out, Paint: terminal.NewPainter(&out, "always")}
	if err := l.Print(t.Context(), &Event{Type: "muster.member.left", Data: []byte(`{}`)}); err != nil || !strings.Contains(out.String(), "\x1b[31mmember.left") {
		t.Errorf("%v: %q", err, out.String())
	}
}
