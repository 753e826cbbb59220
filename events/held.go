package events

import (
	"context"
	"fmt"
	"math"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// Snapshot is the read model that writers load those parts of aggregates from that they
// do not hold in memory.
type Snapshot interface {
	// Load puts the parts into the state as of the last event applied. Afterwards the
	// state holds every key, and nil for what does not exist.
	Load(keys []domain.Key, into *domain.State) error
	// Loadable returns the number of the partition's last event that Load sees.
	Loadable(partition int) uint64
	// WaitLoadable returns nil when Load sees the position.
	WaitLoadable(ctx context.Context, p wire.Position) error
	// Applied returns the number of the partition's last event that every query sees.
	Applied(partition int) uint64
	// WaitFor returns nil when every query sees the position.
	WaitFor(ctx context.Context, p wire.Position) error
}

// held is what a writer holds of its partition in memory: the tip of the log, and the
// parts of aggregates that commands have used. Only the writer's goroutine touches it.
type held struct {
	log      *store.Partition
	snapshot Snapshot
	tip      wire.Checkpoint // of the log, once everything that was decided is in it
	lost     bool            // the tip is not known: look it up before deciding anything
	state    domain.State
	keys     keys
	ids      wire.EventIDs

	bytes, events int // of the payload of the last group, so that the next one has room
}

func newHeld(p *store.Partition) *held {
	h := &held{log: p, keys: newKeys()}
	h.state.Made = func(k domain.Key) { h.keys.add(k, h.tip.Number) }
	return h
}

// keys are the keys of the parts that a writer holds, in the order of their use, each with
// the number of the last event that changed the part. What many commands share, such as a
// workspace, is apart from what hardly any other command needs, such as a member: there is
// much more of that, and it would drive the former out of memory.
type keys struct {
	shared, single *simplelru.LRU[domain.Key, uint64]
}

// These bound how many parts of aggregates a writer holds in memory. Each takes a few
// hundred bytes.
const (
	maxShared = 1 << 14
	maxSingle = 1 << 13
)

func newKeys() keys {
	shared, _ := simplelru.NewLRU[domain.Key, uint64](math.MaxInt, nil) // fails only for a size below 1
	single, _ := simplelru.NewLRU[domain.Key, uint64](math.MaxInt, nil)
	return keys{shared, single}
}

func (k keys) of(key domain.Key) *simplelru.LRU[domain.Key, uint64] {
	switch key.Kind {
	case domain.KeyOrganization, domain.KeyWorkspace, domain.KeyCustomRole:
		return k.shared
	default:
		return k.single
	}
}

// use reports whether the key is held. It counts as a use.
func (k keys) use(key domain.Key) bool {
	_, ok := k.of(key).Get(key)
	return ok
}

// add adds a key, or counts as a use. The number is that of the last event that changed the
// part; 0 for a part as the snapshot has it.
func (k keys) add(key domain.Key, changed uint64) { k.of(key).Add(key, changed) }

func (k keys) purge() {
	k.shared.Purge()
	k.single.Purge()
}

// catchUp reads the tip of the log and waits until the snapshot has come that far, so
// that what is not in memory can be loaded from the snapshot.
func (h *held) catchUp(ctx context.Context) error {
	tip, err := h.log.Tip(ctx)
	if err != nil {
		return err
	}
	if err := h.snapshot.WaitLoadable(ctx, tip.Position); err != nil {
		return fmt.Errorf("waiting for the read models to reach %s: %w", tip.Position, err)
	}
	h.tip, h.ids, h.lost = tip, wire.EventIDs{Last: tip.ID}, false
	return nil
}

// forget drops everything from memory. It is called when the state in memory may not
// be that of the log. The next command loads what it needs.
func (h *held) forget() {
	h.state = domain.State{Made: h.state.Made}
	h.keys.purge()
	h.lost = true
}

// evict drops what was used least recently. It never drops what was changed after the
// last event that can be loaded, because what is not in memory must be up to date in the
// snapshot, absence included.
func (h *held) evict() {
	h.evictFrom(h.keys.shared, maxShared)
	h.evictFrom(h.keys.single, maxSingle)
}

func (h *held) evictFrom(keys *simplelru.LRU[domain.Key, uint64], most int) {
	if keys.Len() <= most {
		return
	}
	loadable := h.snapshot.Loadable(h.log.Number)
	for keys.Len() > most {
		key, changed, _ := keys.GetOldest()
		if changed > loadable {
			return
		}
		keys.RemoveOldest()
		h.state.Forget(key)
	}
}

// together is about how many parts are worth loading together.
const together = 512

// foresee loads what the first of the requests must see, as far as that is known before any
// of them is decided, and returns how many requests that are. Loading it together costs a
// fraction of loading it one by one. The others wait until these are decided: not all of
// them may fit into the group, and what they need must still be there when they are decided.
// What cannot be loaded here is tried again by [held.see].
func (h *held) foresee(requests []*request) (n int) {
	if len(requests) == 1 {
		return 1
	}
	var missing []domain.Key
	for needed := 0; n < len(requests) && needed < together; n++ {
		keys := domain.Needs(&h.state, requests[n].command)
		missing = h.missing(missing, keys)
		needed += len(keys)
	}
	_ = h.load(missing)
	return n
}

// see makes sure that the state holds what the command must see, and returns the keys
// of that. Which keys these are can depend on what has been loaded, so it looks again
// until nothing is missing.
func (h *held) see(c domain.Command) ([]domain.Key, error) {
	for {
		keys := domain.Needs(&h.state, c)
		missing := h.missing(nil, keys)
		if len(missing) == 0 {
			return keys, nil
		}
		if err := h.load(missing); err != nil {
			return nil, fmt.Errorf("%w: loading state: %w", store.ErrUnavailable, err)
		}
	}
}

// missing appends those of the keys that are not held. For the others this counts as a
// use.
func (h *held) missing(to, keys []domain.Key) []domain.Key {
	for _, k := range keys {
		if !h.keys.use(k) {
			to = append(to, k)
		}
	}
	return to
}

func (h *held) load(keys []domain.Key) error {
	if len(keys) == 0 {
		return nil
	}
	if err := h.snapshot.Load(keys, &h.state); err != nil {
		for _, k := range keys {
			h.state.Forget(k)
		}
		return err
	}
	for _, k := range keys {
		h.keys.add(k, 0)
	}
	return nil
}
