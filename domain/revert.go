package domain

import (
	"errors"
	"fmt"
	"time"
)

// Revert undoes what one event has changed. It runs the command that makes the opposite
// change (see [Undo]), with all of that command's rules. The events that it writes have the
// reverted event as their cause.
//
// It is refused if another event has changed since what the reverted event had changed:
// otherwise it would undo more than was asked for. The state does not know which event
// changed what, so the caller looks that up and says how far it has looked.
type Revert struct {
	Meta
	// Event is the event to undo.
	Event *Recorded
	// Before is what the event has changed as it was before, for the events of which
	// [NeedsBefore] says so. It is nil if there was nothing.
	Before Part
	// Seen is the number of the last event that the caller has looked at.
	Seen uint64
	// Since is the first event up to Seen that has changed what Event had changed; nil if
	// there is none. See [Supersedes].
	Since *Recorded
}

// CommandType is revert.
func (Revert) CommandType() string { return "revert" }

// undo returns the command that undoes the event.
func (c Revert) undo() (Command, error) {
	if org := c.Event.Event.Concerns().Organization; org != c.Organization {
		return nil, fmt.Errorf("event %s is one of organization %s: %w", c.Event.ID, org, ErrUnknownOrganization)
	}
	m := c.Meta
	m.Cause = c.Event.ID
	u, err := Undo(m, c.Event, c.Before)
	return u.Command, err
}

// Metadata returns what the command carries, with the reverted event as its cause.
func (c Revert) Metadata() Meta {
	c.Cause = c.Event.ID
	return c.Meta
}

func (c Revert) target(s *State) Key {
	if undo, err := c.undo(); err == nil {
		return undo.target(s)
	}
	return OrganizationKey(c.Organization)
}

func (c Revert) needs(keys []Key, s *State) []Key {
	if undo, err := c.undo(); err == nil {
		return undo.needs(append(keys, undo.target(s)), s)
	}
	return keys
}

func (c Revert) decide(s *State, at time.Time) ([]Event, error) {
	if _, err := s.organization(c.Meta); err != nil {
		return nil, err
	}
	undo, err := c.undo()
	if err != nil {
		return nil, err
	}
	events, err := undo.decide(s, at)
	if errors.Is(err, ErrUnknownWorkspace) || errors.Is(err, ErrNotAllowed) {
		return nil, err
	}
	if c.Since != nil {
		return nil, &ChangedSinceError{c.Since}
	}
	if part := s.part(undo.target(s)); part != nil && part.version() > c.Seen {
		return nil, fmt.Errorf("event %s: %w", c.Event.ID, ErrChangedMeanwhile)
	}
	var invalid *InvalidError
	switch {
	case errors.As(err, &invalid): // a value of before that is no longer possible, and no field of the request
		return nil, fmt.Errorf("%w: what was before is no longer possible: %s: %s", ErrNotReversible, invalid.Pointer, invalid.Detail)
	case errors.Is(err, ErrUnknownMember): // it has ended by the clock
		return nil, fmt.Errorf("%w: %w", ErrNotReversible, err)
	}
	return events, err
}

// plain returns the command whose rules decide: the one that undoes the event if the command
// is a [Revert] of an event that can be undone, and the command itself otherwise.
func plain(c Command) Command {
	if revert, ok := c.(Revert); ok {
		if undo, err := revert.undo(); err == nil {
			return undo
		}
	}
	return c
}

// ChangedSinceError is [ErrChangedSince] with the event that has changed what the reverted
// event had changed.
type ChangedSinceError struct{ By *Recorded }

func (e *ChangedSinceError) Error() string {
	return fmt.Sprintf("%v: %s of %s, event %s", ErrChangedSince, e.By.Event.EventType(), e.By.Time.Format(time.RFC3339), e.By.ID)
}

// Unwrap returns [ErrChangedSince].
func (e *ChangedSinceError) Unwrap() error { return ErrChangedSince }
