package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"
)

const (
	// headerTimeout is how long a client may take to send a request's headers. The API
	// itself limits how long a body may take.
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	maxHeaders    = 64 << 10 // bytes
	// drainTimeout is how long a stopping server waits for the requests that it has
	// accepted.
	drainTimeout = 20 * time.Second
)

// Front is the HTTP server of a node. It starts before the node does: until
// [Front.Open] it reports that the process is alive and not ready, which matters while
// a long history is replayed.
type Front struct {
	// Addr is the address that it listens on.
	Addr net.Addr
	// Failed gets the error if the server ends by itself.
	Failed <-chan error

	server  *http.Server
	handler atomic.Pointer[http.Handler]
}

// NewFront starts a server on the listener, which it then owns. It must be shut down.
func NewFront(listener net.Listener, logger *slog.Logger) *Front {
	failed := make(chan error, 1)
	f := &Front{Addr: listener.Addr(), Failed: failed}
	f.server = &http.Server{
		Handler:           f,
		ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaders,
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
	go func() {
		if err := f.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			failed <- fmt.Errorf("serving HTTP: %w", err)
		}
	}()
	return f
}

// URL returns the URL at which this machine reaches the server.
func (f *Front) URL() string {
	tcp, ok := f.Addr.(*net.TCPAddr)
	if ok && tcp.IP.IsUnspecified() {
		return fmt.Sprintf("http://127.0.0.1:%d", tcp.Port)
	}
	return "http://" + f.Addr.String()
}

// Open makes the handler serve all requests from now on. When the server shuts down it
// calls drain, which must end the requests that have no end: the event streams.
func (f *Front) Open(handler http.Handler, drain func()) {
	f.server.RegisterOnShutdown(drain)
	f.handler.Store(&handler)
}

// ServeHTTP serves a request by the handler, or by itself before there is one.
func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if handler := f.handler.Load(); handler != nil {
		(*handler).ServeHTTP(w, r)
		return
	}
	if r.URL.Path == "/livez" || r.URL.Path == "/healthz" {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"status":"ok"}`)
		return
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Retry-After", "1")
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = io.WriteString(w, `{"type":"/docs/problems#not_ready","title":"Muster is not ready","status":503,`+
		`"detail":"the service is starting: it reads its history first","code":"not_ready"}`+"\n")
}

// Shutdown closes the listener and waits for the requests that have been accepted.
// After a bounded time it cuts them off and returns an error.
func (f *Front) Shutdown() error {
	ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	if err := f.server.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("some requests were cut off after %s: %w", drainTimeout, err), f.server.Close())
	}
	return nil
}
