package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// stream is one follower of an organization. It reads what it must and no more, because it
// shares the processors with what it measures.
type stream struct {
	conn     net.Conn
	lines    *bufio.Reader
	want     int
	complete chan struct{} // closed when all events have come, or the stream has ended
	close    func()

	got []received
	err error
}

type received struct {
	number uint64
	at     time.Time
}

// open opens a stream. Its response has come, so it gets everything that is written from now
// on.
func open(ctx context.Context, service, path, token string, want int) (*stream, error) {
	host, err := hostOf(service)
	if err != nil {
		return nil, err
	}
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, err
	}
	s := &stream{
		conn: conn, lines: bufio.NewReader(conn), want: want, complete: make(chan struct{}),
		close: sync.OnceFunc(func() { _ = conn.Close() }),
	}
	// In HTTP/1.0 the body is not cut in chunks.
	if _, err := fmt.Fprintf(conn, "GET %s HTTP/1.0\r\nHost: %s\r\nAuthorization: Bearer %s\r\nAccept: text/event-stream\r\n\r\n", path, host, token); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	response, err := http.ReadResponse(s.lines, nil)
	if err == nil && response.StatusCode != http.StatusOK {
		err = errors.New(response.Status)
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	_ = response.Body // it is read from lines
	if line, err := s.lines.ReadString('\n'); err != nil || !strings.HasPrefix(line, ":") {
		return nil, errors.Join(fmt.Errorf("the stream begins with %q", line), err, conn.Close())
	}
	return s, nil
}

// read reads until the stream is closed.
func (s *stream) read() {
	done := sync.OnceFunc(func() { close(s.complete) })
	defer done()
	var id uint64
	for {
		line, err := s.lines.ReadSlice('\n')
		if err != nil {
			s.err = err
			return
		}
		switch {
		case bytes.HasPrefix(line, []byte("id: ")):
			_, number, _ := bytes.Cut(line, []byte("-"))
			if id, s.err = strconv.ParseUint(string(bytes.TrimSpace(number)), 10, 64); s.err != nil {
				return
			}
		case len(line) == 1 && id > 0: // the end of an event
			s.got, id = append(s.got, received{id, time.Now()}), 0
			if len(s.got) == s.want {
				done()
			}
		}
	}
}
