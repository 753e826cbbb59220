package subscriber

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"time"
)

const (
	// maxMessage bounds a line of a stream. An event has less than 1 MiB.
	maxMessage = 4 << 20
	// mostRetry bounds the wait that a stream can set with retry:.
	mostRetry = time.Minute
)

// errEnded is the end of a stream, which is an ordinary event: the service was stopped, or
// somebody else has ended the connection.
var errEnded = errors.New("the service ended the stream")

// message is a message of a stream of server-sent events.
type message struct {
	id   string
	data []byte // valid until the next message
}

// messages reads a stream of server-sent events, as the HTML standard describes it in
// section 9.2.6.
type messages struct {
	lines *bufio.Scanner
	data  []byte
	id    string
	retry time.Duration // what the stream has said last; 0 if nothing
	alive bool          // a line has come
	first bool          // the next line is the first one
}

func newMessages(r io.Reader) *messages {
	m := &messages{lines: bufio.NewScanner(r), first: true}
	m.lines.Buffer(nil, maxMessage)
	cr := false
	m.lines.Split(func(data []byte, end bool) (int, []byte, error) { return splitLine(&cr, data) })
	return m
}

// splitLine splits off a line that ends with CR, LF or both. A line that does not end is
// none. cr tells whether the line before ended with CR, which a LF may follow that is not
// here yet.
func splitLine(cr *bool, data []byte) (advance int, line []byte, err error) {
	if *cr && len(data) > 0 {
		*cr = false
		if data[0] == '\n' {
			advance, data = 1, data[1:]
		}
	}
	i := bytes.IndexAny(data, "\r\n")
	if i < 0 {
		return advance, nil, nil
	}
	*cr = data[i] == '\r'
	return advance + i + 1, data[:i:i], nil
}

// next returns the next message that has data. A message that the end of the stream has cut
// off is not returned.
func (m *messages) next() (message, error) {
	m.data = m.data[:0]
	some := false
	for m.lines.Scan() {
		line := m.lines.Bytes()
		if m.first {
			line, m.first = bytes.TrimPrefix(line, []byte("\uFEFF")), false
		}
		m.alive = true
		if len(line) == 0 {
			if some {
				return message{m.id, bytes.TrimSuffix(m.data, []byte("\n"))}, nil
			}
			continue
		}
		some = m.field(line) || some
	}
	if err := m.lines.Err(); err != nil {
		return message{}, err
	}
	return message{}, errEnded
}

// field reads a line, and reports whether it is one of data.
func (m *messages) field(line []byte) bool {
	name, value, _ := bytes.Cut(line, []byte(":"))
	value = bytes.TrimPrefix(value, []byte(" "))
	switch string(name) {
	case "data":
		m.data = append(append(m.data, value...), '\n')
		return true
	case "id":
		m.id = string(value)
	case "retry":
		if ms, err := strconv.ParseUint(string(value), 10, 31); err == nil {
			m.retry = min(time.Duration(ms)*time.Millisecond, mostRetry)
		}
	}
	return false
}
