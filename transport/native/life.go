package native

import (
	"iter"
	"strings"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/feed"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/transport"
)

// life is what happened, before and after an event, to what the event has changed.
type life struct {
	before domain.Part      // if the event does not say so itself; see [domain.NeedsBefore]
	since  *domain.Recorded // the first event that has changed it again; nil if there is none
	seen   uint64           // the number of the last event that was looked at
}

// lifeAround reads the life around an event, up to the last event that can be read here.
func lifeAround(c *transport.Call, event *domain.Recorded) (l life, err error) {
	f := lifeFilter(event.Event)
	if domain.NeedsBefore(event.Event) {
		if l.before, err = partBefore(c, f, event); err != nil {
			return l, err
		}
	}
	l.seen = c.Log().Visible(c.Log().Partition(f.Organization)).Number
	for later, err := range eventsBetween(c, f, event.Number, l.seen) {
		if err != nil {
			return l, err
		}
		if domain.Supersedes(later.Event, event.Event) {
			l.since = later
			return l, nil
		}
	}
	return l, nil
}

// lifeFilter returns a filter for the events about what the event is about, and few others.
func lifeFilter(e domain.Event) feed.Filter {
	about, t := e.Concerns(), e.EventType()
	return feed.Filter{
		Organization: about.Organization, Workspace: about.Workspace, User: about.User,
		Types: []string{t[:strings.LastIndexByte(t, '.')+1] + "*"},
	}
}

// partBefore folds the events before the event, and returns what it has changed. It is nil if
// there was nothing.
func partBefore(c *transport.Call, f feed.Filter, event *domain.Recorded) (domain.Part, error) {
	var state domain.State
	for earlier, err := range eventsBetween(c, f, 0, event.Number-1) {
		if err != nil {
			return nil, err
		}
		domain.Evolve(&state, earlier)
	}
	switch about := event.Event.Concerns(); e := event.Event.(type) { //nolint:gochecksumtype // those of NeedsBefore
	case domain.MemberRemoved, domain.MemberLeft:
		if member := state.Membership(about.Workspace, about.User); member != nil {
			return member, nil
		}
	case domain.UserProfileSet:
		if profile := state.Profile(about.Organization, about.User); profile != nil {
			return profile, nil
		}
	case domain.RoleUpdated:
		if role := state.CustomRole(about.Organization, e.Key); role != nil {
			return role, nil
		}
	}
	return nil, nil //nolint:nilnil // nothing was there before
}

// eventsBetween returns the events that pass the filter after the one number, up to and
// including the other.
func eventsBetween(c *transport.Call, f feed.Filter, after, upto uint64) iter.Seq2[*domain.Recorded, error] {
	const page = 200
	return func(yield func(*domain.Recorded, error) bool) {
		for after < upto {
			found, next, err := c.Log().Events(c, f, after, page)
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range found {
				if found[i].Number > upto {
					return
				}
				e, err := shownEvent(c, found[i])
				if !yield(&e.Recorded, err) || err != nil {
					return
				}
			}
			if next <= after { // there is no more that can be read
				return
			}
			after = next
		}
	}
}

// shownEvent returns an event as it is shown: profiles are in the clear, or erased.
func shownEvent(c *transport.Call, found feed.Event) (wire.Entry, error) {
	text, err := c.Log().Show(c, found)
	if err != nil {
		return wire.Entry{}, err
	}
	e, _, err := wire.Decode(text)
	return e, err
}
