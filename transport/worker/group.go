package worker

import (
	"context"
	"sync"
)

// Group is a set of running workers.
type Group struct {
	stop    context.CancelFunc
	running sync.WaitGroup
}

// Start runs each worker in a goroutine of its own until [Group.Stop].
func Start(workers ...func(context.Context)) *Group {
	ctx, stop := context.WithCancel(context.Background())
	g := &Group{stop: stop}
	for _, run := range workers {
		g.running.Go(func() { run(ctx) })
	}
	return g
}

// Stop ends the workers' context and returns once all of them have returned. It can
// be called more than once.
func (g *Group) Stop() {
	g.stop()
	g.running.Wait()
}
