package events

import (
	"time"

	"github.com/muster-dev/muster/domain"
)

// Entry is an event of the log, decoded, beside the CloudEvent that it was
// decoded from.
type Entry struct {
	domain.Recorded
	// JSON is the CloudEvent as it is stored and as subscribers get it.
	JSON []byte
}

// Batch is one message of the log: the events of one or more commands, which
// became durable together.
type Batch struct {
	Partition int
	// Message is the sequence of the message in its stream.
	Message uint64
	// Hash is the link of the chain that ends with this message.
	Hash domain.Hash
	// Entries are never empty.
	Entries []Entry

	writer string // the process that appended the message
}

// First answers the number of the batch's first event.
func (b Batch) First() uint64 { return b.Entries[0].Number }

// Last answers the number of the batch's last event.
func (b Batch) Last() uint64 { return b.Entries[len(b.Entries)-1].Number }

// Checkpoint answers the checkpoint of whoever has applied the batch.
func (b Batch) Checkpoint() Checkpoint {
	last := &b.Entries[len(b.Entries)-1]
	return Checkpoint{
		Position: Position{b.Partition, last.Number},
		Message:  b.Message, Hash: b.Hash, Time: last.Time, ID: last.ID,
	}
}

// Checkpoint is how far somebody has read a partition. The zero value, but for
// the partition, has read nothing.
type Checkpoint struct {
	Position
	Message uint64         // sequence of the last message read
	Hash    domain.Hash    // its link of the chain
	Time    time.Time      // of its last event
	ID      domain.EventID // of its last event
}
