package roster

import (
	"errors"
	"io"

	"github.com/muster-dev/muster/cmd/muster/roster/table"
	"github.com/muster-dev/muster/cmd/muster/terminal"
)

// reader reads the people of a file.
type reader struct {
	// next returns the next person. For lines that cannot be read it returns a
	// [*table.LineError] or [*badLines], after which it can be called again, and at the
	// end of the file io.EOF.
	next func() (*person, error)

	encoding  string
	separator string   // in words; empty for JSONL
	columns   []column // nil for JSONL, where each object names its keys
}

// separators are the separators in words.
var separators = map[rune]string{',': "comma", ';': "semicolon", '\t': "tab"}

// separatorNamed returns the separator with that name, 0 for [table.Auto].
func separatorNamed(name string) rune {
	for separator, word := range separators {
		if word == name {
			return separator
		}
	}
	return 0
}

func (s *source) open(r io.Reader) (*reader, error) {
	text, err := table.Decode(r, s.encoding)
	if err != nil {
		return nil, err
	}
	in := &reader{encoding: text.Encoding}
	if s.format == terminal.FormatJSONL {
		lines := table.ReadJSONL(text)
		in.next = func() (*person, error) {
			line, err := lines.Next()
			if err != nil {
				return nil, err
			}
			return s.object(line)
		}
		return in, nil
	}
	rows, err := table.ReadCSV(text, separatorNamed(s.separator), s.mapping.knows)
	if err != nil {
		return nil, err
	}
	in.separator = separators[rows.Separator]
	if in.columns, err = s.mapping.columns(rows.Header); err != nil {
		return nil, err
	}
	in.next = func() (*person, error) {
		row, err := rows.Next()
		if err != nil {
			return nil, err
		}
		return s.row(in.columns, row)
	}
	return in, nil
}

// source says how a file is to be read.
type source struct {
	format    string
	encoding  string
	separator string // in words, or table.Auto
	mapping   mapping
	role      string // of lines without a role
}

// row returns the person of a row of CSV.
func (s *source) row(columns []column, row table.Row) (*person, error) {
	p := &person{first: row.First, last: row.Last}
	var wrong error
	for i, value := range row.Values {
		wrong = errors.Join(wrong, p.set(columns[i].Field, terminal.CellText(value)))
	}
	return s.checked(p, wrong)
}

// checked returns the person, or what is wrong with its line.
func (s *source) checked(p *person, wrong error) (*person, error) {
	if wrong == nil {
		wrong = p.complete(s.role)
	}
	if wrong != nil {
		return nil, &badLines{p, wrong}
	}
	return p, nil
}

// badLines is the error for lines that can be read and say something wrong.
type badLines struct {
	person *person
	err    error
}

// Error returns what is wrong and what is expected instead.
func (e *badLines) Error() string { return inOneLine(e.err) }
