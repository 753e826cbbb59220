package delivery

import (
	"maps"
	"slices"
	"sync"

	"github.com/muster-dev/muster/domain"
)

// lost are the subscriptions whose consumers may have been lost.
type lost struct {
	some chan struct{} // has an element if there are any

	mu  sync.Mutex
	all bool
	ids map[domain.SubscriptionID]bool
}

func newLost() *lost {
	return &lost{some: make(chan struct{}, 1), ids: make(map[domain.SubscriptionID]bool)}
}

// add adds the subscription, or all of them if it is nil. It does not wait.
func (l *lost) add(id *domain.SubscriptionID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if id == nil {
		l.all = true
	} else {
		l.ids[*id] = true
	}
	select {
	case l.some <- struct{}{}:
	default: // that is known
	}
}

// take returns those of the subscriptions that were added since the last call.
func (l *lost) take(subscriptions map[domain.SubscriptionID]domain.Subscription) (taken []domain.Subscription) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all {
		taken = slices.Collect(maps.Values(subscriptions))
	} else {
		for id := range l.ids {
			if s, ok := subscriptions[id]; ok {
				taken = append(taken, s)
			}
		}
	}
	l.all = false
	clear(l.ids)
	return taken
}
