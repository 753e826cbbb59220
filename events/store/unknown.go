package store

import (
	"errors"

	"github.com/muster-dev/muster/events/block"
	"github.com/muster-dev/muster/events/wire"
)

// atMessage is what is wrong with one message that was read from the files.
type atMessage struct {
	sequence uint64
	error
}

// Unwrap returns what is wrong.
func (e *atMessage) Unwrap() error { return e.error }

// at returns the error with the message that it is about, if it is one about a message.
func at(sequence uint64, err error) error {
	if errors.Is(err, wire.ErrDamaged) {
		return &atMessage{sequence, err}
	}
	return err
}

// injected reports whether the error is for a whole message that this node has never accepted:
// it comes after the high-water mark. The disk has not damaged it. Somebody else has written
// it, and whoever follows the log stops there.
func (s *Store) injected(partition int, err error) bool {
	e, ok := errors.AsType[*atMessage](err)
	if _, damaged := errors.AsType[*block.Damage](err); damaged || !ok {
		return false
	}
	mark, _, unread := s.mark.read(partition)
	return unread == nil && e.sequence > mark.Message
}
