package feed

import (
	"context"
	"errors"
	"fmt"
	"sort"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// EventAt returns the organization's event with the number. That takes at most one get
// from the feed. EventAt waits for an event that the read models may show already and
// that is not visible yet. The error wraps [ErrUnknownEvent] if there is no such event or
// if it belongs to another organization, and [ErrBehind] if waiting took too long.
func (f *Feed) EventAt(ctx context.Context, org domain.OrganizationID, number uint64) (Event, error) {
	if err := f.reach(ctx, number); err != nil {
		return Event{}, err
	}
	i, err := f.at(ctx, number)
	if err != nil {
		return Event{}, err
	}
	if i.about.Organization != org {
		return Event{}, f.unknown(number)
	}
	return i.Event, nil
}

// reach waits until the event with the number is visible, if the read models may show it.
func (f *Feed) reach(ctx context.Context, number uint64) error {
	expected, visible := f.view.mayShow()
	switch {
	case number == 0 || number > expected:
		return f.unknown(number)
	case number > visible:
		return f.waitFor(ctx, number)
	}
	return nil
}

func (f *Feed) unknown(number uint64) error {
	return fmt.Errorf("event %s: %w", wire.Position{Partition: f.partition, Number: number}, ErrUnknownEvent)
}

// Find returns the organization's event with the id. Its errors are those of
// [Feed.EventAt].
func (f *Feed) Find(ctx context.Context, org domain.OrganizationID, id domain.EventID) (Event, error) {
	expected, visible := f.view.mayShow()
	reached := func(number uint64) (bool, error) {
		i, err := f.at(ctx, number)
		return err == nil && i.id.Compare(id) >= 0, err
	}
	number, err := search(visible, reached)
	if err == nil && number > visible && visible < expected {
		if err = f.waitFor(ctx, expected); err == nil {
			visible = expected
			number, err = search(visible, reached)
		}
	}
	if err != nil {
		return Event{}, err
	}
	if number <= visible {
		i, err := f.at(ctx, number)
		if err != nil {
			return Event{}, err
		}
		if i.id == id && i.about.Organization == org {
			return i.Event, nil
		}
	}
	return Event{}, fmt.Errorf("event %s: %w", id, ErrUnknownEvent)
}

// search returns the number of the first event up to last for which the condition
// holds, or last + 1 if there is none. The condition must also hold for all events after
// that one. Ids and times ascend, so both can be searched for.
func search(last uint64, holds func(number uint64) (bool, error)) (uint64, error) {
	var failed error
	before := sort.Search(int(last), func(n int) bool { //nolint:gosec // far below 2^63
		if failed != nil {
			return true
		}
		var held bool
		held, failed = holds(uint64(n) + 1) //nolint:gosec // not negative
		return held || failed != nil
	})
	return uint64(before) + 1, failed //nolint:gosec // not negative
}

// waitFor is [Feed.WaitFor] with the patience of a read.
func (f *Feed) waitFor(ctx context.Context, number uint64) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := f.WaitFor(ctx, number); err != nil {
		return behind(err)
	}
	return nil
}

// at reads a visible event from memory or from the feed. As far as the feed has not been
// compared with the log, and while there is none, it reads the log.
func (f *Feed) at(ctx context.Context, number uint64) (item, error) {
	if i, ok := f.view.at(number); ok {
		return i, nil
	}
	done, err := f.history.lookup(ctx)
	if err != nil {
		return item{}, err
	}
	defer done()
	if made, last := f.view.stored(); number <= last {
		m, err := f.store.FeedMessage(ctx, f.partition, number)
		if err == nil {
			entry, position, err := wire.Decode(m.Data)
			if err == nil && position == (wire.Position{Partition: f.partition, Number: number}) {
				return itemOf(&entry), nil
			}
		} else if !errors.Is(err, store.ErrNoMessage) && !errors.Is(err, jetstream.ErrStreamNotFound) {
			return item{}, err
		}
		// The stream is gone, is too short, or lacks this event.
		if err := f.moved(ctx, made, number); !errors.Is(err, errMoved) {
			return item{}, err
		}
	}
	entry, err := f.log.Entry(ctx, number)
	if errors.Is(err, store.ErrNoMessage) {
		err = fmt.Errorf("%w: %w", ErrBehind, err)
	}
	if err != nil {
		return item{}, err
	}
	return itemOf(&entry), nil
}
