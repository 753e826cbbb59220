package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"sync"
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
// [Front.Open], and after [Front.Close], it reports that the process is alive and not ready,
// which matters while a long history is replayed.
type Front struct {
	// Addr is the address that it listens on.
	Addr net.Addr
	// Failed gets the error if the server ends by itself.
	Failed <-chan error

	server *http.Server
	served atomic.Uint64
	opened atomic.Pointer[opened] // nil: not ready
	reason atomic.Pointer[string] // why it is not
}

// starting is why a server is not ready that was not opened yet.
const starting = "the service is starting: it reads its history first"

// opened is a handler that serves requests, until it is closed.
type opened struct {
	handler http.Handler
	drain   func()
	// running is held for reading by the requests that the handler serves.
	running sync.RWMutex
	closed  bool // once no request is served any more
}

// NewFront starts a server on the listener, which it then owns. It must be shut down.
func NewFront(listener net.Listener, logger *slog.Logger) *Front {
	failed := make(chan error, 1)
	f := &Front{Addr: listener.Addr(), Failed: failed}
	f.server = &http.Server{
		Handler:           f,
		ReadHeaderTimeout: headerTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeaders,
		ErrorLog: log.New(&frontLog{logger: logger, now: time.Now}, "", 0),
	}
	f.reason.Store(new(starting))
	f.server.RegisterOnShutdown(f.drain)
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

// Open makes the handler serve all requests from now on. When the server shuts down, or is
// closed, it calls drain, which must end the requests that have no end: the event streams.
func (f *Front) Open(handler http.Handler, drain func()) {
	f.opened.Store(&opened{handler: handler, drain: drain})
}

// Close undoes [Front.Open]: the server reports again that it is not ready, for the given
// reason. Close returns when the handler has no requests any more, or after a bounded time.
func (f *Front) Close(reason string) {
	f.reason.Store(&reason)
	o := f.opened.Swap(nil)
	if o == nil {
		return
	}
	o.drain()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		o.running.Lock()
		defer o.running.Unlock()
		o.closed = true
	}()
	select {
	case <-ended:
	case <-time.After(drainTimeout):
	}
}

// Served returns how many requests have come so far.
func (f *Front) Served() uint64 { return f.served.Load() }

// drain ends the requests that have no end.
func (f *Front) drain() {
	if o := f.opened.Load(); o != nil {
		o.drain()
	}
}

// serve serves a request, and returns false if the handler has been closed.
func (o *opened) serve(w http.ResponseWriter, r *http.Request) bool {
	o.running.RLock()
	defer o.running.RUnlock()
	if o.closed {
		return false
	}
	o.handler.ServeHTTP(w, r)
	return true
}

// ServeHTTP serves a request by the handler, or by itself if there is none.
func (f *Front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.served.Add(1)
	if o := f.opened.Load(); o != nil && o.serve(w, r) {
		return
	}
	if r.URL.Path == "/livez" || r.URL.Path == "/healthz" {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"status":"ok"}`)
		return
	}
	f.notReady(w)
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
