package transport_test

import (
	"strings"
	"testing"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/transport"
)

func TestMailbox(t *testing.T) {
	t.Parallel()
	for email, want := range map[string]string{
		"ada@acme.example":                  "ada@acme.example",
		"Ada.L+x@Mail.acme.example":         "Ada.L+x@mail.acme.example",
		"o'neil@acme.example":               "o'neil@acme.example",
		"grace@bücher.example":              "grace@xn--bcher-kva.example",
		"grace@xn--bcher-kva.example":       "grace@xn--bcher-kva.example",
		"ivan@почта.рф":                     "ivan@xn--80a1acny.xn--p1ai",
		"josé@acme.example":                 "",
		"ada@localhost":                     "",
		"ada@acme..example":                 "",
		"ada@[127.0.0.1]":                   "",
		"ada@acme_.example":                 "",
		".ada@acme.example":                 "",
		"ada..l@acme.example":               "",
		`"ada"@acme.example`:                "",
		"a@b@acme.example":                  "",
		"@acme.example":                     "",
		"ada":                               "",
		"ada@" + strings.Repeat("ü", 64):    "",
		"ada@" + strings.Repeat("ü.", 50):   "",
		strings.Repeat("a", 250) + "@b.org": "",
	} {
		profile, user := &domain.Profile{}, domain.UserID{1}
		profile.Email = email
		if got := transport.Mailbox(profile); got != want {
			t.Errorf("%s: %q, want %q", email, got, want)
		}
		if want == "" {
			want = user.String() + "@unknown.invalid"
		}
		if got := transport.MailboxOf(user, profile); got != want {
			t.Errorf("%s: %q, want %q", email, got, want)
		}
	}
	if got := transport.Mailbox(nil); got != "" {
		t.Errorf("nobody's: %q", got)
	}
}
