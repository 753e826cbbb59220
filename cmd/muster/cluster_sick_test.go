package main

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/muster-dev/muster/events/wire"
)

// leftWithin bounds how long a partition may take no commands beside two healthy servers. An
// election among the replicas of a stream begins 4 to 9 s after they have last heard of the
// leader, and sometimes takes a second round. A node that cannot leave its server never takes
// commands again.
const leftWithin = 30 * time.Second * slowness

// sickness is a way in which a server can stop to be of use.
type sickness struct {
	name       string
	begin, end func(*cluster, int)
}

var sicknesses = []sickness{
	{"frozen", func(c *cluster, n int) { c.servers[n].freeze() }, func(c *cluster, n int) { c.servers[n].thaw() }},
	{"silent", func(c *cluster, n int) { c.servers[n].link.cut() }, func(c *cluster, n int) { c.servers[n].link.heal() }},
	{"without quorum", func(c *cluster, n int) { c.isolate(n, true) }, func(c *cluster, n int) { c.isolate(n, false) }},
	{"killed", func(c *cluster, n int) { c.servers[n].kill() }, func(c *cluster, n int) { c.servers[n].start() }},
	{"stopped", func(c *cluster, n int) { c.servers[n].stop() }, func(c *cluster, n int) { c.servers[n].start() }},
}

// TestSickServer makes the server sick that a node is connected to, beside two healthy
// ones. The node must leave it, and every partition must take commands again.
func TestSickServer(t *testing.T) {
	t.Parallel()
	c := newCluster(t)
	p := serving(t, t.TempDir(), "--nats-url", "nats://"+c.servers[0].link.addr(), "--partitions", "4", nativeOnly)
	sites := p.everyPartition(4)
	for _, sick := range sicknesses {
		t.Run(sick.name, func(t *testing.T) {
			c.t = t
			c.await()
			for _, s := range sites {
				untilAdded(t, p, s)
			}
			number := c.used()
			begun := time.Now()
			sick.begin(c, number)
			defer sick.end(c, number)
			for partition, s := range sites {
				untilAdded(t, p, s)
				took := time.Since(begun)
				t.Logf("partition %d takes commands again after %s", partition, took.Round(time.Millisecond))
				if took > leftWithin {
					t.Errorf("partition %d took %s", partition, took)
				}
			}
			if refusal := p.tryReady(); refusal != "" { // not at once if there is another election
				t.Errorf("not ready although all partitions take commands: %s", refusal)
			}
		})
	}
	c.verified(t)
}

// everyPartition returns a site in each partition.
func (p *process) everyPartition(partitions int) []site {
	p.t.Helper()
	sites, found := make([]site, partitions), make(map[int]bool)
	for len(found) < partitions {
		s := p.api.found()
		made := p.api.must(201, "POST", s.members(), editor(uuid.NewString()))
		at, err := wire.ParsePosition(made.header.Get("Muster-Position"))
		if err != nil {
			p.t.Fatal(err)
		}
		sites[at.Partition], found[at.Partition] = s, true
	}
	return sites
}

// used returns the number of the server that the only node is connected to.
func (c *cluster) used() int {
	for i, s := range c.servers {
		if s.link.connections() > 0 {
			return i
		}
	}
	c.t.Fatal("the node is not connected to any server")
	return 0
}
