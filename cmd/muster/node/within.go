package node

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport"
	"github.com/muster-dev/muster/transport/native"
)

// Within is the API for this process alone, on a log that is only read. It listens nowhere. So what
// is read from a log is read by the same code as in a service.
type Within struct {
	URL   string
	Token string // may do everything
	// Transport carries requests to the API, and to nothing else.
	Transport http.RoundTripper

	api     *transport.API
	carrier *http.Transport
	server  *http.Server
	ended   chan struct{}
}

// NewWithin makes the API. The read models must have what the log was looked at for
// ([events.Log.Look]). [Within.Close] leaves both open.
func NewWithin(log *events.Log, models *projections.ReadModels, logger *slog.Logger) (*Within, error) {
	face, err := native.Face(native.Options{Logger: logger, Ready: func(context.Context) error { return nil }})
	if err != nil {
		return nil, err
	}
	token := rand.Text()
	api, err := transport.New(transport.Options{Log: log, Models: models, Faces: []transport.Face{face}, RootToken: token, Logger: logger})
	if err != nil {
		return nil, err
	}
	l := &loop{connections: make(chan net.Conn), closed: make(chan struct{})}
	carrier := &http.Transport{DialContext: l.dial}
	w := &Within{
		URL: "http://log", Token: token, Transport: carrier, api: api, carrier: carrier, ended: make(chan struct{}),
		server: &http.Server{Handler: api, ReadHeaderTimeout: time.Minute, ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug)},
	}
	go func() {
		defer close(w.ended)
		_ = w.server.Serve(l) // until it is closed
	}()
	return w, nil
}

// Close ends all requests.
func (w *Within) Close() error {
	w.api.Drain()
	w.carrier.CloseIdleConnections()
	err := w.server.Close()
	<-w.ended
	return err
}

// loop is a listener for connections of this process to itself.
type loop struct {
	connections chan net.Conn
	closed      chan struct{}
}

func (l *loop) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case l.connections <- there:
		return here, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept returns the other end of the next connection.
func (l *loop) Accept() (net.Conn, error) {
	select {
	case c := <-l.connections:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close ends the listener. The server calls it once.
func (l *loop) Close() error {
	close(l.closed)
	return nil
}

// Addr returns an address that says nothing.
func (l *loop) Addr() net.Addr { return &net.UnixAddr{Name: "log", Net: "unix"} }
