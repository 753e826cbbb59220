package natstest

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// clusterSize is how many servers a cluster has.
const clusterSize = 3

// Cluster starts three servers as one, each as [Outside] starts it, and waits until they are
// healthy.
func Cluster(t testing.TB) []*server.Server {
	t.Helper()
	var addresses, routes []string
	for range clusterSize {
		address := Address(t)
		addresses, routes = append(addresses, address), append(routes, "nats://"+address)
	}
	var servers []*server.Server
	for i, address := range addresses {
		o := asOperated(t.TempDir())
		o.ServerName, o.Routes = fmt.Sprint("server-", i), server.RoutesFromStr(strings.Join(routes, ","))
		o.Cluster.Name = "muster"
		o.Cluster.Host, o.Cluster.Port = hostPort(t, address)
		servers = append(servers, start(t, o))
	}
	for _, s := range servers {
		await(t, s)
		for deadline := time.Now().Add(patience); !s.JetStreamIsCurrent() || s.Healthz(nil).Status != "ok"; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("the cluster does not become healthy: %s", s.Healthz(nil).Error)
			}
		}
	}
	return servers
}

func hostPort(t testing.TB, address string) (string, int) {
	t.Helper()
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	return host, port
}
