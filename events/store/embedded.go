package store

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/muster-dev/muster/events/credentials"
)

// embedded is the server in this process. It can be replaced by a new one on the same
// files, because a stream that could not be written once refuses everything until its
// server starts again. The connections survive that.
type embedded struct {
	dir     *directory
	logger  *slog.Logger
	failed  func(error)                 // called when the server cannot write
	inspect func(context.Context) error // checks the files of the log
	gate    *credentials.Gate           // nil for a server that does not listen
	secret  string                      // of the gate

	mu     sync.Mutex
	listen string         // the address of the server; empty for none
	server *server.Server // nil while there is none
	conns  []*nats.Conn   // to be connected again when the server is replaced
}

// makeGate makes the gate of a server that is to listen.
func (e *embedded) makeGate() (err error) {
	if e.listen == "" {
		return nil
	}
	if e.secret, err = e.dir.makeSecret(); err == nil {
		e.gate = credentials.NewGate(e.secret)
	}
	return err
}

// open starts a server on the store's files. Everything that must be checked before
// JetStream touches them is checked here: at the first start, and whenever the server is
// replaced.
func (e *embedded) open(ctx context.Context) error {
	if err := e.dir.checkLog(e.logger); err != nil {
		return err
	}
	if err := e.inspect(ctx); err != nil { // before anything is moved
		return err
	}
	if err := e.dir.setBrokenAside(e.logger); err != nil {
		return err
	}
	s, err := startServer(ctx, e.dir, e.address(), e.gate, e.logger, e.failed)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.listen != "" && s.Addr() != nil {
		e.listen = s.Addr().String() // a port that was chosen is kept
	}
	e.server = s
	for _, conn := range e.conns {
		_ = conn.ForceReconnect() // fails only for a connection that is closed
	}
	return nil
}

// address returns where the server is to listen. It is empty for nowhere.
func (e *embedded) address() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.listen
}

// stop stops the server, if there is one.
func (e *embedded) stop() {
	e.mu.Lock()
	s := e.server
	e.server = nil
	e.mu.Unlock()
	if s == nil {
		return
	}
	if e.gate != nil {
		e.gate.Detach()
	}
	stopServer(s)
}

// errNoServer reports that there is no server at the moment.
var errNoServer = errors.New("the embedded JetStream is being started again")

// InProcessConn connects to the server that runs at the moment.
func (e *embedded) InProcessConn() (net.Conn, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.server == nil {
		return nil, errNoServer
	}
	return e.server.InProcessConn()
}

// survive makes the connection reconnect as soon as the server has been replaced.
func (e *embedded) survive(conn *nats.Conn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.conns = append(e.conns, conn)
}

// clientURL returns where the server listens. It is empty if it does not.
func (e *embedded) clientURL() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.server == nil || e.server.Addr() == nil {
		return ""
	}
	return e.server.ClientURL()
}
