package events

import (
	"github.com/muster-dev/muster/events/feed"
	"github.com/muster-dev/muster/events/store"
)

// partition is one partition of the log with everything that belongs to it.
type partition struct {
	*store.Partition
	health health
	writer *writer
	feed   *feed.Feed
}
