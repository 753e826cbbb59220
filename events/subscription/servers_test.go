package subscription

import (
	"net"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// outside starts a NATS server as an operator would run it, and returns its URL.
func outside(t testing.TB) string {
	t.Helper()
	s := serve(t, &server.Options{})
	if !s.ReadyForConnections(30 * time.Second) {
		t.Fatal("the server is not ready")
	}
	return s.ClientURL()
}

// clustered starts three servers as one.
func clustered(t testing.TB) (servers []*server.Server) {
	t.Helper()
	addresses := make([]*net.TCPAddr, 3)
	routes := ""
	for i := range addresses {
		addresses[i] = freeAddress(t)
		routes += ",nats://" + addresses[i].String()
	}
	for i, a := range addresses {
		servers = append(servers, serve(t, &server.Options{
			ServerName: string(rune('a' + i)), Routes: server.RoutesFromStr(routes[1:]),
			Cluster: server.ClusterOpts{Name: "muster", Host: a.IP.String(), Port: a.Port},
		}))
	}
	for _, s := range servers {
		if !s.ReadyForConnections(30 * time.Second) {
			t.Fatal("a server is not ready")
		}
		for deadline := time.Now().Add(30 * time.Second); !s.JetStreamIsCurrent() || s.Healthz(nil).Status != "ok"; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("the cluster does not become healthy: %s", s.Healthz(nil).Error)
			}
		}
	}
	return servers
}

// serve starts a NATS server with the options and everything that all of them need.
func serve(t testing.TB, o *server.Options) *server.Server {
	t.Helper()
	o.Host, o.Port, o.JetStream, o.StoreDir, o.SyncAlways, o.NoSigs = "127.0.0.1", server.RANDOM_PORT, true, t.TempDir(), true, true
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	return s
}

// freeAddress returns an address of this machine that nothing listens on.
func freeAddress(t testing.TB) *net.TCPAddr {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr)
}
