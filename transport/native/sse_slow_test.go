package native

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// A reader that takes nothing is disconnected, and does not delay others.
func TestSlowReaders(t *testing.T) {
	s := start(t, t.TempDir(), func(o *settings) { o.native.Slowness = 100 * time.Millisecond })
	x := s.tenant("Acme")
	small := httptest.NewUnstartedServer(s.api)
	small.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		_ = c.(*net.TCPConn).SetWriteBuffer(4 << 10)
		return ctx
	}
	small.Start()
	defer small.Close()
	conn, err := net.Dial("tcp", small.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	fmt.Fprintf(conn, "GET /v1/organizations/%s/events HTTP/1.1\r\nHost: muster\r\nAuthorization: Bearer %s\r\nAccept: text/event-stream\r\n\r\n", x.org, x.token)

	reason := strings.Repeat("é", 500)
	for !strings.Contains(string(s.as("", "GET", "/metrics", "").body), "muster_http_event_streams_slow_total 1\n") {
		s.as(x.token, "PUT", "/v1/workspaces/"+x.ws+"/members/"+newText(), `{"role":"viewer"}`, "Muster-Reason", reason).want(201)
	}
}

// A reader that is cut off because it is slow resumes where it was, and misses nothing.
func TestSlowReadersResume(t *testing.T) {
	s := start(t, t.TempDir(), func(o *settings) { o.native.Slowness = 50 * time.Millisecond })
	x := s.tenant("Acme")
	small := httptest.NewUnstartedServer(s.api)
	small.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		_ = c.(*net.TCPConn).SetWriteBuffer(4 << 10)
		return ctx
	}
	small.Start()
	defer small.Close()
	const writes = 100
	path := "/v1/organizations/" + x.org + "/events"
	for range writes {
		s.as(x.token, "PUT", "/v1/workspaces/"+x.ws+"/members/"+newText(), `{"role":"viewer"}`, "Muster-Reason", strings.Repeat("é", 500)).want(201)
	}
	want := s.as(x.token, "GET", path+"?after=latest", "").want(200).get("position")
	slow := "muster_http_event_streams_slow_total "
	last, received := "", 0
	for cuts := 1; last != want; cuts++ {
		conn, err := net.Dial("tcp", small.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.(*net.TCPConn).SetReadBuffer(4 << 10)
		resume := ""
		if last != "" {
			resume = "Last-Event-ID: " + last + "\r\n"
		}
		fmt.Fprintf(conn, "GET %s HTTP/1.0\r\nHost: muster\r\nAuthorization: Bearer %s\r\nAccept: text/event-stream\r\n%s\r\n", path, x.token, resume)
		for cuts <= 2 { // it takes nothing until it is cut off
			if strings.Contains(string(s.as("", "GET", "/metrics", "").body), fmt.Sprintf("%s%d\n", slow, cuts)) {
				break
			}
		}
		lines := bufio.NewScanner(conn)
		lines.Buffer(nil, 1<<20)
		for id := ""; last != want && lines.Scan(); {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch {
			case name == "id":
				id = value
			case name == "" && id != "": // only a whole event counts
				received, last, id = received+1, id, ""
			}
		}
		_ = conn.Close()
	}
	if all := s.allEvents(x); received != all {
		t.Errorf("%d events came, and there are %d", received, all)
	}
}

// allEvents returns how many events the organization has.
func (s *service) allEvents(x tenant) (count int) {
	s.t.Helper()
	for after := "earliest"; ; {
		page := s.as(x.token, "GET", "/v1/organizations/"+x.org+"/events?page_size=200&after="+after, "").want(200)
		count += page.count()
		if after = page.get("next_cursor"); after == "<nil>" {
			return count
		}
	}
}
