package domain

import (
	"fmt"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// The longest texts, in characters.
const (
	MaxName   = 200
	MaxEmail  = 254 // RFC 5321, 4.5.3.1.3, less the brackets
	MaxURL    = 2000
	MaxReason = 500
)

// FoldText returns the form in which texts are searched and compared: in lower case, with
// letters that differ only in case (s and ſ, σ and ς), in how they are composed, or in
// width replaced by one of them. Folding a folded text changes nothing.
func FoldText(text string) string {
	if isASCII(text) {
		return strings.ToLower(text)
	}
	return stable(text, foldOnce)
}

func foldOnce(text string) string { return norm.NFKC.String(strings.Map(foldRune, text)) }

// stable applies the function until it changes nothing. Two rounds are enough for almost
// every text.
func stable(text string, fold func(string) string) string {
	for range 8 {
		next := fold(text)
		if next == text {
			break
		}
		text = next
	}
	return text
}

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
// line, without spaces around it, and nothing in it is invisible.
func checkName(pointer, name string) error {
	switch {
	case name == "":
		return &InvalidError{pointer, "required", "a name is needed"}
	case utf8.RuneCountInString(name) > MaxName:
		return &InvalidError{pointer, "too_long", "a name has at most 200 characters"}
	case strings.TrimSpace(name) != name && !hasBreak(name):
		return &InvalidError{pointer, "surrounding_space", "a name neither starts nor ends with white space"}
	}
	return checkLine(pointer, name)
}

// CheckReason checks that people can read a reason: it is not too long, on one line, and
// nothing in it is invisible.
func CheckReason(pointer, reason string) error {
	if utf8.RuneCountInString(reason) > MaxReason {
		return &InvalidError{pointer, "too_long", fmt.Sprintf("at most %d characters are expected", MaxReason)}
	}
	return checkLine(pointer, reason)
}

// checkLine checks that a text is one line of valid UTF-8, that it shows something, and
// that it has no invisible characters besides those that writing needs.
func checkLine(pointer, text string) error {
	detail := ""
	switch {
	case hasBreak(text):
		detail = "one line of printable UTF-8 is expected, without control characters"
	case strings.ContainsFunc(text, isNoCharacter):
		detail = "a text of characters that Unicode has is expected; U+FFFD shows that one was lost when the text was read with the wrong encoding"
	case hidden(text):
		detail = "a text without invisible characters is expected, such as marks of direction or spaces without width"
	case !strings.ContainsFunc(text, visible):
		detail = "a text of which something can be seen is expected"
	default:
		return nil
	}
	return &InvalidError{pointer, "invalid_characters", detail}
}

// hasBreak reports whether the text is not one line, controls a terminal, or is not valid
// UTF-8.
func hasBreak(text string) bool {
	return !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool {
		return unicode.In(r, unicode.Cc, unicode.Zl, unicode.Zp)
	})
}

// brailleBlank is a symbol without any dot.
const brailleBlank = '\u2800'

// invisible reports whether nothing of the character can be seen by itself, although it
// is no space.
func invisible(r rune) bool {
	if r < utf8.RuneSelf {
		return unicode.IsControl(r)
	}
	return r == brailleBlank || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Cc,
		unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

// isNoCharacter reports whether Unicode gives the code point no meaning of its own: it is
// for private use, it is never a character, or it replaces one that was lost.
func isNoCharacter(r rune) bool {
	return r == utf8.RuneError || unicode.In(r, unicode.Co, unicode.Noncharacter_Code_Point)
}

// visible reports whether the character can be seen by itself.
func visible(r rune) bool { return !unicode.IsSpace(r) && !unicode.IsMark(r) && !invisible(r) }

// The invisible characters that writing needs.
const (
	nonJoiner = '\u200c' // keeps letters apart, as in Persian names
	joiner    = '\u200d' // joins letters, as in Malayalam names, and emoji
	keycap    = '\u20e3' // encloses the digit before it
)

// hidden reports whether the text has invisible characters where no writing needs them.
func hidden(text string) bool {
	if isASCII(text) {
		return false // see hasBreak
	}
	var before rune
	for i, r := range text {
		if invisible(r) {
			after := rune(0)
			for _, after = range text[i+utf8.RuneLen(r):] {
				break
			}
			switch {
			case r == joiner || r == nonJoiner:
				if !isVirama(before) && (!joins(before) || !joins(after)) {
					return true
				}
			case unicode.Is(unicode.Variation_Selector, r):
				if !varies(before, after) {
					return true
				}
			default:
				return true
			}
		}
		before = r
	}
	return false
}

// isVirama reports whether the character takes the vowel from the letter before it. What
// a joiner behind it does can be seen.
func isVirama(r rune) bool {
	const viramaClass = 9
	return norm.NFC.PropertiesString(string(r)).CCC() == viramaClass
}

// joins reports whether a joiner beside the character can be seen: it is an emoji, or
// belongs to a script whose letters are joined.
func joins(r rune) bool {
	if unicode.In(r, unicode.So, unicode.Sk, unicode.Variation_Selector) {
		return r != brailleBlank
	}
	return (unicode.IsLetter(r) || unicode.IsMark(r)) && !unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic,
		unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana, unicode.Other_Default_Ignorable_Code_Point)
}

// varies reports whether a selector between the two characters can change how the first
// one looks.
func varies(before, after rune) bool {
	switch {
	case unicode.In(before, unicode.Han, unicode.Mongolian, unicode.Phags_Pa, unicode.Myanmar):
		return true
	case before < utf8.RuneSelf:
		return after == keycap
	case before == 'ℹ':
		return true
	}
	return visible(before) && !unicode.IsLetter(before) && !unicode.IsDigit(before)
}

// checkURL checks that a text is the https address of something. It does not check
// whether anything is there.
func checkURL(pointer, text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || utf8.RuneCountInString(text) > MaxURL ||
		strings.ContainsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || invisible(r) }) || hasBreak(text) {
		return &InvalidError{pointer, "invalid_url", fmt.Sprintf("an https address of at most %d characters is expected", MaxURL)}
	}
	return nil
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
