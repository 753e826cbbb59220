package terminal

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestCell(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "Ada": "Ada", "'t Hooft": "'t Hooft", "'": "'", "''": "''", "a=b": "a=b",
		"=HYPERLINK(1)": "'=HYPERLINK(1)", "+1": "'+1", "-1": "'-1", "@x": "'@x", "\tx": "'\tx", "\rx": "'\rx",
		"'=x": "''=x", "''=x": "'''=x",
	} {
		if got := Cell(text); got != want {
			t.Errorf("Cell(%q) is %q, not %q", text, got, want)
		}
		if got := CellText(want); got != text {
			t.Errorf("CellText(%q) is %q, not %q", want, got, text)
		}
	}
}

// No cell begins like a formula, and CellText undoes Cell.
func TestCellIsUndone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.RuneFrom([]rune("'=+-@\t\rab ")), 0, 6, -1).Draw(t, "text")
		cell := Cell(text)
		if cell != "" && strings.ContainsRune(formulaStarts, rune(cell[0])) || CellText(cell) != text {
			t.Errorf("%q becomes %q and then %q", text, cell, CellText(cell))
		}
	})
}
