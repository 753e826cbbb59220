package terminal

import "strings"

// A cell of CSV that begins with one of these is a formula to a spreadsheet.
const formulaStarts = "=+-@\t\r"

// Cell returns the text as a cell of CSV that no spreadsheet takes for a formula: a text
// that begins like one gets an apostrophe in front. So does a text that begins with
// apostrophes and then like a formula, so that [CellText] can undo it.
func Cell(text string) string {
	if formulaLike(text) {
		return "'" + text
	}
	return text
}

// CellText returns the text that [Cell] has made the cell of.
func CellText(cell string) string {
	if text, quoted := strings.CutPrefix(cell, "'"); quoted && formulaLike(text) {
		return text
	}
	return cell
}

func formulaLike(text string) bool {
	text = strings.TrimLeft(text, "'")
	return text != "" && strings.IndexByte(formulaStarts, text[0]) >= 0
}
