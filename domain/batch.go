package domain

import (
	"fmt"
	"slices"
	"time"
)

// MaxOperations is how many operations one batch can have.
const MaxOperations = 1000

// Batch does many operations on the members of a workspace in one commit. Each
// operation is decided on the state that the ones before it have left.
type Batch struct {
	Meta
	Workspace WorkspaceID
	// Operations are commands on one member of the workspace each, with the batch's
	// own Meta. A user can appear in one of them only, so the state of the membership
	// afterwards tells what became of the operation.
	Operations []Command
	// Atomic refuses all operations if one is refused. Otherwise the others are done.
	Atomic bool
}

// Outcome is what became of one operation of a batch.
type Outcome struct {
	// Target is the membership that the operation is about.
	Target Key
	// Err is why the operation was refused; nil if it was not.
	Err error
}

// OperationError says which operation of an atomic batch was refused and why. With it
// the whole batch is refused.
type OperationError struct {
	Index int
	Err   error
}

func (e *OperationError) Error() string { return fmt.Sprintf("operation %d: %v", e.Index, e.Err) }

// Unwrap returns why the operation was refused.
func (e *OperationError) Unwrap() error { return e.Err }

// CommandType is batch.
func (Batch) CommandType() string { return "batch" }

func (c Batch) target(*State) Key { return WorkspaceKey(c.Workspace) }

func (c Batch) needs(keys []Key, s *State) []Key {
	keys = slices.Grow(keys, keysOfOperation*len(c.Operations))
	keys = ownerNeeds(workspaceNeeds(keys, s, c.Meta, c.Workspace), s, c.Organization, c.Workspace, len(c.Operations))
	for _, operation := range c.Operations {
		keys = operation.needs(keys, s)
		if invite, ok := operation.(InviteMember); ok {
			// An operation before it may take the address from its present holder.
			keys = memberNeeds(keys, s, c.Meta, c.Workspace, invite.User)
			for _, other := range s.otherHolders(c.Organization, invite.Profile.Email) {
				keys = memberNeeds(keys, s, c.Meta, c.Workspace, other.User)
			}
		}
	}
	return keys
}

// keysOfOperation is about how many keys an operation of a batch needs.
const keysOfOperation = 7

// partsOfOperation is about how many parts an operation of a batch copies or puts in.
const partsOfOperation = 4

func (c Batch) decide(s *State, at time.Time) ([]Event, error) {
	events, _, err := c.decideAll(s, at)
	return events, err
}

// decideAll decides the operations in order. It returns the events of all of them
// and the outcome of each.
func (c Batch) decideAll(s *State, at time.Time) ([]Event, []Outcome, error) {
	if _, _, err := s.mayChangeWorkspace(c.Meta, c.Workspace, at); err != nil {
		return nil, nil, err
	}
	switch n := len(c.Operations); {
	case n == 0:
		return nil, nil, &InvalidError{"/operations", "required", "at least one operation is needed"}
	case n > MaxOperations:
		return nil, nil, &InvalidError{"/operations", "too_many", fmt.Sprintf("at most %d operations are expected", MaxOperations)}
	}
	var events []Event
	outcomes := make([]Outcome, len(c.Operations))
	after := s.fork(len(c.Operations) * partsOfOperation)
	seen := make(map[Key]bool, len(c.Operations))
	for i, operation := range c.Operations {
		outcomes[i].Target = operation.target(after)
		follow, err := c.next(after, at, operation, seen)
		if err != nil && c.Atomic {
			return nil, nil, &OperationError{i, err}
		}
		outcomes[i].Err = err
		for _, e := range follow {
			Evolve(after, &Recorded{Event: e, Time: at, Actor: c.Actor, OnBehalfOf: c.OnBehalfOf})
		}
		events = append(events, follow...)
	}
	return events, outcomes, nil
}

// next decides the next operation on the state that those before it have left.
func (c Batch) next(after *State, at time.Time, operation Command, seen map[Key]bool) ([]Event, error) {
	target := operation.target(after)
	if seen[target] {
		return nil, &InvalidError{"", "duplicate", "an operation before this one is on the same user"}
	}
	seen[target] = true
	return after.follow(operation, at)
}
