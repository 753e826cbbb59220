package domain

import (
	"fmt"
	"time"
)

// MaxOperations is how many operations one batch can have.
const MaxOperations = 1000

// Batch does many operations on the members of a workspace in one commit. Each is
// decided on what those before it have left.
type Batch struct {
	Meta
	Workspace WorkspaceID
	// Operations are commands on one member of the workspace each, with the batch's
	// own Meta. No user can stand in two of them: so what is left of a user tells
	// what came of their operation.
	Operations []Command
	// Atomic refuses all operations when one is refused; otherwise the others are
	// done.
	Atomic bool
	// Refused, when the caller has made it as long as the operations, says of each
	// why it was refused, nil for one that was not, as of the last time that the
	// batch was decided.
	Refused []error
}

// OperationError is why an operation of an atomic batch, and so all of it, was
// refused.
type OperationError struct {
	Index int
	Err   error
}

func (e *OperationError) Error() string { return fmt.Sprintf("operation %d: %v", e.Index, e.Err) }

// Unwrap is why the operation was refused.
func (e *OperationError) Unwrap() error { return e.Err }

// CommandType is batch.
func (Batch) CommandType() string { return "batch" }

func (c Batch) target(*State) Key { return WorkspaceKey(c.Workspace) }

func (c Batch) needs(s *State) []Key {
	keys := workspaceNeeds(s, c.Meta, c.Workspace)
	seen := make(map[Key]bool, len(keys)+4*len(c.Operations))
	for _, k := range keys {
		seen[k] = true
	}
	add := func(more []Key) {
		for _, k := range more {
			if !seen[k] {
				seen[k] = true
				keys = append(keys, k)
			}
		}
	}
	for _, operation := range c.Operations {
		add(operation.needs(s))
		if invite, ok := operation.(InviteMember); ok {
			// An operation before it can take the address from who holds it now.
			add(memberNeeds(s, c.Meta, c.Workspace, invite.User))
		}
	}
	return keys
}

func (c Batch) decide(s *State, at time.Time) ([]Event, error) {
	if _, _, err := s.mayChangeWorkspace(c.Meta, c.Workspace, at); err != nil {
		return nil, err
	}
	switch n := len(c.Operations); {
	case n == 0:
		return nil, &InvalidError{"/operations", "required", "at least one operation is needed"}
	case n > MaxOperations:
		return nil, &InvalidError{"/operations", "too_many", fmt.Sprintf("at most %d operations are expected", MaxOperations)}
	}
	var events []Event
	after := s.Copy(Needs(s, c))
	seen := make(map[Key]bool, len(c.Operations))
	for i, operation := range c.Operations {
		follow, err := c.next(after, at, operation, seen)
		if err != nil && c.Atomic {
			return nil, &OperationError{i, err}
		}
		if len(c.Refused) == len(c.Operations) {
			c.Refused[i] = err
		}
		for _, e := range follow {
			Evolve(after, &Recorded{Event: e, Time: at, Actor: c.Actor, OnBehalfOf: c.OnBehalfOf})
		}
		events = append(events, follow...)
	}
	return events, nil
}

// next decides the next operation on what those before it have left.
func (c Batch) next(after *State, at time.Time, operation Command, seen map[Key]bool) ([]Event, error) {
	target := operation.target(after)
	if seen[target] {
		return nil, &InvalidError{"", "duplicate", "an operation before this one is on the same user"}
	}
	seen[target] = true
	return operation.decide(after, at)
}
