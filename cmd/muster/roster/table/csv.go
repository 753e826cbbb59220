package table

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Row is one row of a table.
type Row struct {
	First, Last int // its lines in the file
	Values      []string
}

// empty reports whether the row has no value, as the rows below a sheet's last one.
func (r Row) empty() bool {
	for _, v := range r.Values {
		if v != "" {
			return false
		}
	}
	return true
}

// CSV reads the rows of a CSV file.
type CSV struct {
	Header    []string
	Separator rune

	text  *Text
	in    *csv.Reader
	above int // lines above what in reads
}

// separators are what can be between two values.
const separators = ",;\t"

// longestHeader is how long the first line can be, in bytes.
const longestHeader = 1 << 16

// ReadCSV reads the header of a CSV file. If the separator is 0, it is the one that a line
// like "sep=;" above the header names. Without such a line it is a comma, a semicolon or a
// tab, whichever divides the header into the most columns that are known, or else into the
// most columns.
func ReadCSV(t *Text, separator rune, known func(column string) bool) (*CSV, error) {
	in := bufio.NewReaderSize(t, longestHeader)
	c := &CSV{text: t}
	line, err := firstLine(in)
	switch {
	case err != nil:
		return nil, err
	case strings.HasPrefix(line, "{") || strings.HasPrefix(line, "["):
		return nil, errors.New("the first line is expected to name the columns, and looks like JSON: say --from jsonl if the file has one object a line")
	}
	if named, ok := strings.CutPrefix(strings.ToLower(line), "sep="); ok && len(named) == 1 && strings.Contains(separators, named) {
		c.Separator, c.above = rune(named[0]), 1
		_, _ = in.ReadString('\n')
	} else {
		c.Separator = separatorOf(line, known)
	}
	if separator != 0 {
		c.Separator = separator
	}
	c.in = csv.NewReader(in)
	c.in.Comma = c.Separator
	c.in.FieldsPerRecord = -1 // Next checks it
	header, err := c.Next()
	if errors.Is(err, io.EOF) || err == nil && header.empty() {
		return nil, errors.New("the file is empty: a first line with the names of the columns is expected")
	}
	if lines := (*LineError)(nil); errors.As(err, &lines) {
		return nil, fmt.Errorf("the names of the columns cannot be read: %s: %w", Range(lines.First, lines.Last), err)
	}
	if err != nil {
		return nil, fmt.Errorf("the names of the columns cannot be read: %w", err)
	}
	c.Header = header.Values
	return c, nil
}

// firstLine returns the first line, and leaves it to be read.
func firstLine(in *bufio.Reader) (string, error) {
	sample, err := in.Peek(longestHeader)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	line, _, _ := strings.Cut(strings.TrimLeft(string(sample), "\r\n"), "\n")
	return strings.TrimSuffix(line, "\r"), nil
}

// separatorOf returns the separator that divides the line into the most columns that are
// known. Among equal ones it returns the one with the most columns, and a comma if there is
// only one column.
func separatorOf(line string, known func(column string) bool) rune {
	best, most, mostKnown := ',', 1, 0
	for _, s := range separators {
		in := csv.NewReader(strings.NewReader(line))
		in.Comma, in.LazyQuotes = s, true
		columns, err := in.Read()
		if err != nil || len(columns) == 1 {
			continue
		}
		n := 0
		for _, column := range columns {
			if known(column) {
				n++
			}
		}
		if n > mostKnown || n == mostKnown && len(columns) > most {
			best, most, mostKnown = s, len(columns), n
		}
	}
	return best
}

// Next returns the next row that has a value. It returns a [*LineError] for lines that
// cannot be read, after which it can be called again, and io.EOF at the end of the file.
func (c *CSV) Next() (Row, error) {
	for {
		values, err := c.in.Read()
		var wrong *csv.ParseError
		switch {
		case errors.As(err, &wrong):
			return Row{}, c.unreadable(wrong)
		case err != nil:
			return Row{}, err
		}
		last := len(values) - 1
		row := Row{Values: values}
		row.First, _ = c.in.FieldPos(0)
		row.Last, _ = c.in.FieldPos(last)
		row.First, row.Last = row.First+c.above, row.Last+c.above+strings.Count(values[last], "\n")
		if row.empty() {
			continue
		}
		return row, c.check(row)
	}
}

// unreadable returns the error for a misplaced quotation mark.
func (c *CSV) unreadable(wrong *csv.ParseError) error {
	e := &LineError{First: wrong.StartLine + c.above, Last: wrong.Line + c.above}
	e.Detail = "a quotation mark is misplaced: a value that has one is put into quotation marks, and the mark inside is doubled"
	if errors.Is(wrong.Err, csv.ErrQuote) && e.Last > e.First {
		e.Detail = fmt.Sprintf("a quotation mark in line %d is not closed where its value ends, so that %s cannot be told apart", e.First, Range(e.First, e.Last))
	}
	return e
}

// check checks the row against the header and the file's encoding.
func (c *CSV) check(row Row) error {
	fail := func(format string, arguments ...any) error {
		return &LineError{row.First, row.Last, fmt.Sprintf(format, arguments...)}
	}
	for i, value := range row.Values {
		if wrong := c.text.Wrong(value); wrong != "" {
			return fail("the value in column %d %s", i+1, wrong)
		}
	}
	if n := c.swallows(row); n > 0 {
		return fail("the value in column %d has a line break and also a %q or an @: it may contain another row, if a quotation mark in line %d is not closed; write such a value in one line", n, c.Separator, row.First)
	}
	if c.Header != nil && len(row.Values) != len(c.Header) {
		return fail("as many values are expected as the header has columns, %d, and there are %d", len(c.Header), len(row.Values))
	}
	return nil
}

// swallows returns the number of the column whose value can hold the end of one row and
// the beginning of another one, 0 for none. That is so if the value has a line break, and a
// separator or an @: a quotation mark that is not closed takes in the separators up to the
// next quotation mark.
func (c *CSV) swallows(row Row) int {
	for i, value := range row.Values {
		if strings.Contains(value, "\n") && strings.ContainsAny(value, string(c.Separator)+"@") {
			return i + 1
		}
	}
	return 0
}
