package projections

import (
	"context"
	"errors"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
)

// start begins to build filters as they are asked for.
func (a *absence) start(m *ReadModels) {
	var ctx context.Context
	ctx, a.stop = context.WithCancel(context.Background())
	a.ended = make(chan struct{})
	go a.run(ctx, m)
}

// close waits for what builds filters to end.
func (a *absence) close() {
	a.stop()
	if a.ended != nil {
		<-a.ended
	}
}

// run builds the filters that are wanted, until the context ends.
func (a *absence) run(ctx context.Context, m *ReadModels) {
	defer close(a.ended)
	for {
		select {
		case name := <-a.wanted:
			names := []filterName{name}
			for len(a.wanted) > 0 {
				names = append(names, <-a.wanted)
			}
			a.build(ctx, m, names)
		case <-ctx.Done():
			return
		}
	}
}

// build builds filters, one after the other. From some moment on, what is applied is added to
// them. Afterwards they get what was committed before that moment. What was applied before and
// not committed yet is at hand.
func (a *absence) build(ctx context.Context, m *ReadModels, names []filterName) {
	rows := make([]int, len(names))
	for i, name := range names {
		rows[i], _ = m.countRows(ctx, name.organization, filterTables[name.of].count) // or the filter grows
	}
	following := make([]*filter, len(names))
	_ = m.write(func(p *projector) error {
		for i, name := range names {
			following[i] = a.follow(name, rows[i]*filterTables[name.of].keys, p.applied)
		}
		return nil
	})
	for i, name := range names {
		f, err := following[i], errDropped
		if f != nil {
			err = filterTables[name.of].read(ctx, m, name.organization, func(keys ...domain.Key) error { return a.found(name, f, keys) })
		}
		a.built(name, f, err)
	}
}

// follow makes a filter follow what is applied, beginning with what is in the messages. The
// tables have about that many keys for it. It returns nil if there is no such filter, or if it
// would take too much memory.
func (a *absence) follow(name filterName, keys int, applied []wire.Message) *filter {
	a.mu.Lock()
	defer a.mu.Unlock()
	f, ok := a.filters.Peek(name)
	if !ok || f.keys != nil {
		return nil
	}
	if size := keys / hashesInBlock * blockBytes; size > a.most/2 {
		a.debt += keys
		return nil
	}
	f.keys = newBloom(keys + keys/4)
	a.count(f)
	for i := range applied {
		for j := range applied[i].Entries {
			a.recorded(&applied[i].Entries[j].Recorded)
		}
	}
	return f
}

// errDropped reports that a filter was dropped while it was built.
var errDropped = errors.New("the filter was dropped")

// found adds keys that are in the tables.
func (a *absence) found(name filterName, f *filter, keys []domain.Key) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if current, _ := a.filters.Peek(name); current != f {
		return errDropped
	}
	a.put(f, keys)
	return nil
}

// built makes a filter known to lack nothing, or drops it if that is not so. Then whoever asks
// again starts another attempt.
func (a *absence) built(name filterName, f *filter, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	switch current, ok := a.filters.Peek(name); {
	case !ok || current.ready: // dropped, or wanted twice
	case err == nil && current == f:
		f.ready = true
	default:
		a.filters.Remove(name)
		a.forget(current)
	}
}
