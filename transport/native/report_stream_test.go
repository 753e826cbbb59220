package native

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// The manifest of every kind of report in every format is that of the report, whatever is
// written meanwhile and whatever ends by the clock.
func TestManifests(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	review := s.as(x.token, "POST", "/v1/organizations/"+x.org+"/reviews", `{"name":"Spring"}`).want(201).get("id")
	moment := time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	soon := s.now().Add(time.Hour).UTC().Format("2006-01-02T15:04:05.000Z")
	s.as(x.token, "PUT", "/v1/workspaces/"+x.ws+"/members/"+newText(), fmt.Sprintf(`{"role":"viewer","expires_at":%q}`, soon)).want(201)
	end := s.as(x.token, "PUT", "/v1/workspaces/"+x.ws+"/members/"+newText(), `{"role":"viewer"}`).want(201).header.Get("Muster-Position")

	for _, query := range []string{
		"who-had-access?", "who-had-access?as_of=" + end + "&", "who-had-access?as_of=" + moment + "&", "privileged?", "privileged?workspace_id=" + x.ws + "&",
		"joiners-movers-leavers?from=2020-01-01&", "joiners-movers-leavers?from=" + moment + "&to=" + end + "&", "access-review?review_id=" + review + "&",
	} {
		for _, format := range []string{"csv", "jsonl", "html"} {
			var writing sync.WaitGroup
			writing.Go(func() {
				for range 20 {
					s.as(x.token, "PUT", "/v1/workspaces/"+x.ws+"/members/"+newText(), `{"role":"viewer"}`)
				}
			})
			report := s.as(x.token, "GET", "/v1/organizations/"+x.org+"/reports/"+query+"format="+format, "")
			s.clock.Add(int64(time.Minute))
			s.manifest(x.token, report)
			writing.Wait()
		}
	}
	head := s.as(x.token, "HEAD", "/v1/organizations/"+x.org+"/reports/who-had-access", "").want(200)
	if len(head.body) > 0 || head.header.Get("Link") == "" {
		t.Errorf("%v %s", head.header, head.body)
	}
}

// A report ends when its token is revoked, however slowly it is read, and the reader sees that
// it is not whole.
func TestReportsOfRevokedTokens(t *testing.T) {
	s := start(t, t.TempDir())
	x := s.tenant("Acme")
	small := httptest.NewUnstartedServer(s.api)
	small.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		_ = c.(*net.TCPConn).SetWriteBuffer(4 << 10)
		return ctx
	}
	small.Start()
	defer small.Close()
	for range 150 {
		s.as(x.token, "PUT", "/v1/workspaces/"+x.ws+"/members/"+newText(), `{"role":"viewer"}`, "Muster-Reason", strings.Repeat("é", 500)).want(201)
	}
	token, id := s.issue(x.org, `"scopes":["audit:read"]`)
	path := "/v1/organizations/" + x.org + "/reports/joiners-movers-leavers?from=2020-01-01"
	whole := s.as(token, "GET", path, "").want(200)

	conn, err := net.Dial("tcp", small.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: muster\r\nAuthorization: Bearer %s\r\n\r\n", path, token)
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil || response.StatusCode != 200 {
		t.Fatalf("%v %v", response, err)
	}
	defer response.Body.Close()
	s.as(x.token, "DELETE", "/v1/organizations/"+x.org+"/tokens/"+id, "").want(204)
	text, err := io.ReadAll(response.Body)
	if err == nil || len(text) == 0 || len(text) >= len(whole.body) {
		t.Errorf("%d of %d bytes: %v", len(text), len(whole.body), err)
	}
}
