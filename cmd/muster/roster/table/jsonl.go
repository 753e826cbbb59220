package table

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// Line is one line of a file.
type Line struct {
	Number int
	Text   []byte // valid until the next one is read
}

// JSONL reads the lines of a file with an object a line.
type JSONL struct {
	text  *Text
	lines *bufio.Scanner
	line  int
}

// longestLine is how long a line of JSONL can be, in bytes.
const longestLine = 1 << 20

// ReadJSONL returns a reader of the lines.
func ReadJSONL(t *Text) *JSONL {
	j := &JSONL{text: t, lines: bufio.NewScanner(t)}
	j.lines.Buffer(nil, longestLine)
	return j
}

// Next returns the next line that is not empty. Its errors are those of [CSV.Next].
func (j *JSONL) Next() (Line, error) {
	for j.lines.Scan() {
		j.line++
		text := bytes.TrimSpace(j.lines.Bytes())
		if len(text) == 0 {
			continue
		}
		line := Line{j.line, text}
		if wrong := j.text.Wrong(string(text)); wrong != "" {
			return line, &LineError{j.line, j.line, "the line " + wrong}
		}
		return line, nil
	}
	err := j.lines.Err()
	switch {
	case errors.Is(err, bufio.ErrTooLong):
		return Line{}, fmt.Errorf("line %d is longer than a megabyte: one object a line is expected; this line and those below it were not read", j.line+1)
	case err != nil:
		return Line{}, fmt.Errorf("line %d: %w", j.line+1, err)
	}
	return Line{}, io.EOF
}
