package terminal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
)

// A short table looks the same, streamed or not.
func TestStreamIsATable(t *testing.T) {
	for _, rows := range [][][]string{
		nil,
		{{"x", "1", "日本語 a", ""}, {"xyz", "12", "", "a much longer cell"}},
		{{"", "", "", ""}},
	} {
		header := []string{"a", "long_header", "é日本", "line"}
		var streamed, rendered bytes.Buffer
		s, table := NewStream(&streamed, header...), NewTable(&rendered, header...)
		for _, row := range rows {
			cells := Row{}
			for _, cell := range row {
				cells = append(cells, cell)
			}
			table.AppendRow(cells)
			if err := s.Append(row); err != nil {
				t.Fatal(err)
			}
		}
		table.Render()
		if err := s.End(); err != nil || streamed.String() != rendered.String() {
			t.Errorf("%v\n%s\nis not\n%s", err, streamed.String(), rendered.String())
		}
	}
}

// lines is a writer that counts lines and keeps the end, and the most memory that was in use.
type lines struct {
	count int
	last  string
	most  uint64
}

func (l *lines) Write(b []byte) (int, error) {
	l.count += bytes.Count(b, []byte("\n"))
	l.last += string(b)
	l.last = l.last[max(0, len(l.last)-8000):]
	if l.count%1000 < 10 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		l.most = max(l.most, m.HeapAlloc)
	}
	return len(b), nil
}

// However many rows there are, the memory is that of the first ones, and no value is cut.
func TestStreamIsBounded(t *testing.T) {
	var to lines
	s := NewStream(&to, "number", "text", "end")
	const rows = 200_000
	long := strings.Repeat("long ", 1000)
	for n := range rows {
		text := "text"
		if n == rows-1 {
			text = long
		}
		if err := s.Append([]string{fmt.Sprint(n), text, "end"}); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.End(); err != nil {
		t.Fatal(err)
	}
	if to.count != rows+1 || !strings.HasSuffix(to.last, long+"  end  \n") {
		t.Errorf("%d lines, the last %.40q", to.count, to.last)
	}
	if to.most > 20<<20 {
		t.Errorf("%d bytes were in use", to.most)
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

func TestStreamReportsFailures(t *testing.T) {
	s := NewStream(full{}, "a")
	_ = s.Append([]string{"b"})
	if err := s.End(); !errors.Is(err, io.ErrShortWrite) {
		t.Error(err)
	}
}
