package domain

import (
	"slices"
	"time"
)

// Command asks for a change. The types in this package are all there are.
//
//sumtype:decl
type Command interface {
	// CommandType is the command's name in metrics and logs, such as "add_member".
	CommandType() string
	// Metadata returns what every command carries.
	Metadata() Meta
	// needs appends the parts that the rule must see, in addition to those that every
	// command must see, as far as they follow from the state. A part can be there twice.
	needs(keys []Key, s *State) []Key
	// target returns the part that the command is about. A precondition is checked
	// against its version.
	target(s *State) Key
	// decide applies the rule and returns the events that follow.
	decide(s *State, at time.Time) ([]Event, error)
}

// Meta is what every command carries; commands embed it.
type Meta struct {
	ID           CommandID
	Organization OrganizationID
	Actor        Actor
	// OnBehalfOf is the user whose role decides instead of the actor's own.
	OnBehalfOf UserID
	// Least is the lowest level at which the actor must act on a workspace, if the
	// request demands a higher one than the rules do ([LevelManage]). Otherwise it is
	// zero.
	Least Level
	// Request is the hash of the request if it had an idempotency key. The command's id
	// is then made from that key. Otherwise it is zero.
	Request Hash
	Reason  string
	If      Precondition
	// Cause is the event that made Muster itself issue the command, or the event that the
	// command reverts. It is zero for all other commands.
	Cause EventID
}

// Metadata returns m; commands embed it.
func (m Meta) Metadata() Meta { return m }

// person returns the user whose role decides, or the zero id for a program.
func (m Meta) person() UserID {
	if !m.OnBehalfOf.IsZero() {
		return m.OnBehalfOf
	}
	return m.Actor.User
}

// adder returns what [Recorded.Adder] returns for the events of the command.
func (m Meta) adder() string {
	return (&Recorded{Actor: m.Actor, OnBehalfOf: m.OnBehalfOf}).Adder()
}

// Precondition restricts a command to a state of its target (RFC 9110, If-Match and
// If-None-Match). The zero value is no restriction.
type Precondition struct {
	// Versions lists the versions that the target may have. An empty list allows all.
	Versions []uint64
	// Exists demands that the target exists, Absent that it does not.
	Exists, Absent bool
}

func (p Precondition) check(s *State, target Key, at time.Time) error {
	if len(p.Versions) == 0 && !p.Exists && !p.Absent {
		return nil
	}
	part := s.part(target)
	exists := part != nil && !part.gone(at)
	switch {
	case p.Absent && exists, (p.Exists || len(p.Versions) > 0) && !exists:
		return ErrPrecondition
	case len(p.Versions) > 0 && !slices.Contains(p.Versions, part.version()):
		return ErrPrecondition
	}
	return nil
}

// Needs returns the parts that a command must see. What they are can depend on
// parts that the command has seen already, such as the role of a member. So put the
// missing parts into the state and call Needs again, until none is missing. Only then
// can [Decide] be called. A part can be named twice.
func Needs(s *State, c Command) []Key {
	return AppendNeeds(make([]Key, 0, 12), s, c)
}

// AppendNeeds appends what [Needs] returns.
func AppendNeeds(keys []Key, s *State, c Command) []Key {
	m := c.Metadata()
	keys = append(keys, OrganizationKey(m.Organization))
	if !m.Request.IsZero() {
		keys = append(keys, DoneKey(m.Organization, m.ID))
	}
	if person := m.person(); !person.IsZero() {
		keys = append(keys, OrganizationMemberKey(m.Organization, person))
	}
	return c.needs(keys, s)
}
