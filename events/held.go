package events

import (
	"context"
	"fmt"

	"github.com/muster-dev/muster/domain"
)

// maxHeld bounds the parts that a writer holds in memory, a few hundred bytes
// each.
const maxHeld = 1 << 15

// catchUp finds the tip of the log and waits until the snapshot has come that
// far, so that whatever is not in memory can be loaded from there.
func (w *writer) catchUp(ctx context.Context) error {
	tip, err := w.log.tip(ctx, w.partition.number)
	if err != nil {
		return err
	}
	if err := w.snapshot.WaitFor(ctx, tip.Position); err != nil {
		return fmt.Errorf("waiting for the read models to reach %s: %w", tip.Position, err)
	}
	w.tip, w.ids, w.lost = tip, eventIDs{tip.ID}, false
	return nil
}

// forget drops everything from memory. It is what to do when the state may not
// be that of the log: the next command loads what it needs.
func (w *writer) forget() {
	w.state = domain.State{Made: w.state.Made}
	w.held.Purge()
	w.lost = true
}

// evict drops what was used least recently, but never what was changed after the
// snapshot's checkpoint: what is not in memory must be up to date in the snapshot,
// absence included.
func (w *writer) evict() {
	if w.held.Len() <= maxHeld {
		return
	}
	applied := w.snapshot.Applied(w.partition.number)
	for w.held.Len() > maxHeld {
		key, changed, _ := w.held.GetOldest()
		if changed > applied {
			return
		}
		w.held.RemoveOldest()
		w.state.Forget(key)
	}
}

// foresee loads what the requests must see, as far as that is known before any of
// them is decided: together it costs a fraction of what it does one by one. What
// fails here is met again by [writer.see].
func (w *writer) foresee(requests []*request) {
	if len(requests) == 1 {
		return
	}
	var missing []domain.Key
	for _, r := range requests {
		missing = w.missing(missing, domain.Needs(&w.state, r.command))
	}
	_ = w.load(missing)
}

// see makes sure that the state holds what the command must see, and answers the
// keys of it. What that is can depend on what has been seen.
func (w *writer) see(c domain.Command) ([]domain.Key, error) {
	for {
		keys := domain.Needs(&w.state, c)
		missing := w.missing(nil, keys)
		if len(missing) == 0 {
			return keys, nil
		}
		if err := w.load(missing); err != nil {
			return nil, fmt.Errorf("%w: loading state: %w", ErrUnavailable, err)
		}
	}
}

// missing appends those of the keys that are not held. It counts as a use of those
// that are.
func (w *writer) missing(to, keys []domain.Key) []domain.Key {
	for _, k := range keys {
		if _, held := w.held.Get(k); !held {
			to = append(to, k)
		}
	}
	return to
}

func (w *writer) load(keys []domain.Key) error {
	if len(keys) == 0 {
		return nil
	}
	if err := w.snapshot.Load(keys, &w.state); err != nil {
		for _, k := range keys {
			w.state.Forget(k)
		}
		return err
	}
	for _, k := range keys {
		w.held.Add(k, 0)
	}
	return nil
}
