package feed

import (
	"container/list"
	"context"
	"errors"
	"slices"
	"sort"
	"sync"
	"time"

	"github.com/muster-dev/muster/events/wire"
)

// cacheBytes bounds the pages that stay in memory.
const cacheBytes = 16 << 20

// itemBytes is about what an item takes besides its CloudEvent.
const itemBytes = 200

// page is a stretch of history: all events after one number, up to another one, that are
// on a subject.
type page struct {
	source      source
	after, upto uint64
	items       []item          // in order
	end         wire.Checkpoint // of a page of the log: where the next page begins
	bytes       int
	place       *list.Element
}

// source is where pages come from: a partition's log, or a subject of the stream with the
// partition's feed.
type source struct {
	partition int
	made      int64  // creation time of the feed's stream; 0: the log
	subject   string // empty: all of them
}

func feedSource(partition int, made time.Time, subject string) source {
	return source{partition, made.UnixNano(), subject}
}

func logSource(partition int) source { return source{partition: partition} }

// add adds an item to the end of the page.
func (p *page) add(i item) {
	p.items = append(p.items, i)
	p.bytes += len(i.Stored) + itemBytes
	p.upto = i.Number
}

// from returns the page's items after the number.
func (p *page) from(after uint64) []item {
	return p.items[sort.Search(len(p.items), func(i int) bool { return p.items[i].Number > after }):]
}

// pages is a cache of pages, and knows which ones are being read. Readers that come to the
// same events find the same pages, wherever each of them has begun.
type pages struct {
	mu      sync.Mutex
	kept    map[source][]*page // in the order of after
	recent  list.List          // of *page, the one that was used last in front
	bytes   int
	loading map[edge]*load
	loads   int // how many pages have been read
}

// edge is where a page begins.
type edge struct {
	source source
	after  uint64
}

// load is a page that is being read.
type load struct {
	done chan struct{} // closed when the rest is set
	page *page
	err  error
}

// get returns a page that holds the event after the number. If there is none it is read,
// once for everybody who asks for it.
func (c *pages) get(ctx context.Context, s source, after uint64, read func(context.Context) (*page, error)) (*page, error) {
	at := edge{s, after}
	for {
		c.mu.Lock()
		if p := c.find(s, after); p != nil {
			c.mu.Unlock()
			return p, nil
		}
		l, others := c.loading[at]
		if !others {
			l = &load{done: make(chan struct{})}
			if c.loading == nil {
				c.loading, c.kept = make(map[edge]*load), make(map[source][]*page)
			}
			c.loading[at] = l
			c.loads++
		}
		c.mu.Unlock()
		if !others {
			return c.load(ctx, at, l, read)
		}
		select {
		case <-l.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		// The reader's own context may have ended. This caller's has not, so it tries itself.
		if !errors.Is(l.err, context.Canceled) && !errors.Is(l.err, context.DeadlineExceeded) {
			return l.page, l.err
		}
	}
}

// load reads a page and keeps it.
func (c *pages) load(ctx context.Context, at edge, l *load, read func(context.Context) (*page, error)) (*page, error) {
	l.page, l.err = read(ctx)
	c.mu.Lock()
	delete(c.loading, at)
	if l.err == nil {
		c.keep(at, l.page)
	}
	c.mu.Unlock()
	close(l.done)
	return l.page, l.err
}

// find returns the page that holds the event after the number, or nil. The lock must be
// held.
func (c *pages) find(s source, after uint64) *page {
	kept := c.kept[s]
	i := sort.Search(len(kept), func(i int) bool { return kept[i].after > after }) - 1
	if i < 0 || kept[i].upto <= after {
		return nil
	}
	c.recent.MoveToFront(kept[i].place)
	return kept[i]
}

// keep adds a page, and removes those that were not used for the longest time. The lock
// must be held.
func (c *pages) keep(at edge, p *page) {
	p.source, p.after = at.source, at.after
	kept := c.kept[p.source]
	i := sort.Search(len(kept), func(i int) bool { return kept[i].after >= p.after })
	if i < len(kept) && kept[i].after == p.after {
		c.remove(kept[i])
		kept = c.kept[p.source]
	}
	c.kept[p.source] = slices.Insert(kept, i, p)
	p.place = c.recent.PushFront(p)
	for c.bytes += p.bytes + itemBytes; c.bytes > cacheBytes && c.recent.Len() > 1; {
		c.remove(c.recent.Back().Value.(*page))
	}
}

func (c *pages) remove(p *page) {
	c.recent.Remove(p.place)
	c.bytes -= p.bytes + itemBytes
	kept := slices.DeleteFunc(c.kept[p.source], func(other *page) bool { return other == p })
	if c.kept[p.source] = kept; len(kept) == 0 {
		delete(c.kept, p.source)
	}
}

// end returns the checkpoint at the end of a page of the partition's log that ends with the
// number. It reports false if there is no such page in memory.
func (c *pages) end(partition int, number uint64) (wire.Checkpoint, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, p := range c.kept[logSource(partition)] {
		if p.upto == number {
			return p.end, true
		}
	}
	return wire.Checkpoint{}, false
}
