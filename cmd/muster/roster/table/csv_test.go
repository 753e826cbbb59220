package table

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// read returns the rows of a file in text, one a line, with the numbers of their lines.
func read(file, encoding string) (header, rows string, err error) {
	text, err := Decode(strings.NewReader(file), encoding)
	if err != nil {
		return "", "", err
	}
	c, err := ReadCSV(text, 0, func(string) bool { return false })
	if err != nil {
		return "", "", err
	}
	var b strings.Builder
	for {
		row, err := c.Next()
		var wrong *LineError
		switch {
		case errors.Is(err, io.EOF):
			return strings.Join(c.Header, "|"), b.String(), nil
		case errors.As(err, &wrong):
			fmt.Fprintf(&b, "%d-%d %s\n", wrong.First, wrong.Last, wrong.Detail)
		case err != nil:
			return "", "", err
		default:
			fmt.Fprintf(&b, "%d-%d %s\n", row.First, row.Last, strings.ReplaceAll(strings.Join(row.Values, "|"), "\n", "/"))
		}
	}
}

func swallowed(column, line int) string {
	return fmt.Sprintf("the value in column %d has a line break and also a ',' or an @: it may contain another row, if a quotation mark in line %d is not closed; write such a value in one line\n", column, line)
}

// Every line of a file is in a row or in an error.
func TestLines(t *testing.T) {
	const misplaced = "a quotation mark is misplaced: a value that has one is put into quotation marks, and the mark inside is doubled\n"
	for _, c := range []struct{ says, file, want string }{
		{"rows", "a,b\n1,2\n3,4\n", "2-2 1|2\n3-3 3|4\n"},
		{"no newline at the end", "a,b\n1,2", "2-2 1|2\n"},
		{"empty lines", "\n\na,b\n\n1,2\n\n,\n3,4\n", "5-5 1|2\n8-8 3|4\n"},
		{"CRLF", "a,b\r\n1,2\r\n", "2-2 1|2\n"},
		{"CR alone", "a,b\r1,2\r3,4\r", "2-2 1|2\n3-3 3|4\n"},
		{"semicolons", "a;b\n1;2,5\n", "2-2 1|2,5\n"},
		{"tabs", "a\tb\n1\t2;3\n", "2-2 1|2;3\n"},
		{"a separator in a quoted name", "\"a;x;y\",b\n1,2\n", "2-2 1|2\n"},
		{"a named separator", "sep=;\na,x;b\n1;2\n3;4;5\n", "3-3 1|2\n4-4 as many values are expected as the header has columns, 2, and there are 3\n"},
		{"one column", "a\n1\n2\n", "2-2 1\n3-3 2\n"},
		{"a value on two lines", "a,b,c\n1,\"2\n3\",4\n5,6,7\n", "2-3 1|2/3|4\n4-4 5|6|7\n"},
		{"too few values", "a,b\n1\n2,3\n", "2-2 as many values are expected as the header has columns, 2, and there are 1\n3-3 2|3\n"},
		{"a quote inside a value", "a,b\n1,5\" pipe\n2,3\n", "2-2 " + misplaced + "3-3 2|3\n"},
		{"text behind a quote", "a,b\n1,\"x\"y\n2,3\n", "2-2 " + misplaced + "3-3 2|3\n"},
		{"a quote that never closes", "a,b\n0,0\n1,\"x\n2,3\n4,5\n", "2-2 0|0\n3-5 a quotation mark in line 3 is not closed where its value ends, so that lines 3 to 5 cannot be told apart\n"},
		{"a quote that never closes, and no newline", "a,b\n1,\"x\n2,3", "2-3 a quotation mark in line 2 is not closed where its value ends, so that lines 2 to 3 cannot be told apart\n"},
		{"a quote in the last line", "a,b\n1,\"x", "2-2 " + misplaced},
		{"a quote that the next one closes", "a,b\n1,\"x\n2,\"y\"\n3,4\n", "2-3 a quotation mark in line 2 is not closed where its value ends, so that lines 2 to 3 cannot be told apart\n4-4 3|4\n"},
		{"a quote that takes in a row", "a,b,c\n1,2,\"x\n3,4,5\"\n6,7,8\n", "2-3 " + swallowed(3, 2) + "4-4 6|7|8\n"},
		{"a quote that takes in a row of two columns", "a,b\n1,\"x\n3,y\"\n5,6\n", "2-3 " + swallowed(2, 2) + "4-4 5|6\n"},
		{"a quote that takes in the end of a row", "a,b\n\"x,1\ny\",2\n3,4\n", "2-3 " + swallowed(1, 2) + "4-4 3|4\n"},
		{"a quote that takes in half a row", "a,b,c\n1,\"n,x\n2,n\",y\n3,4,5\n", "2-3 " + swallowed(2, 2) + "4-4 3|4|5\n"},
		{"a quote that takes in three rows", "a,b\n1,\"x\n2,y\n3,z\"\n", "2-4 " + swallowed(2, 2)},
		{"a quote that takes in an address", "a\n\"1\n2@x\"\n", "2-3 " + swallowed(1, 2)},
		{"a comma in a value in one line", "a,b\n1,\"x, y@z\"\n", "2-2 1|x, y@z\n"},
		{"a comma in a value on two lines, with semicolons", "a;b\n1;\"x,\ny\"\n", "2-3 1|x,/y\n"},
		{"text that is not UTF-8", "a,b\n1,\xe9\n2,3\n", "2-2 the value in column 2 is not valid UTF-8: if a program on Windows has written the file, try --encoding windows-1252\n3-3 2|3\n"},
		{"text that was lost before", "a,b\n1,Zo\ufffd\n", "2-2 the value in column 2 has the character U+FFFD: some program could not read the text that was there, and it is lost\n"},
	} {
		if _, got, err := read(c.file, Auto); got != c.want || err != nil {
			t.Errorf("%s: %q is read as\n%s%v", c.says, c.file, got, err)
		}
	}
}
