package credentials

import (
	"strings"
	"time"

	"github.com/google/uuid"
)

// Door is where subscribers come in to NATS: a [Gate], a [Callout], or [Closed].
type Door interface {
	// Admit begins to let subscribers in. It is called once, when the lookup can tell
	// who they are. Until then, and while the lookup cannot tell, subscribers are neither let
	// in nor refused.
	Admit(lookup Lookup)
	// CanIssue returns nil if subscribers can be let in, and otherwise an error that says
	// what the operator must configure. Credentials must not be issued then.
	CanIssue() error
	// Disconnect closes the connections of the user. It is called after the lookup has
	// changed: when a subscription was deleted or its secret rotated. Connections that have
	// a secret that is still good are closed as well, and can be made again.
	Disconnect(user string) error
	// Close ends what the door does. Connections stay open.
	Close()
}

// Closed returns a door that lets nobody in, for the reason.
func Closed(reason error) Door { return closed{reason} }

type closed struct{ reason error }

func (closed) Admit(Lookup)            {}
func (c closed) CanIssue() error       { return c.reason }
func (closed) Disconnect(string) error { return nil }
func (closed) Close()                  {}

// login is what a client says of itself.
type login struct{ user, password string }

// admission is a [Lookup] that logins are decided with.
type admission struct {
	lookup  Lookup
	catchUp *catchUp
}

func newAdmission(l Lookup) *admission {
	return &admission{l, newCatchUp(l.CatchUp, catchUpPause)}
}

// find returns the subscriber that logs in, and until when its secret is good (the zero time:
// for ever). It returns false for an unknown user and for a wrong secret alike, and an error if
// that is not known at the moment.
func (a *admission) find(l login, now time.Time) (s Subscriber, until time.Time, ok bool, err error) {
	if !isID(l.user) {
		return s, until, false, nil
	}
	if s, until, ok, err = a.look(l, now); ok || err != nil {
		return s, until, ok, err
	}
	if err := a.catchUp.wait(); err != nil {
		return Subscriber{}, time.Time{}, false, err
	}
	return a.look(l, now)
}

// look is find with what is known here.
func (a *admission) look(l login, now time.Time) (s Subscriber, until time.Time, ok bool, err error) {
	s, known, err := a.lookup.Find(l.user)
	if err != nil {
		return Subscriber{}, time.Time{}, false, err
	}
	if !known {
		s = Subscriber{} // has no secret, so none is right
	}
	until, right := s.accepts(l.password, now)
	return s, until, right && s.valid(), nil
}

// isID reports whether the name is a subscription's id, in the one form that Muster writes. It
// becomes part of subjects.
func isID(name string) bool {
	id, err := uuid.Parse(name)
	return err == nil && id != uuid.Nil && id.String() == name && strings.ToLower(name) == name
}
