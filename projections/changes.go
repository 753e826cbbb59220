package projections

import (
	"sync"

	"github.com/muster-dev/muster/domain"
)

// changes are subscriptions that have changed. One caller takes them.
type changes struct {
	mu     sync.Mutex
	ids    []domain.SubscriptionID
	seen   map[domain.SubscriptionID]bool // each is in the list once, so that nothing grows while nobody takes them
	more   chan struct{}
	closed bool
}

func (c *changes) add(ids []domain.SubscriptionID) {
	if len(ids) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen == nil {
		c.seen = make(map[domain.SubscriptionID]bool)
	}
	for _, id := range ids {
		if !c.seen[id] {
			c.seen[id] = true
			c.ids = append(c.ids, id)
		}
	}
	c.wake()
}

func (c *changes) take() ([]domain.SubscriptionID, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.more == nil {
		c.more = make(chan struct{})
		if c.closed {
			close(c.more)
		}
	}
	ids := c.ids
	c.ids, c.seen = nil, nil
	return ids, c.more
}

func (c *changes) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wake()
	c.closed = true
}

func (c *changes) wake() {
	if c.more != nil && !c.closed {
		close(c.more)
		c.more = nil
	}
}
