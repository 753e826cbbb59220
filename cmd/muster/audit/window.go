package audit

import (
	"context"
	"errors"
	"fmt"

	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/events/wire"
)

// window is the part of an organization's history that a replay shows.
type window struct {
	organization domain.OrganizationID
	workspace    domain.WorkspaceID // zero: all
	user         domain.UserID      // zero: all
	from, to     moment
}

// wants reports whether the event is in the window.
func (w *window) wants(r *domain.Recorded) bool {
	about := r.Event.Concerns()
	return about.Organization == w.organization && !w.from.before(r) && !w.to.after(r) &&
		(w.workspace.IsZero() || about.Workspace == w.workspace) &&
		(w.user.IsZero() || about.User == w.user)
}

// check returns an error if a position is in another partition than the organization, or
// beyond the end of the log.
func (w *window) check(ctx context.Context, log *events.Log) error {
	partition := log.Partition(w.organization)
	for name, m := range map[string]moment{"--from": w.from, "--to": w.to} {
		if !m.time.IsZero() || m.isZero() {
			continue
		}
		if m.position.Partition != partition {
			return terminal.Usage("%s %s: organization %s is in partition %d", name, m.position, w.organization, partition)
		}
		tip, err := log.Tip(ctx, partition)
		if err != nil {
			return err
		}
		if m.position.Number > tip.Number {
			return terminal.Usage("%s %s: the log has no such position yet, its last one in partition %d is %s: "+
				"if the position was seen before, events are missing, for example because an old backup was restored", name, m.position, partition, tip)
		}
	}
	return nil
}

// replay is Log.Replay, or Log.ReplayStored for profiles as they are stored.
type replay func(ctx context.Context, from []wire.Checkpoint, progress func(done, of uint64), apply func([]wire.Message) error) error

// each calls f with the organization's events in order, from the first one to the end
// of the window. It is an error if there are none, and if the replay meets damage before
// it stops.
func (w *window) each(ctx context.Context, log *events.Log, replay replay, f func(*wire.Entry) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	found, enough := false, false
	partition := log.Partition(w.organization)
	err := replay(ctx, beginning(log), nil, func(batches []wire.Message) error {
		for i := range batches {
			if enough || batches[i].Partition != partition {
				continue
			}
			for j := range batches[i].Entries {
				e := &batches[i].Entries[j]
				if w.to.after(&e.Recorded) {
					enough = true
					stop()
					return nil
				}
				if e.Event.Concerns().Organization != w.organization {
					continue
				}
				found = true
				if err := f(e); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if enough && errors.Is(err, context.Canceled) { // no reader has met anything worse
		err = nil
	}
	if err == nil && !found {
		return fmt.Errorf("the log has no events of organization %s in that time", w.organization)
	}
	return err
}
