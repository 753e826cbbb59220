package wire

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"

	"github.com/muster-dev/muster/domain"
)

// The headers of a message of the log.
const (
	headerContentType = "Content-Type"
	headerFirst       = "Muster-First"    // number of the message's first event
	headerPrevious    = "Muster-Previous" // link of the chain that ends with the message before
	headerWriter      = "Muster-Writer"   // the process that appended it; not part of the chain

	batchContentType = "application/cloudevents-batch+json"
)

// ErrDamaged reports that a message of the log has changed since it was written, or is
// not in its place.
var ErrDamaged = errors.New("the log is damaged")

// Envelope is a message of the log whose events have not been decoded.
type Envelope struct {
	Sequence uint64      // of the message in its stream
	First    uint64      // number of its first event
	Previous domain.Hash // link of the chain that ends with the message before
	Writer   string      // the process that appended it
	Payload  []byte      // a JSON array of CloudEvents

	// What the process that has made the message knows of it already.
	entries []Entry     // its events; nil if they must be decoded
	link    domain.Hash // what Link returns, if entries is not nil
}

// Next returns the envelope that continues the log after the checkpoint.
func Next(after Checkpoint, writer string, payload []byte) Envelope {
	return Envelope{
		Sequence: after.Message + 1, First: after.Number + 1, Previous: after.Hash,
		Writer: writer, Payload: payload,
	}
}

// MadeOf returns the envelope with the events that its payload was made from, so that
// [Envelope.Decode] need not decode it. Neither the payload nor the entries may be changed
// afterwards.
func (e Envelope) MadeOf(entries []Entry) Envelope {
	e.link, e.entries = e.Link(), entries
	return e
}

// ParseEnvelope reads the headers of a message. The function header returns the
// value of a header, or "" if the message lacks it. The envelope keeps the payload.
// The error wraps [ErrDamaged].
func ParseEnvelope(sequence uint64, header func(name string) string, payload []byte) (Envelope, error) {
	e := Envelope{Sequence: sequence, Writer: header(headerWriter), Payload: payload}
	first, previous := header(headerFirst), header(headerPrevious)
	var err error
	if e.First, err = strconv.ParseUint(first, 10, 64); err != nil || e.First == 0 {
		return e, fmt.Errorf("message %d: header %s: %.20q is not a number: %w", sequence, headerFirst, first, ErrDamaged)
	}
	if err := e.Previous.UnmarshalText([]byte(previous)); err != nil {
		return e, fmt.Errorf("message %d: header %s: %w: %w", sequence, headerPrevious, err, ErrDamaged)
	}
	return e, nil
}

// Headers returns the headers to store the message with, by name.
func (e Envelope) Headers() map[string]string {
	previous, _ := e.Previous.MarshalText() // never fails
	return map[string]string{
		headerContentType: batchContentType,
		headerFirst:       strconv.FormatUint(e.First, 10),
		headerPrevious:    string(previous),
		headerWriter:      e.Writer,
	}
}

// Link returns the link of the chain that ends with the message.
func (e Envelope) Link() domain.Hash {
	if e.entries != nil {
		return e.link
	}
	h := sha256.New()
	h.Write(e.Previous[:])
	var first [8]byte
	binary.BigEndian.PutUint64(first[:], e.First)
	h.Write(first[:])
	h.Write(e.Payload)
	var sum domain.Hash
	h.Sum(sum[:0])
	return sum
}

// Decode reads the events of a message that must follow the checkpoint: it must be the
// next message, start with the next event and continue the chain. The error wraps
// [ErrDamaged], [ErrUnknownType] or [ErrUnknownSchema].
func (e Envelope) Decode(after Checkpoint) (Message, error) {
	switch {
	case e.Sequence != after.Message+1:
		return Message{}, fmt.Errorf("message %d follows message %d: messages are missing: %w", e.Sequence, after.Message, ErrDamaged)
	case e.First != after.Number+1:
		return Message{}, fmt.Errorf("message %d starts with event %d after event %d: %w", e.Sequence, e.First, after.Number, ErrDamaged)
	case e.Previous != after.Hash:
		return Message{}, fmt.Errorf("message %d does not continue the chain of message %d: %w", e.Sequence, after.Message, ErrDamaged)
	}
	return e.DecodeAlone(after.Partition)
}

// DecodeAlone reads the events of a message of the partition without checking its
// place in the chain.
func (e Envelope) DecodeAlone(partition int) (Message, error) {
	if e.entries != nil {
		return Message{Partition: partition, Sequence: e.Sequence, Hash: e.link, Entries: e.entries, Writer: e.Writer}, nil
	}
	if entries, ok := quickly(e.Payload, Position{partition, e.First}); ok {
		return Message{Partition: partition, Sequence: e.Sequence, Hash: e.Link(), Entries: entries, Writer: e.Writer}, nil
	}
	values, err := split(e.Payload)
	if err != nil {
		return Message{}, fmt.Errorf("message %d: %w: %w", e.Sequence, err, ErrDamaged)
	}
	m := Message{
		Partition: partition, Sequence: e.Sequence, Hash: e.Link(),
		Entries: make([]Entry, len(values)), Writer: e.Writer,
	}
	for i, value := range values {
		entry, position, err := Decode(value)
		if err != nil {
			return Message{}, fmt.Errorf("message %d: %w", e.Sequence, err)
		}
		if want := (Position{partition, e.First + uint64(i)}); position != want {
			return Message{}, fmt.Errorf("message %d: the event at %s says that it is at %s: %w", e.Sequence, want, position, ErrDamaged)
		}
		m.Entries[i] = entry
	}
	return m, nil
}
