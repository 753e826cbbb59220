package native

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// The benchmarks measure whole requests over HTTP, with authentication. 64 clients send
// prepared requests on open connections, so they cost little. The floor is a handler that
// only writes 500 bytes, measured in the same run.

const benchClients = 64

// connection is a client with a connection of its own.
type connection struct {
	net.Conn
	in *bufio.Reader
}

func dial(b *testing.B, server *httptest.Server) *connection {
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	return &connection{conn, bufio.NewReaderSize(conn, 64<<10)}
}

// do sends a request and reads the answer.
func (c *connection) do(request []byte) (status int, err error) {
	if _, err := c.Write(request); err != nil {
		return 0, err
	}
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	status, _ = strconv.Atoi(string(line[9:12]))
	length := int64(-1)
	for {
		if line, err = c.in.ReadSlice('\n'); err != nil {
			return 0, err
		}
		if len(line) <= 2 {
			break
		}
		if name, value, _ := bytes.Cut(line, []byte(": ")); bytes.EqualFold(name, []byte("Content-Length")) {
			length, _ = strconv.ParseInt(string(bytes.TrimSpace(value)), 10, 64)
		}
	}
	if length >= 0 {
		_, err = c.in.Discard(int(length))
		return status, err
	}
	for { // the body is chunked
		if line, err = c.in.ReadSlice('\n'); err != nil {
			return 0, err
		}
		size, err := strconv.ParseInt(string(bytes.TrimSpace(line)), 16, 64)
		if err != nil {
			return 0, err
		}
		if _, err := c.in.Discard(int(size) + 2); err != nil || size == 0 {
			return status, err
		}
	}
}

func plainRequest(token, method, path, body string) []byte {
	request := fmt.Sprintf("%s %s HTTP/1.1\r\nHost: muster\r\nAuthorization: Bearer %s\r\n", method, path, token)
	if body != "" {
		request += fmt.Sprintf("Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	return []byte(request + "\r\n" + body)
}

// hammer sends requests from many clients. The function next returns a client's next
// request.
func hammer(b *testing.B, server *httptest.Server, want int, next func() []byte) {
	b.ReportAllocs()
	before := processorTime(b)
	b.SetParallelism(benchClients / 2)
	b.RunParallel(func(pb *testing.PB) {
		c := dial(b, server)
		defer c.Close()
		for pb.Next() {
			if status, err := c.do(next()); err != nil || status != want {
				b.Errorf("status %d, %v", status, err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
	b.ReportMetric(float64((processorTime(b)-before).Nanoseconds())/float64(b.N), "cpu-ns/op")
}

// processorTime returns the processor time that this process has used, with its clients.
// Unlike the clock it does not depend on what else the machine does.
func processorTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func always(request []byte) func() []byte { return func() []byte { return request } }

func BenchmarkHTTP(b *testing.B) {
	answer := bytes.Repeat([]byte("x"), 500)
	empty := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(answer) }))
	defer empty.Close()
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = w.Write(answer)
	}))
	defer echo.Close()

	s := start(b, b.TempDir())
	x := s.tenant("Acme")
	members := "/v1/workspaces/" + x.ws + "/members"
	for i := range 100 {
		s.as(x.token, "POST", members, fmt.Sprintf(`{"user_id":%q,"role":"viewer","email":"person%d@acme.example","name":{"first":"Person","last":"%d"}}`, newText(), i, i)).want(201)
	}
	check := func(user string) []byte {
		return plainRequest(x.token, "POST", "/v1/access/check", fmt.Sprintf(`{"user_id":%q,"workspace_id":%q,"permission":"content.edit"}`, user, x.ws))
	}

	b.Run("floor", func(b *testing.B) { hammer(b, empty, 200, always(plainRequest(x.token, "GET", "/", ""))) })
	b.Run("floor/post", func(b *testing.B) { hammer(b, echo, 200, always(check(x.member))) })
	b.Run("livez", func(b *testing.B) { hammer(b, s.Server, 200, always(plainRequest(x.token, "GET", "/livez", ""))) })
	b.Run("self", func(b *testing.B) { hammer(b, s.Server, 200, always(plainRequest(x.token, "GET", "/v1/self", ""))) })
	b.Run("get", func(b *testing.B) {
		hammer(b, s.Server, 200, always(plainRequest(x.token, "GET", members+"/"+x.member, "")))
	})
	b.Run("check/direct", func(b *testing.B) { hammer(b, s.Server, 200, always(check(x.member))) })
	b.Run("check/inherited", func(b *testing.B) { hammer(b, s.Server, 200, always(check(x.owner))) })
	b.Run("check/denied", func(b *testing.B) { hammer(b, s.Server, 200, always(check(newText()))) })
	b.Run("list", func(b *testing.B) {
		hammer(b, s.Server, 200, always(plainRequest(x.token, "GET", members+"?page_size=100", "")))
	})
	b.Run("workspaces", func(b *testing.B) {
		hammer(b, s.Server, 200, always(plainRequest(x.token, "GET", "/v1/organizations/"+x.org+"/users/"+x.member+"/workspaces", "")))
	})
	b.Run("add", func(b *testing.B) {
		var added atomic.Int64
		hammer(b, s.Server, 201, func() []byte {
			added.Add(1)
			return plainRequest(x.token, "POST", members, fmt.Sprintf(`{"user_id":%q,"role":"viewer"}`, newText()))
		})
	})
}
