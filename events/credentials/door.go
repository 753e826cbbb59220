package credentials

import (
	"strings"
	"time"

	"github.com/google/uuid"
)

// Door is where subscribers come in to NATS: a [Gate], a [Callout], or [Closed].
type Door interface {
	// Admit begins to let subscribers in. It is called once, when the lookup can tell
	// who they are. Until then subscribers are neither let in nor refused.
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

// find returns the subscriber that logs in, and until when its secret is good (the zero time:
// for ever). It returns false for an unknown user and for a wrong secret alike.
func (l login) find(lookup Lookup, now time.Time) (s Subscriber, until time.Time, ok bool) {
	if !isID(l.user) {
		return s, until, false
	}
	s, known := lookup(l.user)
	if !known {
		s = Subscriber{} // has no secret, so none is right
	}
	until, right := s.accepts(l.password, now)
	return s, until, right && s.valid()
}

// isID reports whether the name is a subscription's id, in the one form that Muster writes. It
// becomes part of subjects.
func isID(name string) bool {
	id, err := uuid.Parse(name)
	return err == nil && id != uuid.Nil && id.String() == name && strings.ToLower(name) == name
}
