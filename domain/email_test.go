package domain

import (
	"errors"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Each address is kept in one form.
func TestParseEmail(t *testing.T) {
	long := strings.Repeat("a", MaxEmail-2) + "@b"
	for sent, kept := range map[string]string{
		"a@b":                             "a@b",
		"ada.lovelace+x@example.com":      "ada.lovelace+x@example.com",
		"Ada@Example.COM":                 "Ada@Example.COM",
		"o'neil@xn--mnchen-3ya.de":        "o'neil@xn--mnchen-3ya.de",
		"üñí@exämple.test":                "üñí@exämple.test",
		long:                              long,
		" ada@example.com\t":              "ada@example.com",
		"\u00a0ada@example.com\u3000":     "ada@example.com",
		"ada@example.com\r\n":             "ada@example.com",
		"jose\u0301@example.com":          "josé@example.com",
		"ada@MÜNCHEN.de":                  "ada@münchen.de",
		"ada@mu\u0308nchen.de":            "ada@münchen.de",
		"ada@例え\u3002テスト":                 "ada@例え.テスト",
		"почта@пример.рф":                 "почта@пример.рф",
		"\u0628\u0631\u064a\u062f@x.test": "\u0628\u0631\u064a\u062f@x.test",
	} {
		got, err := ParseEmail("/email", sent)
		if err != nil || got != kept {
			t.Errorf("%q is kept as %q (%v), want %q", sent, got, err, kept)
		}
	}
}

// What is no address, or more than one, is refused.
func TestParseEmailRefuses(t *testing.T) {
	for what, texts := range map[string][]string{
		"no address":           {"", "@", "a", "a@", "@b", "a@b@c", "a b@c", "a @b", "a@ b", "a@\xff", "\xff@b", strings.Repeat("a", MaxEmail-1) + "@b"},
		"dots":                 {"a@b.", "a@b.c.", "a@b..c", "a@.b", ".a@b", "a.@b", "a..b@c", "a@b\u3002"},
		"brackets and quotes":  {"<a@b>", "Ada <a@b>", "a@b>", `"a"@b`, `"a b"@c`, "a@[127.0.0.1]", "a@b (Ada)", "(Ada) a@b", "a@b, c@d", "a@b; c@d", "a:b@c", "mailto:a@b"},
		"hosts":                {"a@b_c", "a@-b", "a@b-", "a@xn--a", "a@xn--a-0ya-", "a@b/c", "a@" + strings.Repeat("b", 64), "a@\u0301b", "a@b\u2024c@d"},
		"control characters":   {"a\x00@b", "a\nb@c", "a@b\x7f", "a@b\u0085c", "a\u2028@b", "a@b\u2029c"},
		"invisible characters": {"a\u00ad@b", "a\u200b@b", "a\u200d@b", "a\u200c@b", "a\ufeff@b", "\ufeffa@b", "a@b\u200b", "a@b\u00adc", "a\u2060@b", "a\u034f@b", "a\u3164@b", "a\u2800@b", "a\ufe0f@b", "a\U000e0100@b", "a\U000e0041@b", "a\u180e@b"},
		"no characters":        {"a\ufffdb@c", "a\ufffeb@c", "a\ue000b@c", "a\u0378b@c", "\u0301a@b"},
		"marks of direction":   {"\u202ea@b", "a\u200f@b", "a\u200e@b", "a\u2066@b", "a\u061c@b", "a@\u202eb"},
	} {
		for _, text := range texts {
			got, err := ParseEmail("/email", text)
			if !sameError(err, invalid("/email", "invalid_email")) || got != "" {
				t.Errorf("%s: %q is taken as %q (%v)", what, text, got, err)
			}
		}
	}
}

// Addresses that nobody can tell apart have one key, and others have not.
func TestLookAlikes(t *testing.T) {
	for _, same := range [][]string{
		{"josé@bugs.test", "jose\u0301@bugs.test", "JOSÉ@Bugs.Test", "jose\u0301\u200b@bugs.test", "\ufeffjosé@bugs.test", "jo\u00adsé@bugs.test", "\u202ejosé@bugs.test", " josé@bugs.test "},
		{"ada@münchen.de", "ada@xn--mnchen-3ya.de", "ADA@XN--MNCHEN-3YA.DE", "ada@mu\u0308nchen.de", "ada@MÜNCHEN.DE", "ada@ｍünchen.de"},
		{"ada@example.com", "ａｄａ@example.com", "ada@ｅxample.com", "ADA@EXAMPLE.COM", "ada@example\u3002com\u00ad"},
		{"\uac00@x", "\u1100\u1161@x"},
		{"\ufb01n@x", "fin@x"},
		{"mike@x", "mi\u0307ke@x", "M\u0130KE@x"},
		{"jo@mike.test", "j\u0307o@mi\u0307ke.test"},
	} {
		for _, text := range same {
			if EmailKey(acme, text) != EmailKey(acme, same[0]) {
				t.Errorf("%q folds to %q, and %q to %q", text, FoldEmail(text), same[0], FoldEmail(same[0]))
			}
		}
	}
	for _, pair := range [][2]string{
		{"jose@x", "josé@x"}, {"ada@x.y", "ada@xy"}, {"ada@straße.de", "ada@strasse.de"}, {"a.b@x", "ab@x"}, {"a+b@x", "a@x"},
	} {
		if EmailKey(acme, pair[0]) == EmailKey(acme, pair[1]) {
			t.Errorf("%q and %q have one key", pair[0], pair[1])
		}
	}
}

// Parsing an address again changes nothing, and an address has the key of the text that it
// was sent as.
func FuzzParseEmail(f *testing.F) {
	for _, text := range []string{
		"ada@example.com", " Jose\u0301@MÜNCHEN.de", "<a@b>", "a@xn--mnchen-3ya.de", "\u202ea@b", "a@b\u3002c", `"a b"@c`, "a@\u0627", "\u0345@x", "a@ς", "´a@b", "＠a@b", "ﷺ@x",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		email, err := ParseEmail("/email", text)
		if err != nil {
			var wrong *InvalidError
			if !errors.As(err, &wrong) || email != "" {
				t.Fatalf("%q: %q, %v", text, email, err)
			}
			return
		}
		if again, err := ParseEmail("/email", email); again != email || err != nil {
			t.Errorf("%q is kept as %q, and that as %q (%v)", text, email, again, err)
		}
		if EmailKey(acme, text) != EmailKey(acme, email) {
			t.Errorf("%q folds to %q, and as it is kept to %q", text, FoldEmail(text), FoldEmail(email))
		}
		if !norm.NFC.IsNormalString(email) || strings.ContainsFunc(email, invisible) || strings.ContainsFunc(email, unicode.IsSpace) {
			t.Errorf("%q is kept as %q", text, email)
		}
	})
}

// Addresses that differ only in case have one key, in every alphabet.
func TestFoldEmail(t *testing.T) {
	for r := range rune(0x20000) { // no character above has two cases
		s := string(r)
		for f := unicode.SimpleFold(r); f != r; f = unicode.SimpleFold(f) {
			if FoldEmail(s) != FoldEmail(string(f)) {
				t.Errorf("%q and %q have two forms", s, f)
			}
		}
		if folded := FoldEmail(s); FoldEmail(folded) != folded || r < 0x80 && !unicode.IsSpace(r) && folded != strings.ToLower(s) {
			t.Errorf("%q folds to %q, and that to %q", s, folded, FoldEmail(folded))
		}
	}
}

func FuzzFoldEmail(f *testing.F) {
	for _, pair := range [][2]string{
		{"ada@example.com", "ADA@Example.COM"}, {"ſ@x", "S@X"}, {"σ@x", "ς@X"}, {"İ@x", "i@x"}, {"K@x", "k@x"}, {"ẞ@x", "ß@x"}, {"\xff@x", "\xfe@x"},
	} {
		f.Add(pair[0], pair[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if folded := FoldEmail(a); FoldEmail(folded) != folded {
			t.Errorf("%q folds to %q, and that to %q", a, folded, FoldEmail(folded))
		}
		if _, err := ParseEmail("", a); err != nil {
			return
		}
		if _, err := ParseEmail("", b); err != nil {
			return
		}
		if strings.EqualFold(a, b) && EmailKey(acme, a) != EmailKey(acme, b) {
			t.Errorf("%q and %q are the same but for case, and have two keys", a, b)
		}
		if EmailKey(acme, a) == EmailKey(globex, a) {
			t.Errorf("%q has one key in two organizations", a)
		}
	})
}
