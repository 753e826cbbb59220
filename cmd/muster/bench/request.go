package bench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"strconv"

	"github.com/muster-dev/muster/cmd/muster/client"
)

// requests returns a caller that sends requests on its own connection. It writes and
// reads them without net/http, because the load runs on the same cores as what it
// measures and must cost little.
func (b *bench) requests(method, path string, body func() string) caller {
	head := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n", method, path, b.host, b.token)
	return func() (func(context.Context) error, func() error, error) {
		conn, err := net.Dial("tcp", b.host)
		if err != nil {
			return nil, nil, err
		}
		responses := bufio.NewReader(conn)
		var request []byte
		return func(context.Context) error {
			request = append(request[:0], head...)
			if body != nil {
				text := body()
				request = fmt.Appendf(request, "Content-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(text), text)
			} else {
				request = append(request, "\r\n"...)
			}
			if _, err := conn.Write(request); err != nil {
				return err
			}
			return readResponse(responses)
		}, conn.Close, nil
	}
}

// readResponse reads one response, and returns the problem if it is an error.
func readResponse(r *bufio.Reader) error {
	var status, length int
	var chunked bool
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		line = bytes.TrimRight(line, "\r\n")
		name, value, _ := bytes.Cut(line, []byte(" "))
		switch {
		case len(line) == 0:
			return readBody(r, status, length, chunked)
		case status == 0:
			status, err = strconv.Atoi(string(value[:min(3, len(value))]))
		case bytes.EqualFold(name, []byte("Content-Length:")):
			length, err = strconv.Atoi(string(value))
		case bytes.EqualFold(name, []byte("Transfer-Encoding:")):
			chunked = true
		}
		if err != nil {
			return fmt.Errorf("reading an answer: %w", err)
		}
	}
}

func readBody(r *bufio.Reader, status, length int, chunked bool) error {
	body := io.LimitReader(r, int64(length))
	if chunked {
		body = httputil.NewChunkedReader(r)
	}
	var text []byte
	var err error
	if status >= http.StatusBadRequest {
		text, err = io.ReadAll(body)
		err = errors.Join(client.ReadProblem(http.StatusText(status), text), err)
	} else {
		_, err = io.Copy(io.Discard, body)
	}
	if chunked {
		_, last := r.ReadSlice('\n')
		err = errors.Join(err, last)
	}
	return err
}
