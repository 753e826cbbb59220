package transport

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"github.com/muster-dev/muster/domain"
)

// Mailbox returns a person's e-mail address in the form that mail programs and other
// vendors' clients check for (RFC 5321): in ASCII, with a host of several labels. A host in
// other letters is written in punycode. It returns an empty text if the address cannot be
// written like that, and if the person has no profile.
func Mailbox(p *domain.Profile) string {
	if p == nil {
		return ""
	}
	at := strings.LastIndexByte(p.Email, '@')
	if at < 0 || !isDotAtom(p.Email[:at]) {
		return ""
	}
	host, err := mailHosts.ToASCII(p.Email[at+1:])
	if address := p.Email[:at+1] + host; err == nil && strings.Contains(host, ".") && len(address) <= domain.MaxEmail {
		return address
	}
	return ""
}

// MailboxOf is [Mailbox] for fields that must hold an address. Where there is none to show,
// it returns one that no mail reaches (RFC 2606).
func MailboxOf(user domain.UserID, p *domain.Profile) string {
	if address := Mailbox(p); address != "" {
		return address
	}
	return user.String() + "@unknown.invalid"
}

var mailHosts = idna.New(idna.MapForLookup(), idna.VerifyDNSLength(true))

// isDotAtom reports whether the text is words with dots between them, as the part of an
// address before the @ is if nothing in it is quoted (RFC 5322, 3.2.3).
func isDotAtom(text string) bool {
	for word := range strings.SplitSeq(text, ".") {
		if word == "" || strings.ContainsFunc(word, func(r rune) bool { return !isAtom(r) }) {
			return false
		}
	}
	return true
}

func isAtom(r rune) bool {
	return r < utf8.RuneSelf && (r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r))
}
