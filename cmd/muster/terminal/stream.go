package terminal

import (
	"bufio"
	"io"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"
)

// The widths of a [Stream]'s columns are those of its first rows: so many of them, or as many as
// have so many bytes.
const (
	sampleRows  = 1000
	sampleBytes = 1 << 20
)

// Stream prints a table row by row, however long it is, in the memory that its first rows take.
// They decide how wide the columns are. A later value that is wider is printed as a whole, and
// moves the rest of its row to the right. A table that is no longer than the first rows looks
// like one of [NewTable].
type Stream struct {
	to      *bufio.Writer
	widths  []int
	first   [][]string // not printed yet
	bytes   int        // of them
	printed bool       // the header and the first rows were printed
}

// NewStream returns a table that its methods print to w. [Stream.End] must be called in the end.
func NewStream(w io.Writer, header ...string) *Stream {
	s := &Stream{to: bufio.NewWriter(w), widths: make([]int, len(header))}
	upper := make([]string, len(header))
	for i, name := range header {
		upper[i] = text.FormatUpper.Apply(name)
	}
	s.sample(upper)
	return s
}

// Append prints a row, which must have as many cells as the header. It takes cells over.
func (s *Stream) Append(cells []string) error {
	if s.printed {
		return s.print(cells)
	}
	s.sample(cells)
	if len(s.first) > sampleRows || s.bytes > sampleBytes {
		return s.printFirst()
	}
	return nil
}

// End prints what was not printed yet.
func (s *Stream) End() error {
	if err := s.printFirst(); err != nil {
		return err
	}
	return s.to.Flush()
}

func (s *Stream) sample(cells []string) {
	for i, cell := range cells {
		s.widths[i] = max(s.widths[i], text.StringWidthWithoutEscSequences(cell))
		s.bytes += len(cell)
	}
	s.first = append(s.first, cells)
}

func (s *Stream) printFirst() error {
	for _, cells := range s.first {
		if err := s.print(cells); err != nil {
			return err
		}
	}
	s.first, s.printed = nil, true
	return nil
}

func (s *Stream) print(cells []string) error {
	for i, cell := range cells {
		_, _ = s.to.WriteString(cell)
		_, _ = s.to.WriteString(strings.Repeat(" ", max(0, s.widths[i]-text.StringWidthWithoutEscSequences(cell))+2))
	}
	return s.to.WriteByte('\n') // what has failed before fails again
}
