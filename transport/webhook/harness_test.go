package webhook_test

import (
	"bytes"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/muster-dev/muster/transport/webhook"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// secret is a secret of the tests; others differ in the first byte.
func secret(first byte) webhook.Secret { return webhook.Secret{first, 31: 1} }

// stored returns an event as it is in logs of earlier versions.
func stored(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("../../events/wire/testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSpace(b)
}

// request is what a receiver got.
type request struct {
	header http.Header
	body   []byte
	method string
	path   string
	length int64
}

// receiver is an endpoint over TLS.
type receiver struct {
	*httptest.Server
	connections atomic.Int64
	mu          sync.Mutex
	got         []request
}

// receive starts an endpoint that responds with the handler after it has read the body; nil:
// with 204.
func receive(t testing.TB, answer http.HandlerFunc) *receiver {
	t.Helper()
	r := new(receiver)
	r.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, in *http.Request) {
		body, err := io.ReadAll(in.Body)
		if err != nil {
			t.Errorf("the receiver cannot read the body: %v", err)
		}
		r.mu.Lock()
		r.got = append(r.got, request{in.Header.Clone(), body, in.Method, in.URL.RequestURI(), in.ContentLength})
		r.mu.Unlock()
		if answer == nil {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		answer(w, in)
	}))
	r.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			r.connections.Add(1)
		}
	}
	r.Config.ErrorLog = quiet()
	r.StartTLS()
	t.Cleanup(r.Close)
	return r
}

// requests returns what came so far.
func (r *receiver) requests() []request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]request(nil), r.got...)
}

// roots returns what trusts the receiver.
func (r *receiver) roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(r.Certificate())
	return pool
}

// sender returns a sender for the test, which trusts the receiver and may connect to it.
func (r *receiver) sender(t testing.TB) *webhook.Sender {
	return sender(t, webhook.Options{AllowPrivate: true, Version: "1.2.3", RootCAs: r.roots()})
}

func (r *receiver) endpoint() webhook.Endpoint {
	return webhook.Endpoint{URL: r.URL + "/hooks?a=b", Secrets: []webhook.Secret{secret(1)}}
}

func sender(t testing.TB, o webhook.Options) *webhook.Sender {
	t.Helper()
	s := webhook.NewSender(o)
	t.Cleanup(s.Close)
	return s
}

// send sends one event, and fails the test if the outcome is another one.
func send(t *testing.T, s *webhook.Sender, to webhook.Endpoint, want webhook.Outcome) webhook.Result {
	t.Helper()
	r, err := s.Send(t.Context(), to, [][]byte{stored(t, "member.added.1")})
	if err != nil {
		t.Fatal(err)
	}
	if r.Outcome != want {
		t.Fatalf("the outcome is %s, and %s is expected: %+v", r.Outcome, want, r)
	}
	return r
}

func equal[T any](t *testing.T, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s: (-want +got)\n%s", what, diff)
	}
}
