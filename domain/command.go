package domain

import (
	"errors"
	"slices"
	"time"
)

// Command asks for a change. The types in this package are all there are.
//
//sumtype:decl
type Command interface {
	// CommandType is the command's name in metrics and logs, such as "add_member".
	CommandType() string
	// Metadata answers what every command carries.
	Metadata() Meta
	// needs answers the parts that the rule must see, beside those that every
	// command must see, as far as the state lets it know.
	needs(s *State) []Key
	// target names the part whose version a precondition is held against.
	target(s *State) Key
	// decide is the rule.
	decide(s *State, at time.Time) ([]Event, error)
}

// Meta is what every command carries; commands embed it.
type Meta struct {
	ID           CommandID
	Organization OrganizationID
	Actor        Actor
	// OnBehalfOf is the user whose role decides instead of the actor's own.
	OnBehalfOf UserID
	// Least is the level at which the actor must act on a workspace, where the request
	// asks for a higher one than the rules do ([LevelManage]); zero for no higher one.
	Least Level
	// Request is the hash of the request, when it carried an idempotency key (the
	// command's id is then made from that key); zero otherwise.
	Request Hash
	Reason  string
	If      Precondition
}

// Metadata is the Meta itself.
func (m Meta) Metadata() Meta { return m }

// person is whose role decides; zero for a program.
func (m Meta) person() UserID {
	if !m.OnBehalfOf.IsZero() {
		return m.OnBehalfOf
	}
	return m.Actor.User
}

// Precondition bounds a command to a state of its target (RFC 9110, If-Match and
// If-None-Match). The zero value is no bound.
type Precondition struct {
	// Versions holds those that will do; empty is any.
	Versions []uint64
	// Exists demands that the target is there, Absent that it is not.
	Exists, Absent bool
}

func (p Precondition) check(s *State, target Key, at time.Time) error {
	if len(p.Versions) == 0 && !p.Exists && !p.Absent {
		return nil
	}
	part := s.parts[target]
	exists := part != nil && !part.gone(at)
	switch {
	case p.Absent && exists, (p.Exists || len(p.Versions) > 0) && !exists:
		return ErrPrecondition
	case len(p.Versions) > 0 && !slices.Contains(p.Versions, part.version()):
		return ErrPrecondition
	}
	return nil
}

// Needs names the parts that a command must see. What they are can depend on what
// the command has seen already, such as the role of a member: so put what is
// missing into the state and ask again, until nothing is missing. [Decide] may only
// be called then.
func Needs(s *State, c Command) []Key {
	m := c.Metadata()
	keys := append(make([]Key, 0, 12), OrganizationKey(m.Organization))
	if !m.Request.IsZero() {
		keys = append(keys, DoneKey(m.Organization, m.ID))
	}
	if person := m.person(); !person.IsZero() {
		keys = append(keys, OrganizationMemberKey(m.Organization, person))
	}
	return append(keys, c.needs(s)...)
}

// Decide holds a command against the state that it needs ([Needs]) and answers
// the events that follow, in order. No events and no error means that the
// command asked for what already is. The error says which rule is broken.
//
// A precondition that does not hold comes before every rule but those that keep
// the target from the actor's sight: nobody learns by it what is there.
func Decide(s *State, at time.Time, c Command) ([]Event, error) {
	m := c.Metadata()
	if err := m.mayActFor(); err != nil {
		return nil, err
	}
	events, err := c.decide(s, at)
	if errors.Is(err, ErrUnknownOrganization) || errors.Is(err, ErrUnknownWorkspace) || errors.Is(err, ErrNotAllowed) {
		return nil, err
	}
	if err := m.If.check(s, c.target(s), at); err != nil {
		return nil, err
	}
	return events, err
}
