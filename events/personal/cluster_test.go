package personal

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"
)

// clustered starts three servers as one, each with a directory of its own in dir.
func clustered(t testing.TB) []outside {
	t.Helper()
	var addresses []*net.TCPAddr
	routes := ""
	for range 3 {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		a := l.Addr().(*net.TCPAddr)
		addresses, routes = append(addresses, a), routes+",nats://"+a.String()
		_ = l.Close()
	}
	var servers []outside
	for i, a := range addresses {
		o := outside{dir: t.TempDir()}
		var err error
		o.server, err = server.NewServer(&server.Options{
			Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: o.dir, SyncAlways: true, NoSigs: true,
			ServerName: string(rune('a' + i)), Routes: server.RoutesFromStr(routes[1:]),
			Cluster: server.ClusterOpts{Name: "muster", Host: a.IP.String(), Port: a.Port},
		})
		if err != nil {
			t.Fatal(err)
		}
		o.server.Start()
		t.Cleanup(o.stop)
		servers = append(servers, o)
	}
	for _, o := range servers {
		until(t, func() bool { return o.server.JetStreamIsCurrent() && o.server.Healthz(nil).Status == "ok" })
	}
	return servers
}

// Every server of a cluster overwrites a key in its stream. What their consensus has written beside the
// stream is another matter, see [stream].
func TestClustersDestroyKeys(t *testing.T) {
	servers := clustered(t)
	node := func(o outside) *Keys {
		s := o.servers(t)
		s.Beside = func(ctx context.Context, c jetstream.StreamConfig) (jetstream.Stream, error) {
			c.Replicas = len(servers)
			return s.JS.CreateOrUpdateStream(ctx, c)
		}
		k, err := Open(within(t), Options{Servers: &s, Pool: testPool})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = k.Close() })
		return k
	}
	one, two := node(servers[0]), node(servers[1])
	keys := take(t, one, 10)
	for _, key := range keys {
		if found, err := two.Find(within(t), key.id); err != nil || found.secret != key.secret {
			t.Fatalf("%v: %v", key, err)
		}
	}
	copies := func() (n int) {
		for _, o := range servers {
			n += sum(occurrences(t, filepath.Join(o.dir, server.JetStreamStoreDir, server.DEFAULT_GLOBAL_ACCOUNT, "streams", StreamName), keys[:1]))
		}
		return n
	}
	until(t, func() bool { return copies() == len(servers) })
	if err := one.Destroy(within(t), keys[0].id); err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { return copies() == 0 })
	until(t, func() bool { _, err := two.Find(within(t), keys[0].id); return errors.Is(err, ErrErased) })
	if _, err := two.Find(within(t), keys[1].id); err != nil {
		t.Error(err)
	}
}
