package natstest

import (
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// patience bounds how long a server may take to be ready.
const patience = time.Minute

// Outside starts a server as an operator runs it, and returns its URL.
func Outside(t testing.TB) (url string) {
	t.Helper()
	return OutsideIn(t, t.TempDir()).ClientURL()
}

// OutsideIn is [Outside] with the server's files in a directory, for those who stop the server or
// look at its files. It returns the server.
func OutsideIn(t testing.TB, dir string) *server.Server {
	t.Helper()
	return Serve(t, asOperated(dir))
}

// Serve starts a server with the options, and waits until clients can connect. It listens on a
// free port of loopback unless the options say otherwise.
func Serve(t testing.TB, o *server.Options) *server.Server {
	t.Helper()
	s := start(t, o)
	await(t, s)
	return s
}

// Stop stops a server, and waits until it has stopped. It may have been stopped already.
func Stop(s *server.Server) {
	s.Shutdown()
	s.WaitForShutdown()
}

// asOperated returns the options of a server that an operator runs, which flushes what it
// confirms.
func asOperated(dir string) *server.Options {
	return &server.Options{JetStream: true, StoreDir: dir, SyncAlways: true}
}

// start starts a server, which ends with the test, and does not wait for it.
func start(t testing.TB, o *server.Options) *server.Server {
	t.Helper()
	if o.Host == "" {
		o.Host = "127.0.0.1"
	}
	if o.Port == 0 {
		o.Port = server.RANDOM_PORT
	}
	o.NoSigs, o.NoLog = true, true
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { Stop(s) })
	return s
}

// await waits until clients can connect to the server.
func await(t testing.TB, s *server.Server) {
	t.Helper()
	if !s.ReadyForConnections(patience) {
		t.Fatal("the NATS server is not ready")
	}
}
