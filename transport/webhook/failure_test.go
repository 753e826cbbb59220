package webhook_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/muster-dev/muster/transport/webhook"
)

// hijack returns a handler that takes over the connection.
func hijack(t *testing.T, f func(*tls.Conn)) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer conn.Close()
		f(conn.(*tls.Conn))
	}
}

// What is not answered is a failure, and the subscriber is told why in plain words.
func TestFailure(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"closed": {hijack(t, func(*tls.Conn) {}), "the connection was closed before there was an answer"},
		"reset": {
			hijack(t, func(c *tls.Conn) { _ = c.NetConn().(*net.TCPConn).SetLinger(0); _ = c.NetConn().Close() }),
			"the connection was closed before there was an answer",
		},
		"half": {hijack(t, func(c *tls.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 200") }), "the connection was closed before there was an answer"},
		"noise": {
			hijack(t, func(c *tls.Conn) { _, _ = io.WriteString(c, "220 smtp.example.com ESMTP\r\n\r\n") }),
			"the answer is not HTTP, or its headers are too long",
		},
		"headers": {
			func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Long", strings.Repeat("x", 20<<10)) },
			"the answer is not HTTP, or its headers are too long",
		},
		"switching": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Connection", "Upgrade")
			w.Header().Set("Upgrade", "x")
			w.WriteHeader(http.StatusSwitchingProtocols)
		}, "the receiver answered 101 Switching Protocols"},
		"hangs": {func(_ http.ResponseWriter, in *http.Request) { <-in.Context().Done(); panic(http.ErrAbortHandler) }, "there was no answer within 300ms"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := receive(t, c.answer)
			s := sender(t, webhook.Options{AllowPrivate: true, RootCAs: r.roots(), Timeout: 300 * time.Millisecond})
			equal(t, "error", send(t, s, r.endpoint(), webhook.Failed).Error, c.want)
			if n := len(r.requests()); n != 1 {
				t.Errorf("there were %d requests", n)
			}
		})
	}
}

// Why there is no connection.
func TestNoConnection(t *testing.T) {
	t.Parallel()
	r := receive(t, nil)
	where := r.Listener.Addr().String()
	_, port, _ := net.SplitHostPort(where)
	plain := httptest.NewServer(nil)
	t.Cleanup(plain.Close)
	old := httptest.NewUnstartedServer(nil)
	old.TLS = &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10} //nolint:gosec // that is the point
	old.Config.ErrorLog = quiet()
	old.StartTLS()
	t.Cleanup(old.Close)
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close()
	n := names{answers: map[string][][]netip.Addr{
		"other.example.org": {addrs("127.0.0.1")}, "app.example.com": {addrs("127.0.0.1")}, "empty.example.com": {nil},
	}}
	o := webhook.Options{AllowPrivate: true, RootCAs: r.roots(), Resolver: n.resolver(t), Timeout: 500 * time.Millisecond}
	untrusting := o
	untrusting.RootCAs = x509.NewCertPool()
	for name, c := range map[string]struct {
		options webhook.Options
		host    string
		want    string
	}{
		"unknown name": {o, "nowhere.example.com", "the name of the host is not known"},
		"no address":   {o, "empty.example.com", "the name of the host is not known"},
		"nobody":       {o, closed.Addr().String(), "nobody listens at " + closed.Addr().String()},
		"silence":      {o, silent.Addr().String(), "there was no connection to " + silent.Addr().String() + " within 500ms"},
		"no TLS":       {o, plain.Listener.Addr().String(), plain.Listener.Addr().String() + " does not speak TLS"},
		"old TLS":      {o, old.Listener.Addr().String(), old.Listener.Addr().String() + " refuses the TLS connection: protocol version not supported"},
		"other name":   {o, "other.example.org:" + port, "the certificate is not valid: it is for another name"},
		"authority": {
			untrusting, where,
			"the certificate is not valid: it is not signed by an authority that is trusted here, or an intermediate certificate is missing",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			to := webhook.Endpoint{URL: "https://" + c.host + "/hooks", Secrets: []webhook.Secret{secret(1)}}
			result := send(t, sender(t, c.options), to, webhook.Failed)
			equal(t, "error", result.Error, c.want)
			if result.Status != 0 || result.Cause == nil {
				t.Errorf("%+v", result)
			}
		})
	}
}
