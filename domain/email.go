package domain

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// hosts checks the names of hosts, and maps those that are the same to one form (UTS 46).
var hosts = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.VerifyDNSLength(true))

// punycode begins each label of a host that has other letters than a to z.
const punycode = "xn--"

// FoldEmail returns the form in which e-mail addresses are compared. Addresses that nobody
// can tell apart have the same form: those that differ in case, in spaces around them, in
// invisible characters, in how their letters are composed, in width, or in how the host is
// encoded. Every text has a form, because old events can have addresses that [ParseEmail]
// refuses. Folding a folded address changes nothing.
func FoldEmail(email string) string {
	if isASCII(email) {
		email = strings.ToLower(strings.TrimSpace(email))
		if !strings.Contains(email, punycode) {
			return email
		}
	}
	return stable(email, foldEmailOnce)
}

func foldEmailOnce(email string) string {
	email = undotted.Replace(strings.TrimSpace(foldOnce(strings.Map(seen, email))))
	at := strings.LastIndexByte(email, '@') + 1
	if at == 0 || isASCII(email[at:]) && !strings.Contains(email[at:], punycode) {
		return email
	}
	if host, err := hosts.ToUnicode(email[at:]); err == nil {
		return email[:at] + host
	}
	return email
}

// undotted drops the dot above a letter that has one anyway.
var undotted = strings.NewReplacer("i\u0307", "i", "j\u0307", "j")

// seen drops an invisible character.
func seen(r rune) rune {
	if invisible(r) {
		return -1
	}
	return r
}

// ParseEmail returns the address in the form in which it is kept: without spaces around
// it, composed (NFC), and with a host that is written in other letters in the form that
// IDNA gives it. It returns an [InvalidError] with the pointer for a text that is no
// address, or is more than an address. It does not check whether mail arrives there.
func ParseEmail(pointer, text string) (string, error) {
	email := norm.NFC.String(strings.TrimSpace(text))
	if detail := unfitEmail(email); detail != "" {
		return "", &InvalidError{pointer, "invalid_email", detail}
	}
	at := strings.LastIndexByte(email, '@') + 1
	_, err := hosts.ToASCII(email[at:])
	if err == nil && !isASCII(email[at:]) {
		var host string
		if host, err = hosts.ToUnicode(email[at:]); err == nil {
			email = email[:at] + host
		}
	}
	if err != nil || len(email) > MaxEmail || strings.HasSuffix(email, ".") {
		return "", &InvalidError{pointer, "invalid_email", expectedEmail}
	}
	return email, nil
}

// startsWithMark reports whether the text begins with a mark that belongs to the letter before
// it, and there is none.
func startsWithMark(text string) bool {
	first, _ := utf8.DecodeRuneInString(text)
	return unicode.IsMark(first)
}

const expectedEmail = "an e-mail address like ada@example.com is expected, of at most 254 characters"

// unfitEmail returns what is expected instead of the text, or an empty text for an
// address whose host is still to be checked.
func unfitEmail(email string) string {
	switch {
	case len(email) > MaxEmail || !utf8.ValidString(email):
		return expectedEmail
	case strings.ContainsFunc(email, invisible) || hasBreak(email):
		return "an e-mail address without invisible characters is expected"
	case strings.ContainsFunc(email, unicode.IsSpace) || startsWithMark(email):
		return expectedEmail
	case strings.ContainsFunc(email, func(r rune) bool { return !unicode.IsGraphic(r) || isNoCharacter(r) }):
		return "an e-mail address of characters that Unicode has is expected"
	case strings.ContainsAny(email, "<>"):
		return "an e-mail address alone is expected, without a name and angle brackets"
	case strings.HasSuffix(email, "."):
		return "an e-mail address without a dot at its end is expected"
	}
	if bare, err := mail.ParseAddress(email); err != nil || bare.Name != "" || bare.Address != email {
		return expectedEmail
	}
	return ""
}
