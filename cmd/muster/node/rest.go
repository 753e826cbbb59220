package node

import (
	"context"
	"log/slog"
	"runtime/debug"
	"time"
)

// rest gives memory back when the node has come to rest: once, and again only after it has
// worked. Nothing signals that there is no work, so a timer looks. It runs from the time when
// there was work until the node is at rest. A node at rest does nothing for it, because what
// wakes it is a collection, which comes after much work or after two minutes.
type rest struct {
	done      func() uint64   // how much has been done so far
	free      func()          // gives memory back
	collected <-chan struct{} // receives something after a collection
}

const (
	// restTick is how often it looks, and restAfter how many times in a row it must have found
	// hardly any work.
	restTick  = 10 * time.Second
	restAfter = 3
	// hardlyAny is how much may be done in a tick by a node at rest. Whoever watches it asks
	// whether it is ready, and for its metrics.
	hardlyAny = 20
	// worked is how much must be done before memory is given back again.
	worked = 1000
)

// run gives memory back until the context ends. The start counts as work.
func (r *rest) run(ctx context.Context) {
	for r.untilRest(ctx) {
		r.free()
		if !r.untilWork(ctx) {
			return
		}
	}
}

// untilRest returns when there has been hardly any work for a while. It reports false if the
// context has ended.
func (r *rest) untilRest(ctx context.Context) bool {
	tick := time.NewTicker(restTick)
	defer tick.Stop()
	for before, quiet := r.done(), 0; quiet < restAfter; {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false
		}
		now := r.done()
		if quiet++; now-before > hardlyAny {
			quiet = 0
		}
		before = now
	}
	return true
}

// untilWork returns when much has been done. It reports false if the context has ended.
func (r *rest) untilWork(ctx context.Context) bool {
	for before := r.done(); r.done()-before < worked; {
		select {
		case <-r.collected:
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// done returns how many requests have come and how many events have been applied.
func (n *Node) done() uint64 {
	all := n.served()
	for i := range n.Log.Partitions() {
		all += n.Models.Applied(i)
	}
	return all
}

// freeMemory gives back what is needed only for speed.
func (n *Node) freeMemory() {
	bytes, err := n.Models.FreeMemory()
	debug.FreeOSMemory()
	n.Logger.Debug("memory was given back, because there is nothing to do", slog.Int("read_models", bytes), slog.Any("error", err))
}
