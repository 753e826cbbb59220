package domain

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// The longest texts, in characters.
const (
	MaxName   = 200
	MaxEmail  = 254 // RFC 5321, 4.5.3.1.3, less the brackets
	MaxURL    = 2000
	MaxReason = 500
)

// FoldEmail returns the form in which e-mail addresses are compared: in lower case, with
// letters that differ only in case (s and ſ, σ and ς) replaced by one of them. Folding a
// folded address changes nothing.
func FoldEmail(email string) string { return strings.Map(foldRune, email) }

func foldRune(r rune) rune {
	if r < utf8.RuneSelf {
		return unicode.ToLower(r)
	}
	least := r
	for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
		least = min(least, f)
	}
	return unicode.ToLower(least)
}

// checkName checks that people can read a name: it is not empty, not too long, on one
// line, and without spaces around it.
func checkName(pointer, name string) error {
	switch {
	case name == "":
		return &InvalidError{pointer, "required", "a name is needed"}
	case utf8.RuneCountInString(name) > MaxName:
		return &InvalidError{pointer, "too_long", "a name has at most 200 characters"}
	case !printable(name):
		return &InvalidError{pointer, "invalid_characters", "a name is one line of printable UTF-8"}
	case strings.TrimSpace(name) != name:
		return &InvalidError{pointer, "surrounding_space", "a name neither starts nor ends with white space"}
	}
	return nil
}

// checkEmail checks what every address has: a part before an @, a part after it, and no
// spaces. It does not check whether mail arrives there.
func checkEmail(pointer, email string) error {
	local, host, ok := strings.Cut(email, "@")
	if !ok || local == "" || host == "" || strings.Contains(host, "@") || len(email) > MaxEmail ||
		strings.ContainsFunc(email, unicode.IsSpace) || !printable(email) {
		return &InvalidError{pointer, "invalid_email", "an e-mail address like ada@example.com is expected, of at most 254 characters"}
	}
	return nil
}

// printable reports whether the text is one line without characters that control a
// terminal.
func printable(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp)
	})
}
