package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/events/natstest"
)

// clusterSize is how many servers a cluster has.
const clusterSize = 3

// cluster is three NATS servers in processes of their own. Servers and nodes reach them
// through links that can be cut.
type cluster struct {
	t       testing.TB
	servers [clusterSize]*natsServer
	routes  [clusterSize][clusterSize]*link // from, to
}

// natsServer is a NATS server in a process of its own.
type natsServer struct {
	t         testing.TB
	arguments natsArguments
	link      *link // from the nodes

	mu  sync.Mutex
	cmd *exec.Cmd
}

// natsArguments say how a NATS server is run. They are its only argument, as JSON.
type natsArguments struct {
	Name, Dir          string
	Client, Advertised string // where nodes connect, and through which link
	Cluster            string // where other servers connect
	Routes             []string
}

// runNATS is the program that runs a NATS server; see TestMain.
func runNATS() {
	var a natsArguments
	if err := json.Unmarshal([]byte(os.Args[1]), &a); err != nil {
		panic(err)
	}
	o := &server.Options{
		ServerName: a.Name, JetStream: true, StoreDir: a.Dir, SyncAlways: true, ClientAdvertise: a.Advertised,
		// Servers must not find a way to each other that is not through a link.
		Cluster: server.ClusterOpts{Name: "muster", Advertise: "127.0.0.1:1", PoolSize: -1},
	}
	o.Host, o.Port = hostPort(a.Client)
	o.Cluster.Host, o.Cluster.Port = hostPort(a.Cluster)
	for _, route := range a.Routes {
		o.Routes = append(o.Routes, &url.URL{Scheme: "nats-route", Host: route})
	}
	s, err := server.NewServer(o)
	if err != nil {
		panic(err)
	}
	s.ConfigureLogger()
	s.Start()
	s.WaitForShutdown()
}

func hostPort(address string) (string, int) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		panic(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		panic(err)
	}
	return host, number
}

// newCluster starts three servers and waits until they are a cluster.
func newCluster(t testing.TB) *cluster {
	t.Helper()
	c := startCluster(t)
	c.await()
	return c
}

// startCluster starts three servers and does not wait for them.
func startCluster(t testing.TB) *cluster {
	t.Helper()
	c := &cluster{t: t}
	for i := range c.servers {
		a := natsArguments{Name: fmt.Sprint("nats-", i), Dir: filepath.Join(t.TempDir(), "nats"), Client: natstest.Address(t), Cluster: natstest.Address(t)}
		s := &natsServer{t: t, arguments: a, link: newLink(t, a.Client)}
		s.arguments.Advertised = s.link.addr()
		c.servers[i] = s
	}
	for i, from := range c.servers {
		for j, to := range c.servers {
			if i != j {
				c.routes[i][j] = newLink(t, to.arguments.Cluster)
				from.arguments.Routes = append(from.arguments.Routes, c.routes[i][j].addr())
			}
		}
	}
	for _, s := range c.servers {
		s.start()
		t.Cleanup(s.kill)
	}
	return c
}

// await waits until the servers have agreed on a leader of their own.
func (c *cluster) await() {
	c.t.Helper()
	deadline := time.Now().Add(patience)
	for _, s := range c.servers {
		for {
			conn, err := nats.Connect("nats://" + s.arguments.Client)
			if err == nil {
				_, err = conn.Request("$JS.API.INFO", nil, time.Second)
				conn.Close()
			}
			if err == nil {
				break
			}
			if time.Now().After(deadline) {
				c.t.Fatalf("server %s is not ready: %v", s.arguments.Name, err)
			}
			time.Sleep(50 * time.Millisecond)
		}
	}
}

// listening waits until the servers accept connections. They may be far from ready then.
func (c *cluster) listening() {
	c.t.Helper()
	deadline := time.Now().Add(patience)
	for _, s := range c.servers {
		for {
			conn, err := net.Dial("tcp", s.arguments.Client)
			if err == nil {
				conn.Close()
				break
			}
			if time.Now().After(deadline) {
				c.t.Fatal(err)
			}
			time.Sleep(time.Millisecond)
		}
	}
}

// url returns how nodes reach the servers, each through its link.
func (c *cluster) url() string {
	urls := make([]string, len(c.servers))
	for i, s := range c.servers {
		urls[i] = "nats://" + s.link.addr()
	}
	return strings.Join(urls, ",")
}

// verified fails the test unless audit verify finds everything whole that is on the servers. While they
// elect leaders they cannot be read, and then it looks again.
func (c *cluster) verified(t testing.TB) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		status, text := says(t, "audit", "verify", "--nats-url", c.url())
		switch {
		case status == 0:
			return
		case status != terminal.StatusBlind || time.Now().After(deadline):
			t.Fatalf("audit verify exits with %d:\n%s", status, text)
		}
	}
}

// leader returns the number of the server that leads the stream.
func (c *cluster) leader(stream string) int {
	c.t.Helper()
	deadline := time.Now().Add(patience)
	for {
		if name := c.servers[0].leads(stream); name != "" {
			for i, s := range c.servers {
				if s.arguments.Name == name {
					return i
				}
			}
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("%s has no leader", stream)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// lead makes a server the leader of the stream.
func (c *cluster) lead(stream string, number int) {
	c.t.Helper()
	for deadline := time.Now().Add(patience); c.leader(stream) != number; {
		if time.Now().After(deadline) {
			c.t.Fatalf("%s has another leader", stream)
		}
		if conn, err := nats.Connect("nats://" + c.servers[number].arguments.Client); err == nil {
			_, _ = conn.Request("$JS.API.STREAM.LEADER.STEPDOWN."+stream, fmt.Appendf(nil, `{"placement":{"preferred":%q}}`, c.servers[number].arguments.Name), time.Second)
			conn.Close()
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// leads asks the server who leads the stream. The name is empty if nobody does.
func (s *natsServer) leads(stream string) string {
	conn, err := nats.Connect("nats://" + s.arguments.Client)
	if err != nil {
		return ""
	}
	defer conn.Close()
	reply, err := conn.Request("$JS.API.STREAM.INFO."+stream, nil, time.Second)
	if err != nil {
		return ""
	}
	var info struct {
		Cluster struct {
			Leader string `json:"leader"`
		} `json:"cluster"`
	}
	_ = json.Unmarshal(reply.Data, &info)
	return info.Cluster.Leader
}

// isolate cuts a server off from the other two, or heals that.
func (c *cluster) isolate(number int, cut bool) {
	for other := range c.servers {
		if other == number {
			continue
		}
		for _, l := range []*link{c.routes[number][other], c.routes[other][number]} {
			if cut {
				l.cut()
			} else {
				l.heal()
			}
		}
	}
}

func (s *natsServer) start() {
	s.t.Helper()
	arguments, err := json.Marshal(s.arguments)
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.Command("nats-server", string(arguments)) //nolint:noctx // it is killed
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cmd = cmd
}

// kill ends the server as a power cut does.
func (s *natsServer) kill() { s.end(syscall.SIGKILL) }

// stop asks the server to end, which hands over what it leads.
func (s *natsServer) stop() { s.end(syscall.SIGTERM) }

func (s *natsServer) end(how syscall.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Signal(how)
	_ = s.cmd.Wait()
	s.cmd = nil
}

// freeze stops the server without ending it: its connections stay open, and it does not respond.
func (s *natsServer) freeze() { s.signal(syscall.SIGSTOP) }

// thaw lets a frozen server go on.
func (s *natsServer) thaw() { s.signal(syscall.SIGCONT) }

func (s *natsServer) signal(which syscall.Signal) {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd != nil {
		if err := s.cmd.Process.Signal(which); err != nil {
			s.t.Error(err)
		}
	}
}
