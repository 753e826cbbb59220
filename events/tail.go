package events

import (
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/muster-dev/muster/domain"
)

// PublicEvent is an event as subscribers get it.
type PublicEvent struct {
	Number uint64 // in the organization's partition
	Type   string
	JSON   []byte // the CloudEvent
}

func publicEvent(e *Entry) PublicEvent {
	return PublicEvent{e.Number, e.Event.EventType(), e.JSON}
}

// Filter says which of an organization's events somebody wants.
type Filter struct {
	Organization domain.OrganizationID
	// Types holds names of types, such as muster.member.added, or all of a kind,
	// such as muster.member.*; empty is all.
	Types     []string
	Workspace domain.WorkspaceID // zero: all
	User      domain.UserID      // zero: all
}

func (f Filter) wants(about domain.About, eventType string) bool {
	return f.Organization == about.Organization &&
		(f.Workspace.IsZero() || f.Workspace == about.Workspace) &&
		(f.User.IsZero() || f.User == about.User) &&
		(len(f.Types) == 0 || slices.ContainsFunc(f.Types, func(t string) bool {
			kind, all := strings.CutSuffix(t, "*")
			return t == eventType || all && strings.HasPrefix(eventType, kind)
		}))
}

// tailSize is how many of a partition's last events are held in memory at least,
// once they have come by; twice as many at most.
const tailSize = 4096

// tail holds a partition's last events in memory, so that any number of followers
// costs no reading, and knows up to where events can be read at all.
type tail struct {
	mu     sync.RWMutex
	events []tailEvent // without gaps, up to last
	last   uint64      // number of the last event that the read models have applied
	feed   uint64      // number of the last event that is known to be in the feed
	moved  chan struct{}
}

type tailEvent struct {
	PublicEvent
	about domain.About
}

func newTail() *tail { return &tail{moved: make(chan struct{})} }

// start says that the events up to that number are in the log, though not here.
func (t *tail) start(number uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.last = number
}

func (t *tail) add(b Batch) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for i := range b.Entries {
		e := &b.Entries[i]
		t.events = append(t.events, tailEvent{publicEvent(e), e.Event.Concerns()})
	}
	if len(t.events) > 2*tailSize {
		t.events = append(make([]tailEvent, 0, 2*tailSize+len(b.Entries)), t.events[len(t.events)-tailSize:]...)
	}
	t.last = b.Last()
	t.wake()
}

// fed says how far the feed reaches; it can come to reach less far, when it is
// made again.
func (t *tail) fed(number uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.feed = number
	t.wake()
}

func (t *tail) wake() {
	close(t.moved)
	t.moved = make(chan struct{})
}

// holds reports whether what follows the number is in memory, as far as it is
// anywhere.
func (t *tail) holds(after uint64) bool {
	return after >= t.last || len(t.events) > 0 && t.events[0].Number <= after+1
}

// read answers what the filter wants of the events after the number, and the
// number up to which it has looked; false when that is not in memory.
func (t *tail) read(f Filter, after uint64, limit int) (found []PublicEvent, next uint64, ok bool) {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if !t.holds(after) {
		return nil, after, false
	}
	next = after
	if after >= t.last {
		return nil, next, true
	}
	for i := range t.events[after+1-t.events[0].Number:] {
		e := &t.events[after+1-t.events[0].Number+uint64(i)]
		if f.wants(e.about, e.Type) {
			if len(found) == limit {
				return found, next, true
			}
			found = append(found, e.PublicEvent)
		}
		next = e.Number
	}
	return found, next, true
}

// wait returns when something can be read that follows the number.
func (t *tail) wait(ctx context.Context, after uint64) error {
	return t.until(ctx, func() bool { return t.feed > after || t.last > after && t.holds(after) })
}

// waitFor returns when the read models have applied the number.
func (t *tail) waitFor(ctx context.Context, number uint64) error {
	return t.until(ctx, func() bool { return t.last >= number })
}

// until returns when the condition, which only looks at the tail, holds.
func (t *tail) until(ctx context.Context, holds func() bool) error {
	for {
		t.mu.RLock()
		moved, held := t.moved, holds()
		t.mu.RUnlock()
		if held {
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
