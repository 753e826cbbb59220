package roster

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/muster-dev/muster/cmd/muster/terminal"
)

// badLine is the error for a line that cannot be read.
type badLine struct {
	line int
	error
}

// readPeople returns a function that reads the next line of the file. For a line that
// cannot be read it returns a [badLine], after which it can be called again, and at the
// end of the file io.EOF.
func readPeople(r io.Reader, format string) (next func() (*person, error), err error) {
	if format == terminal.FormatJSONL {
		return readJSONL(r), nil
	}
	return readCSV(r)
}

func readCSV(r io.Reader) (func() (*person, error), error) {
	in := csv.NewReader(r)
	in.ReuseRecord = true
	head, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("reading the header: %w: a first line with names of columns is expected: %s", err, strings.Join(columns, ","))
	}
	names := slices.Clone(head)
	names[0] = strings.TrimPrefix(names[0], "\ufeff") // spreadsheets write a byte order mark
	for i, name := range names {
		if !slices.Contains(columns, name) || slices.Contains(names[:i], name) {
			return nil, fmt.Errorf("column %d is called %.40q: each of these is expected once at most: %s", i+1, name, strings.Join(columns, ","))
		}
	}
	return func() (*person, error) {
		record, err := in.Read()
		line, _ := in.FieldPos(0)
		var wrong *csv.ParseError
		switch {
		case errors.As(err, &wrong):
			return nil, badLine{wrong.Line, wrong.Err}
		case err != nil:
			return nil, err
		}
		p := &person{line: line}
		for i, value := range record {
			p.setColumn(names[i], value)
		}
		return p, nil
	}, nil
}

// maxLine is the length of the longest line of a JSONL file, in bytes.
const maxLine = 1 << 20

func readJSONL(r io.Reader) func() (*person, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	line := 0
	return func() (*person, error) {
		for lines.Scan() {
			line++
			text := bytes.TrimSpace(lines.Bytes())
			if len(text) == 0 {
				continue
			}
			p := &person{line: line}
			d := json.NewDecoder(bytes.NewReader(text))
			d.DisallowUnknownFields()
			if err := d.Decode(p); err != nil {
				return nil, badLine{line, err}
			}
			if p.Op != "" {
				return nil, badLine{line, errors.New("an import adds; it takes no op")}
			}
			return p, nil
		}
		if err := lines.Err(); err != nil {
			return nil, fmt.Errorf("line %d: %w", line+1, err)
		}
		return nil, io.EOF
	}
}
