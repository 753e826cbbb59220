package events

import (
	"context"
	"fmt"

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
	// followed returns how far the log has been followed, once that is known.
	followed func(ctx context.Context) (wire.Checkpoint, error)
	tip      wire.Checkpoint // of the log, once everything that was decided is in it
	lost     bool            // the tip is not known: look it up before deciding anything
	state    domain.State
	shared   places // of what many commands need, such as a workspace
	single   places // of what hardly any other command needs, such as a member; it would drive out the former
	ids      wire.EventIDs

	bytes, events int // of the payload of the last group, so that the next one has room

	// The next command's lists need no memory of their own.
	keys, missing []domain.Key
	seen          []*domain.Place
}

func newHeld(p *store.Partition) *held {
	h := &held{log: p}
	h.state.New = h.add
	return h
}

// places are those of the parts that a writer holds, the oldest first. What is used again
// goes to the end once it would be next to be dropped.
type places []*domain.Place

// These bound how many parts of aggregates a writer holds in memory. Each takes a few
// hundred bytes.
const (
	maxShared = 1 << 14
	maxSingle = 1 << 13
)

// add adds the place of a part that is new in memory.
func (h *held) add(at *domain.Place) {
	switch at.Key.Kind {
	case domain.KeyOrganization, domain.KeyWorkspace, domain.KeyCustomRole:
		h.shared = append(h.shared, at)
	default:
		h.single = append(h.single, at)
	}
}

// use counts a use of the part. The first use is that of the command for which it was
// loaded, which says nothing about the next one. A command can count several uses, because it
// can name a part twice and look more than once. That only keeps the part for another turn.
func use(at *domain.Place) { at.Uses = min(at.Uses+1, usedAgain) }

const usedAgain = 2

// catchUp reads the tip of the log and waits until the snapshot has come that far, so
// that what is not in memory can be loaded from the snapshot. The last message alone does not
// prove that it continues the log, because whoever holds the server's secret can have written
// anything. That it was followed proves it.
func (h *held) catchUp(ctx context.Context) error {
	tip, err := h.log.Tip(ctx)
	if err != nil {
		return err
	}
	if err := h.snapshot.WaitLoadable(ctx, tip.Position); err != nil {
		return fmt.Errorf("waiting for the read models to reach %s: %w", tip.Position, err)
	}
	followed, err := h.followed(ctx)
	if err != nil {
		return err
	}
	if followed.Message < tip.Message || followed.Message == tip.Message && followed.Hash != tip.Hash {
		return fmt.Errorf("%w: message %d does not continue the log: %w", store.ErrUnreadable, tip.Message, wire.ErrDamaged)
	}
	h.tip, h.ids, h.lost = tip, wire.EventIDs{Last: tip.ID}, false
	return nil
}

// forget drops everything from memory. It is called when the state in memory may not
// be that of the log. The next command loads what it needs.
func (h *held) forget() {
	h.state = domain.State{New: h.add}
	h.shared, h.single = nil, nil
	h.lost = true
}

// evict drops what was not used for a long time. It never drops what was changed after the
// last event that can be loaded, because what is not in memory must be up to date in the
// snapshot, absence included.
func (h *held) evict() {
	h.evictFrom(&h.shared, maxShared)
	h.evictFrom(&h.single, maxSingle)
}

func (h *held) evictFrom(list *places, most int) {
	if len(*list) <= most {
		return
	}
	loadable := h.snapshot.Loadable(h.log.Number)
	for len(*list) > most {
		oldest := (*list)[0]
		if oldest.Uses < usedAgain && oldest.Changed > loadable && h.state.Find(oldest.Key) == oldest {
			return
		}
		(*list)[0] = nil // so that the list does not keep it in memory
		*list = (*list)[1:]
		switch {
		case h.state.Find(oldest.Key) != oldest: // it could not be loaded
		case oldest.Uses >= usedAgain:
			oldest.Uses = 1
			*list = append(*list, oldest)
		default:
			h.state.Forget(oldest.Key)
		}
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
	h.missing = h.missing[:0]
	for needed := 0; n < len(requests) && needed < together; n++ {
		h.look(requests[n].command)
		needed += len(h.keys)
	}
	_ = h.load(h.missing)
	return n
}

// see makes sure that the state holds what the command must see, and returns its keys. Their
// places are in h.seen. Which keys these are can depend on what has been loaded, so it looks
// again until nothing is missing. The keys are good until the next call.
func (h *held) see(c domain.Command) ([]domain.Key, error) {
	for {
		h.missing = h.missing[:0]
		if h.look(c); len(h.missing) == 0 {
			return h.keys, nil
		}
		if err := h.load(h.missing); err != nil {
			return nil, fmt.Errorf("%w: loading state: %w", store.ErrUnavailable, err)
		}
	}
}

// look lists what the command must see, and where it is if it is held, which counts as a
// use. What is not held is added to what is missing.
func (h *held) look(c domain.Command) {
	h.keys = domain.AppendNeeds(h.keys[:0], &h.state, c)
	clear(h.seen) // so that it keeps nothing in memory that was dropped
	h.seen = h.seen[:0]
	for _, k := range h.keys {
		if at := h.state.Find(k); at != nil {
			use(at)
			h.seen = append(h.seen, at)
		} else {
			h.missing = append(h.missing, k)
		}
	}
}

func (h *held) load(keys []domain.Key) error {
	if len(keys) == 0 {
		return nil
	}
	err := h.snapshot.Load(keys, &h.state)
	if err != nil {
		for _, k := range keys {
			h.state.Forget(k)
		}
	}
	return err
}
