package seal

import (
	"context"
	"fmt"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// groupBytes is how many bytes of events a message has, as a group of commands has at most. Only a
// single command may have more.
const groupBytes = 256 << 10

// writer writes events to a log, many of them in each message, because each message is flushed. The
// events of one command are never in two messages.
type writer struct {
	to *log

	at      wire.Checkpoint // where the log ends
	message batch           // what the next message will have
	command batch           // the events of the last command
	last    domain.CommandID
}

// batch is events in a row.
type batch struct {
	bytes []byte // of the events, each with a comma before it
	count uint64
}

func (b *batch) add(stored []byte) {
	b.bytes = append(append(b.bytes, ','), stored...)
	b.count++
}

// add adds the next event of a partition. Partitions come one after the other.
func (w *writer) add(ctx context.Context, partition int, command domain.CommandID, stored []byte) error {
	if partition != w.at.Partition {
		if err := w.end(ctx); err != nil {
			return err
		}
		w.at = wire.Checkpoint{Position: wire.Position{Partition: partition}}
	}
	if command != w.last || command.IsZero() {
		if err := w.gather(ctx); err != nil {
			return err
		}
		w.last = command
	}
	w.command.add(stored)
	return nil
}

// gather puts the events of the last command into the next message. If they have no room there, it
// writes the message before.
func (w *writer) gather(ctx context.Context) error {
	if len(w.message.bytes)+len(w.command.bytes) > groupBytes {
		if err := w.write(ctx); err != nil {
			return err
		}
	}
	w.message.bytes = append(w.message.bytes, w.command.bytes...)
	w.message.count += w.command.count
	w.command = batch{w.command.bytes[:0], 0}
	return nil
}

// end writes what is left of a partition.
func (w *writer) end(ctx context.Context) error {
	if err := w.gather(ctx); err != nil {
		return err
	}
	w.last = domain.CommandID{}
	return w.write(ctx)
}

func (w *writer) write(ctx context.Context) error {
	if w.message.count == 0 {
		return nil
	}
	payload := append(w.message.bytes, ']')
	payload[0] = '['
	if len(payload) > store.MaxPayload {
		return fmt.Errorf("the events of one command before position %s have %d bytes when they are sealed, and a message has room for %d",
			wire.Position{Partition: w.at.Partition, Number: w.at.Number + w.message.count + 1}, len(payload), store.MaxPayload)
	}
	e := wire.Next(w.at, "muster audit seal", payload)
	if err := w.to.Partitions[w.at.Partition].Append(ctx, e); err != nil {
		return fmt.Errorf("writing message %d of partition %d: %w", e.Sequence, w.at.Partition, err)
	}
	w.at.Number, w.at.Message, w.at.Hash = w.at.Number+w.message.count, e.Sequence, e.Link()
	w.message = batch{} // the reader of the partition may keep the payload
	return nil
}
