package node

import (
	"encoding/json"
	"log/slog"
	"net"
	"net/http"
	"testing"
)

// A server that is not ready says why: at first because it starts, and later for the reason
// that it was closed for.
func TestFrontSaysWhyItIsNotReady(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := NewFront(listener, slog.New(slog.DiscardHandler))
	defer func() {
		if err := f.Shutdown(); err != nil {
			t.Error(err)
		}
	}()
	var client http.Client
	defer client.CloseIdleConnections()
	check := func(status int, detail string) {
		t.Helper()
		r, err := client.Get(f.URL() + "/readyz")
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close() //nolint:errcheck // only read
		var problem struct{ Detail string }
		if status != http.StatusOK {
			err = json.NewDecoder(r.Body).Decode(&problem)
		}
		if err != nil || r.StatusCode != status || problem.Detail != detail {
			t.Errorf("%d, %q, %v", r.StatusCode, problem.Detail, err)
		}
	}
	check(http.StatusServiceUnavailable, "the service is starting: it reads its history first")
	f.Open(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), func() {})
	check(http.StatusOK, "")
	f.Close("the read models are being \"repaired\"")
	check(http.StatusServiceUnavailable, "the read models are being \"repaired\"")
}
