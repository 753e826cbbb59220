package terminal

import (
	"io"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// Row is one row of a table.
type Row = table.Row

// NewTable returns a table that its Render method writes to w. It has no frame, so
// that it can be searched and cut like any text.
func NewTable(w io.Writer, header ...string) table.Writer {
	t := table.NewWriter()
	t.SetOutputMirror(w)
	style := table.StyleDefault
	style.Options = table.OptionsNoBordersAndSeparators
	style.Box.PaddingLeft, style.Box.PaddingRight = "", "  "
	style.Format.Header = text.FormatUpper
	t.SetStyle(style)
	row := make(Row, len(header))
	for i, name := range header {
		row[i] = name
	}
	t.AppendHeader(row)
	return t
}
