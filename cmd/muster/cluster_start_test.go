package main

import (
	"fmt"
	"testing"

	"github.com/google/uuid"
)

// TestNodesThatStartTogether starts two nodes at the same time as the cluster that they are
// to make their log on. Both come up, on one log.
func TestNodesThatStartTogether(t *testing.T) {
	t.Parallel()
	rounds := 3
	if testing.Short() {
		rounds = 1
	}
	for round := range rounds {
		t.Run(fmt.Sprint(round), func(t *testing.T) {
			c := startCluster(t)
			c.listening()
			var nodes [2]*process
			for i := range nodes {
				nodes[i] = newProcess(t, t.TempDir(), "--nats-url", c.url(), "--partitions", "16", nativeOnly)
				nodes[i].start()
			}
			for _, n := range nodes {
				n.ready()
			}
			s := nodes[0].api.found()
			user := uuid.NewString()
			at := nodes[0].api.must(201, "POST", s.members(), editor(user)).header.Get("Muster-Position")
			nodes[1].api.must(200, "GET", s.members()+"/"+user, "", needs(at)...)
			for _, n := range nodes {
				n.stop()
			}
		})
	}
}
