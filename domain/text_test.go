package domain

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// Names may have everything that people write with.
func TestNamesThatPeopleHave(t *testing.T) {
	for _, name := range []string{
		"Ada", "O'Neil-Łęcki", "Zoë", "Zoe\u0308", "李小龙", "山田 太郎", "山田\u3000太郎", "葛\U000e0100城", "محمد", "יוסף", "Παύλος", "Дарья", "김철수", "สมชาย",
		"می\u200cخواهم",                  // Persian, with a non-joiner
		"സച്ചിന്\u200d",                  // Malayalam, with a joiner at the end
		"श्री", "क्\u200dष", "ক্\u200cষ", // with joiners behind a virama
		"Team 🚀", "❤\ufe0f Fans", "👩\u200d💻 Dev", "🏳\ufe0f\u200d🌈", "👍🏽", "1\ufe0f\u20e3 First", "❤\ufe0f\u200d🔥", "🇨🇭", "©\ufe0f",
		"<b>&amp;", `"quoted" \`, "100 %", "!", "—", "\u0600 1", "a\u00a0b",
		strings.Repeat("ß", MaxName),
	} {
		if err := checkName("/name", name); err != nil {
			t.Errorf("%q is refused: %v", name, err)
		}
	}
}

// Names that nobody can read, or that look like another one, are refused, and so are
// such reasons.
func TestUnreadableTexts(t *testing.T) {
	for what, c := range map[string]struct {
		code  string
		texts []string
	}{
		"control characters": {"invalid_characters", []string{"a\x00", "a\nb", "a\tb", "\x1b[2J", "a\x7f", "a\u0085b", "a\r"}},
		"lines":              {"invalid_characters", []string{"a\u2028b", "a\u2029b", "\u2028"}},
		"no UTF-8":           {"invalid_characters", []string{"\xff", "a\xc3"}},
		"invisible": {"invalid_characters", []string{
			"a\u200bb", "\u200b", "a\ufeff", "\ufeffa", "a\u00adb", "a\u2060b", "a\u034fb", "a\u180eb", "a\u3164b", "\u3164", "\u115f", "\uffa0", "\u2800", "a\u2800b",
			"a\U000e0041b", "a\U000e0001", "\u17b4a",
		}},
		"marks of direction": {"invalid_characters", []string{"\u202eada", "a\u200fb", "a\u200eb", "a\u2066b\u2069", "a\u061cb"}},
		"joiners of nothing": {"invalid_characters", []string{
			"a\u200db", "a\u200cb", "\u200dа", "м\u200cа", "日\u200d本", "\u200d", "🚀\u200d", "\u200d🚀", "🚀\u200d\u200d🚀", "می\u200c", "می\u200c\u200cخ", "می\u200c x", "\u2800\u200d🚀",
		}},
		"selectors of nothing": {"invalid_characters", []string{"a\ufe0f", "\ufe0f", "a \ufe0fb", "1\ufe0f", "é\ufe0f", "a\U000e0100", "❤\ufe0f\ufe0f", "a\u0301\ufe0e"}},
		"no characters":        {"invalid_characters", []string{"a\ufffdb", "a\ufffe", "a\ue000", "\U0010ffff"}},
		"nothing visible":      {"invalid_characters", []string{"\u0301", "\u20e3"}},
		"too long":             {"too_long", []string{strings.Repeat("ß", MaxReason+1)}},
	} {
		for _, text := range c.texts {
			if err := checkName("/name", text); !sameError(err, invalid("/name", c.code)) {
				t.Errorf("%s: the name %q: %v", what, text, err)
			}
			if err := CheckReason("/reason", text); !sameError(err, invalid("/reason", c.code)) {
				t.Errorf("%s: the reason %q: %v", what, text, err)
			}
		}
	}
	for _, name := range []string{" a", "a ", "\u00a0a", "a\u3000", " ", "\u2003"} {
		if err := checkName("/name", name); !sameError(err, invalid("/name", "surrounding_space")) {
			t.Errorf("the name %q: %v", name, err)
		}
	}
	for _, reason := range []string{"", " ", "\u00a0\u3000"} {
		if err := CheckReason("/reason", reason); !sameError(err, invalid("/reason", "invalid_characters")) {
			t.Errorf("the reason %q: %v", reason, err)
		}
	}
	if err := CheckReason("/reason", " left, see ticket 4711 "); err != nil {
		t.Error(err)
	}
}

// Folding a text again changes nothing.
func FuzzFoldText(f *testing.F) {
	for _, text := range []string{"Ada", "ſ", "ς", "İ", "\u0345", "ﷺ", "\u1100\u1161", "\xff", "ﬁ"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		folded := FoldText(text)
		if FoldText(folded) != folded || !utf8.ValidString(folded) {
			t.Errorf("%q folds to %q, and that to %q", text, folded, FoldText(folded))
		}
		if checkName("/name", text) == nil && hasBreak(text) {
			t.Errorf("%q is a name", text)
		}
	})
}
