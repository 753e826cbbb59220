package main

import (
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// newTable is a table as all commands print them: no frame, so that it can be
// searched and cut like any text.
func newTable(w io.Writer, header ...string) table.Writer {
	t := table.NewWriter()
	t.SetOutputMirror(w)
	style := table.StyleDefault
	style.Options = table.OptionsNoBordersAndSeparators
	style.Box.PaddingLeft, style.Box.PaddingRight = "", "  "
	style.Format.Header = text.FormatUpper
	t.SetStyle(style)
	row := make(table.Row, len(header))
	for i, name := range header {
		row[i] = name
	}
	t.AppendHeader(row)
	return t
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// timeLayout is how times are shown: RFC 3339, UTC, with milliseconds.
const timeLayout = "2006-01-02T15:04:05.000Z"

func showTime(t time.Time) string { return t.UTC().Format(timeLayout) }

// parseTime reads a time, or a day, which is its beginning in UTC.
func parseTime(text string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, errors.New("a time like 2026-03-05T23:09:47Z is expected, or a day like 2026-03-05")
}
