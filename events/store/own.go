package store

import (
	"math"
	"sync"

	"github.com/muster-dev/muster/events/wire"
)

// ownBytes bounds the payloads that wait in memory for a partition's reader. A reader that
// lags further behind reads the log.
const ownBytes = 4 << 20

// own holds messages that this process has appended, until the reader takes them. It is safe
// for concurrent use.
type own struct {
	mu       sync.Mutex
	messages []wire.Envelope // in the order of the log, without gaps
	bytes    int
	moved    chan struct{} // has room for one signal
}

func newOwn() *own { return &own{moved: make(chan struct{}, 1)} }

// add adds a message that is in the log.
func (o *own) add(e wire.Envelope) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if n := len(o.messages); n > 0 && (o.messages[n-1].Sequence+1 != e.Sequence || o.bytes+len(e.Payload) > ownBytes) {
		o.messages, o.bytes = nil, 0
	}
	o.messages, o.bytes = append(o.messages, e), o.bytes+len(e.Payload)
}

// take returns the message with the sequence. If that is not held, it returns false and the
// sequence up to which the log must be read. It drops messages before the sequence.
func (o *own) take(sequence uint64) (e wire.Envelope, before uint64, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.messages) > 0 && o.messages[0].Sequence <= sequence {
		e = o.messages[0]
		o.messages[0] = wire.Envelope{} // so that its events can be freed
		o.messages, o.bytes = o.messages[1:], o.bytes-len(e.Payload)
		if e.Sequence == sequence {
			return e, 0, true
		}
	}
	if len(o.messages) > 0 {
		return wire.Envelope{}, o.messages[0].Sequence - 1, false
	}
	return wire.Envelope{}, math.MaxUint64, false
}

// wake tells the reader that the log has grown.
func (o *own) wake() {
	select {
	case o.moved <- struct{}{}:
	default:
	}
}
