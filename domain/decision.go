package domain

import (
	"errors"
	"time"
)

// Decision is what follows from a command that is not refused.
type Decision struct {
	// Events are what happens, in order. None means that the command asked for what
	// already is.
	Events []Event
	// Target is what the command is about: for AddMember the membership, for
	// IssueToken the token. It need not exist if the command changes nothing.
	Target Key
	// Outcomes has one entry for each operation of a [Batch], in order. It is nil for
	// all other commands.
	Outcomes []Outcome
}

// Decide decides a command on a state that holds what the command needs (see
// [Needs]). It does not change the state. The error says which rule the command
// breaks.
//
// A failed precondition is reported before any other broken rule, except for the
// rules that hide the target from the actor: otherwise the actor could learn from
// preconditions what exists.
func Decide(s *State, at time.Time, c Command) (Decision, error) {
	m := c.Metadata()
	if err := m.mayActFor(); err != nil {
		return Decision{}, err
	}
	if err := s.mayAct(c, at); err != nil {
		return Decision{}, err
	}
	d, err := decide(s, at, c)
	if errors.Is(err, ErrUnknownOrganization) || errors.Is(err, ErrUnknownWorkspace) || errors.Is(err, ErrNotAllowed) {
		return Decision{}, err
	}
	if err := m.If.check(s, d.Target, at); err != nil {
		return Decision{}, err
	}
	if err != nil {
		return Decision{}, err
	}
	return d, nil
}

// decide applies the command's rule. The target is set even if there is an error.
func decide(s *State, at time.Time, c Command) (d Decision, err error) {
	d.Target = c.target(s)
	if batch, ok := c.(Batch); ok {
		d.Events, d.Outcomes, err = batch.decideAll(s, at)
	} else {
		d.Events, err = s.follow(c, at)
	}
	return d, err
}

// follow returns the events that follow from a command, unless somebody gains by them who
// must not. Every command and every operation of a batch passes here.
func (s *State) follow(c Command, at time.Time) ([]Event, error) {
	events, err := c.decide(s, at)
	if err == nil {
		err = s.mayGain(c.Metadata(), events, at)
	}
	if err != nil {
		return nil, err
	}
	return events, nil
}
