package table

import "fmt"

// LineError is the error for lines that cannot be read.
type LineError struct {
	First, Last int // the lines, from 1
	Detail      string
}

// Error returns what is wrong and what is expected instead.
func (e *LineError) Error() string { return e.Detail }

// Range returns the lines in words.
func Range(first, last int) string {
	if first == last {
		return fmt.Sprintf("line %d", first)
	}
	return fmt.Sprintf("lines %d to %d", first, last)
}
