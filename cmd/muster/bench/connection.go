package bench

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"strconv"

	"github.com/muster-dev/muster/cmd/muster/client"
)

// request is a request to send. The response must contain the text want.
type request struct{ method, path, token, body, want string }

// connection sends requests one after the other. It writes and reads them without
// net/http, because the load runs on the same cores as what it measures and must cost
// little.
type connection struct {
	net.Conn
	host   string
	in     *bufio.Reader
	out    []byte
	answer bytes.Buffer
}

func dial(host string) (*connection, error) {
	conn, err := net.Dial("tcp", host)
	if err != nil {
		return nil, err
	}
	return &connection{Conn: conn, host: host, in: bufio.NewReader(conn)}, nil
}

// do sends the request and returns the body of the response, which is valid until the next
// one. If the service refuses the request, the error is its problem.
func (c *connection) do(r request) ([]byte, error) {
	c.out = fmt.Appendf(c.out[:0], "%s %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n", r.method, r.path, c.host, r.token)
	if r.body != "" {
		c.out = fmt.Appendf(c.out, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(r.body))
	}
	c.out = append(append(c.out, "\r\n"...), r.body...)
	if _, err := c.Write(c.out); err != nil {
		return nil, err
	}
	status, err := c.read()
	text := c.answer.Bytes()
	switch {
	case err != nil:
		return nil, fmt.Errorf("reading an answer: %w", err)
	case status >= http.StatusBadRequest:
		return nil, client.ReadProblem(http.StatusText(status), text)
	case !bytes.Contains(text, []byte(r.want)):
		return nil, fmt.Errorf("the answer to %s %s has no %s: %.200s", r.method, r.path, r.want, text)
	}
	return text, nil
}

// read reads one response, keeps its body, and returns its status.
func (c *connection) read() (status int, err error) {
	var length int
	var chunked bool
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return status, err
		}
		line = bytes.TrimRight(line, "\r\n")
		name, value, _ := bytes.Cut(line, []byte(" "))
		switch {
		case len(line) == 0:
			return status, c.readBody(length, chunked)
		case status == 0:
			status, err = strconv.Atoi(string(value[:min(3, len(value))]))
		case bytes.EqualFold(name, []byte("Content-Length:")):
			length, err = strconv.Atoi(string(value))
		case bytes.EqualFold(name, []byte("Transfer-Encoding:")):
			chunked = true
		}
		if err != nil {
			return status, err
		}
	}
}

func (c *connection) readBody(length int, chunked bool) error {
	c.answer.Reset()
	if !chunked {
		_, err := io.CopyN(&c.answer, c.in, int64(length))
		return err
	}
	_, err := c.answer.ReadFrom(httputil.NewChunkedReader(c.in))
	_, last := c.in.ReadSlice('\n')
	return errors.Join(err, last)
}
