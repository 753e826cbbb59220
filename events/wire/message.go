package wire

import (
	"time"

	"github.com/muster-dev/muster/domain"
)

// Entry is a decoded event of the log, with the CloudEvent that it was decoded from.
type Entry struct {
	domain.Recorded
	// Stored is the CloudEvent as it is in the log and in the feed: what the chain hashes
	// and what an audit checks. A profile in it may be sealed.
	Stored []byte
}

// Message is one decoded message of the log: the events of one or more commands, which
// became durable together.
type Message struct {
	Partition int
	// Sequence is the number of the message in its stream.
	Sequence uint64
	// Hash is the link of the chain that ends with this message.
	Hash domain.Hash
	// Entries is never empty in a message of the log.
	Entries []Entry
	// Writer names the process that appended the message.
	Writer string
}

// First returns the number of the message's first event.
func (m Message) First() uint64 { return m.Entries[0].Number }

// Last returns the number of the message's last event.
func (m Message) Last() uint64 { return m.Entries[len(m.Entries)-1].Number }

// Size returns how many bytes its events take.
func (m Message) Size() (bytes int) {
	for i := range m.Entries {
		bytes += len(m.Entries[i].Stored)
	}
	return bytes
}

// Checkpoint returns the checkpoint of a reader that has applied the message.
func (m Message) Checkpoint() Checkpoint {
	last := &m.Entries[len(m.Entries)-1]
	return Checkpoint{
		Position: Position{m.Partition, last.Number},
		Message:  m.Sequence, Hash: m.Hash, Time: last.Time, ID: last.ID,
	}
}

// Checkpoint is how far a reader has read a partition. If everything but the
// partition is zero, nothing has been read.
type Checkpoint struct {
	Position
	Message uint64         // sequence of the last message read
	Hash    domain.Hash    // its link of the chain
	Time    time.Time      // of its last event
	ID      domain.EventID // of its last event
}
