package events

import (
	"sync/atomic"

	"github.com/muster-dev/muster/events/feed"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// partition is one partition of the log with everything that belongs to it.
type partition struct {
	*store.Partition
	health health
	stall  *stall
	writer *writer
	feed   *feed.Feed
	// read is how far the partition has been followed; nil before that starts.
	read atomic.Pointer[wire.Checkpoint]
	// committed is the number of the last event that the read models show to everybody.
	committed atomic.Uint64
}
