package domain

import (
	"time"

	"github.com/oklog/ulid/v2"
)

// Event is a fact: something that happened, in the past tense. The types in this
// package are all there are.
//
//sumtype:decl
type Event interface {
	// EventType is the event's name on the wire, such as "muster.member.added".
	// It is part of the stored format and never changes.
	EventType() string
	// Concerns returns which organization, workspace and user the event concerns.
	Concerns() About
	isEvent()
}

// About says which organization, workspace and user an event concerns. It is stored
// beside the event's data and not in it, so that subscribers can filter by it.
type About struct {
	Organization OrganizationID
	Workspace    WorkspaceID // zero: the organization as a whole
	User         UserID      // zero: nobody in particular
}

// Concerns returns a; events embed it.
func (a About) Concerns() About { return a }

// Concern sets what the event is about; decoders use it.
func (a *About) Concern(about About) { *a = about }

func (About) isEvent() {}

// Change is a value before and after.
type Change[T any] struct {
	From T `json:"from"`
	To   T `json:"to"`
}

// EventID is the ULID of an event. Within a partition the ids ascend in the order
// of the log, and their time is the event's.
type EventID = ulid.ULID

// Recorded is an event as it is in the log.
type Recorded struct {
	ID    EventID
	Event Event
	// Number counts the events of a partition, from 1, without gaps.
	Number uint64
	// Time has milliseconds, is UTC, and never goes back within a partition.
	Time  time.Time
	Actor Actor
	// OnBehalfOf is the user for whom a token acted; zero if it acted for itself.
	OnBehalfOf UserID
	Command    CommandID
	// Request is the hash of the request if the command had an idempotency key, and
	// zero otherwise.
	Request Hash
	// Cause is the event that made Muster itself issue the command, the event that the
	// command reverts, or the first event of the same command.
	Cause  EventID
	Reason string
}

// Person returns the user that the event's command is attributed to. It is zero for the
// system, and for a program that acted for itself.
func (r *Recorded) Person() UserID {
	if !r.OnBehalfOf.IsZero() {
		return r.OnBehalfOf
	}
	return r.Actor.User
}

// Adder returns the id of the user or token that the event's command is attributed to,
// for [Membership].AddedBy. It is empty for the system.
func (r *Recorded) Adder() string {
	switch {
	case !r.OnBehalfOf.IsZero():
		return r.OnBehalfOf.String()
	case r.Actor.Kind == ActorSystem:
		return ""
	default:
		return r.Actor.ID
	}
}
