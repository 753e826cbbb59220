package events

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/nats-io/nats.go"

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

// ErrDamaged is that a message of the log is not as it was written, or not where
// it was.
var ErrDamaged = errors.New("the log is damaged")

// link answers the link of the chain that ends with a message: the SHA-256 of
// the previous link, the number of the message's first event as 8 bytes with the
// highest first, and the payload.
func link(previous domain.Hash, first uint64, payload []byte) domain.Hash {
	h := sha256.New()
	h.Write(previous[:])
	var number [8]byte
	binary.BigEndian.PutUint64(number[:], first)
	h.Write(number[:])
	h.Write(payload)
	var sum domain.Hash
	h.Sum(sum[:0])
	return sum
}

// message makes the log's message that continues after the checkpoint.
func message(subject, writer string, after Checkpoint, payload []byte) *nats.Msg {
	previous, _ := after.Hash.MarshalText()
	return &nats.Msg{
		Subject: subject,
		Header: nats.Header{
			headerContentType: {batchContentType},
			headerFirst:       {strconv.FormatUint(after.Number+1, 10)},
			headerPrevious:    {string(previous)},
			headerWriter:      {writer},
		},
		Data: payload,
	}
}

// envelope is a stored message before its events are looked at.
type envelope struct {
	sequence uint64
	first    uint64
	previous domain.Hash
	writer   string
	payload  []byte
}

func open(sequence uint64, header nats.Header, payload []byte) (envelope, error) {
	m := envelope{sequence: sequence, writer: header.Get(headerWriter), payload: payload}
	var err error
	if m.first, err = strconv.ParseUint(header.Get(headerFirst), 10, 64); err != nil || m.first == 0 {
		return m, fmt.Errorf("message %d: header %s: %.20q is not a number: %w", sequence, headerFirst, header.Get(headerFirst), ErrDamaged)
	}
	if err := m.previous.UnmarshalText([]byte(header.Get(headerPrevious))); err != nil {
		return m, fmt.Errorf("message %d: header %s: %w: %w", sequence, headerPrevious, err, ErrDamaged)
	}
	return m, nil
}

// decode reads the events of a message that must follow the checkpoint: no
// message and no event between, and the chain unbroken.
func (m envelope) decode(after Checkpoint) (Batch, error) {
	switch {
	case m.sequence != after.Message+1:
		return Batch{}, fmt.Errorf("message %d follows message %d: messages are missing: %w", m.sequence, after.Message, ErrDamaged)
	case m.first != after.Number+1:
		return Batch{}, fmt.Errorf("message %d starts with event %d after event %d: %w", m.sequence, m.first, after.Number, ErrDamaged)
	case m.previous != after.Hash:
		return Batch{}, fmt.Errorf("message %d does not continue the chain of message %d: %w", m.sequence, after.Message, ErrDamaged)
	}
	return m.decodeAlone(after.Partition)
}

// decodeAlone reads the events of a message without looking at its place in the
// chain.
func (m envelope) decodeAlone(partition int) (Batch, error) {
	values, err := split(m.payload)
	if err != nil {
		return Batch{}, fmt.Errorf("message %d: %w: %w", m.sequence, err, ErrDamaged)
	}
	batch := Batch{
		Partition: partition, Message: m.sequence, Hash: link(m.previous, m.first, m.payload),
		Entries: make([]Entry, len(values)), writer: m.writer,
	}
	for i, value := range values {
		entry, position, err := Decode(value)
		if err != nil {
			return Batch{}, fmt.Errorf("message %d: %w", m.sequence, err)
		}
		if want := (Position{partition, m.first + uint64(i)}); position != want {
			return Batch{}, fmt.Errorf("message %d: the event at %s says that it is at %s: %w", m.sequence, want, position, ErrDamaged)
		}
		batch.Entries[i] = entry
	}
	return batch, nil
}

// split answers the elements of a JSON array, as slices of it.
func split(payload []byte) ([]jsontext.Value, error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(payload))
	if t, err := d.ReadToken(); err != nil || t.Kind() != '[' {
		return nil, errors.New("the payload is not a JSON array")
	}
	var values []jsontext.Value
	for d.PeekKind() != ']' {
		v, err := d.ReadValue()
		if err != nil {
			return nil, fmt.Errorf("reading a JSON array: %w", err)
		}
		end := d.InputOffset()
		values = append(values, jsontext.Value(payload[end-int64(len(v)):end:end]))
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, fmt.Errorf("reading a JSON array: %w", err)
	}
	if int(d.InputOffset()) != len(payload) {
		return nil, errors.New("the payload goes on behind its JSON array")
	}
	if len(values) == 0 {
		return nil, errors.New("the payload holds no events")
	}
	return values, nil
}
