package main

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
	// headerTimeout is how long a client may take to say what it wants; how long
	// it may take over a body is the API's own bound.
	headerTimeout = 10 * time.Second
	idleTimeout   = 2 * time.Minute
	maxHeaders    = 64 << 10
	// drainTimeout is how long a stopping server waits for what it has accepted.
	drainTimeout = 20 * time.Second
)

// front is the HTTP server. It is there before the node is: until [front.open] it
// says that it is alive and not ready, which matters while a long history is
// replayed.
type front struct {
	server  *http.Server
	handler atomic.Pointer[http.Handler]
	addr    net.Addr
	failed  chan error // why the server has ended by itself
}

func serveHTTP(listener net.Listener, logger *slog.Logger) *front {
	f := &front{addr: listener.Addr(), failed: make(chan error, 1)}
	f.server = &http.Server{
		Handler:           f,
		ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaders,
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
	go func() {
		if err := f.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			f.failed <- fmt.Errorf("serving HTTP: %w", err)
		}
	}()
	return f
}

// open lets requests in. When the server stops, drain ends those that would go on
// for ever: the event streams.
func (f *front) open(handler http.Handler, drain func()) {
	f.server.RegisterOnShutdown(drain)
	f.handler.Store(&handler)
}

// ServeHTTP hands the request to the API once there is one.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
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

// shutdown takes no more connections and finishes the requests that have been
// accepted.
func (f *front) shutdown() error {
	ctx, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	if err := f.server.Shutdown(ctx); err != nil {
		return errors.Join(fmt.Errorf("some requests were cut off after %s: %w", drainTimeout, err), f.server.Close())
	}
	return nil
}
