package webhook_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/muster-dev/muster/transport/webhook"
)

// egress is a proxy that connects everybody to one address.
type egress struct {
	*httptest.Server
	asked  chan *http.Request
	opened sync.WaitGroup
	count  atomic.Int64
}

func newEgress(t *testing.T, to string, status int) *egress {
	t.Helper()
	e := &egress{asked: make(chan *http.Request, 10)}
	e.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, in *http.Request) {
		e.asked <- in
		if status != http.StatusOK {
			http.Error(w, "10.0.0.1 says no", status)
			return
		}
		there, err := net.Dial("tcp", to)
		if err != nil {
			t.Error(err)
			return
		}
		here, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = fmt.Fprint(here, "HTTP/1.1 200 OK\r\n\r\n")
		e.opened.Go(func() { _, _ = io.Copy(there, buffered); _ = there.Close() })
		e.opened.Go(func() { _, _ = io.Copy(here, there); _ = here.Close() })
	}))
	e.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			e.count.Add(1)
		}
	}
	e.Start()
	t.Cleanup(func() { e.Close(); e.opened.Wait() })
	return e
}

// With a proxy everything goes through it. It resolves the names. Addresses that are written
// as such are refused as before.
func TestProxy(t *testing.T) {
	t.Parallel()
	r := receive(t, nil)
	e := newEgress(t, r.Listener.Addr().String(), http.StatusOK)
	proxy, err := webhook.ParseProxy(strings.Replace(e.URL, "http://", "http://muster:secret@", 1))
	if err != nil {
		t.Fatal(err)
	}
	s := sender(t, webhook.Options{Proxy: proxy, RootCAs: r.roots()})
	t.Cleanup(s.Close) // before the proxy waits for its connections
	to := webhook.Endpoint{URL: "https://app.example.com/hooks", Secrets: []webhook.Secret{secret(1)}}
	send(t, s, to, webhook.Delivered)
	in := <-e.asked
	equal(t, "request", in.Method+" "+in.Host, "CONNECT app.example.com:443")
	if user, password, ok := (&http.Request{Header: http.Header{"Authorization": in.Header["Proxy-Authorization"]}}).BasicAuth(); !ok || user != "muster" || password != "secret" {
		t.Errorf("the proxy is told %q and %q", user, password)
	}
	if h := r.requests()[0].header; h.Get("Proxy-Authorization") != "" {
		t.Error("the receiver is told the proxy's password")
	}
	to.URL = "https://" + r.Listener.Addr().String()
	send(t, s, to, webhook.Refused)
	if n := e.count.Load(); n != 1 {
		t.Errorf("there are %d connections to the proxy", n)
	}
}

// What a proxy refuses is a failure, and the subscriber learns nothing about the proxy.
func TestProxyRefuses(t *testing.T) {
	t.Parallel()
	e := newEgress(t, "", http.StatusForbidden)
	gone := httptest.NewServer(nil)
	gone.Close()
	to := webhook.Endpoint{URL: "https://app.example.com/hooks", Secrets: []webhook.Secret{secret(1)}}
	for text, want := range map[string]string{
		e.URL:    "the proxy that Muster sends webhooks through made no connection: it answered 403",
		gone.URL: "there is no connection through the proxy that Muster sends webhooks through",
		strings.Replace(gone.URL, "http:", "socks5:", 1): "there is no connection through the proxy that Muster sends webhooks through",
	} {
		proxy, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		result := send(t, sender(t, webhook.Options{Proxy: proxy}), to, webhook.Failed)
		equal(t, "error", result.Error, want)
		if result.Status != 0 || result.Answer != "" || result.Cause == nil {
			t.Errorf("%+v", result)
		}
	}
}

func TestParseProxy(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"http://proxy.acme.example:3128", "https://user:word@proxy.acme.example", "socks5://10.0.0.1:1080", "http://[::1]:3128/"} {
		if u, err := webhook.ParseProxy(text); err != nil || u.Path != "" {
			t.Errorf("%s: %v, %v", text, u, err)
		}
	}
	for _, text := range []string{"", "proxy", "proxy:3128", "http://", "http://:3128", "ftp://proxy", "http://proxy/path", "http://proxy?", "http://proxy#x", "http://proxy:", "http://proxy:x"} {
		if _, err := webhook.ParseProxy(text); err == nil {
			t.Errorf("%q is taken", text)
		}
	}
}
