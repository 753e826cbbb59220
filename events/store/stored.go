package store

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/muster-dev/muster/events/wire"
)

// storedMessage is a message as a stream has it, whoever has written it.
type storedMessage struct {
	Sequence uint64
	Time     time.Time // when JetStream has stored it
	Subject  string
	Header   []byte // as on the wire; empty if there is none, or if they are in parsed
	Data     []byte

	parsed    nats.Header
	partition int
	stream    string // for errors
	foreign   string // why Muster cannot have written it; see block.Record
}

// envelope parses the message.
func (m *storedMessage) envelope() (wire.Envelope, error) {
	headers, err := m.headers()
	if err != nil {
		return wire.Envelope{}, err
	}
	return wire.ParseEnvelope(m.Sequence, headers.Get, m.Data)
}

// headers decodes the headers of a message that Muster can have written.
func (m *storedMessage) headers() (nats.Header, error) {
	switch {
	case m.foreign != "":
		return nil, fmt.Errorf("message %d of %s: %s: %w", m.Sequence, m.stream, m.foreign, wire.ErrDamaged)
	case m.Subject != logSubject(m.partition):
		return nil, fmt.Errorf("message %d of %s has the subject %.40q: %w", m.Sequence, m.stream, m.Subject, wire.ErrDamaged)
	case len(m.parsed) > 0:
		return m.parsed, nil
	case len(m.Header) == 0:
		return nil, fmt.Errorf("message %d of %s has no headers: %w", m.Sequence, m.stream, wire.ErrDamaged)
	}
	return decodeHeaders(m.stream, m.Sequence, m.Header)
}

// decode reads the events of a message that must follow the checkpoint.
func (m *storedMessage) decode(after wire.Checkpoint) (wire.Message, error) {
	e, err := m.envelope()
	if err != nil {
		return wire.Message{}, err
	}
	return e.Decode(after)
}

// sum returns a hash of all that a copy of the message has, too: everything but the time and
// the order of the headers, which a client writes in any order.
func (m *storedMessage) sum() (sum [32]byte, err error) {
	headers, err := m.headers()
	if err != nil {
		return sum, err
	}
	h := sha256.New()
	part := func(b []byte) {
		_, _ = h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(b))))
		_, _ = h.Write(b)
	}
	part(binary.BigEndian.AppendUint64(nil, m.Sequence))
	part([]byte(m.Subject))
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		part([]byte(name))
		for _, value := range headers[name] {
			part([]byte(value))
		}
	}
	part(m.Data)
	h.Sum(sum[:0])
	return sum, nil
}

// headerWrapped is the header of a message in the stream of a repair that holds the headers of
// the message that it is a copy of, in base64. JetStream would act on some of them.
const headerWrapped = "Muster-Repair-Headers"

// wrap returns a copy of the message for the stream of a repair.
func (m *storedMessage) wrap() (*nats.Msg, error) {
	headers, err := m.headers()
	if err != nil {
		return nil, err
	}
	text := []byte("NATS/1.0\r\n")
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		for _, value := range headers[name] {
			text = fmt.Appendf(text, "%s: %s\r\n", name, value)
		}
	}
	text = append(text, "\r\n"...)
	return &nats.Msg{
		Subject: repairSubject(m.partition), Data: m.Data,
		Header: nats.Header{headerWrapped: {base64.StdEncoding.EncodeToString(text)}},
	}, nil
}

// unwrap makes the message of such a copy the one that it is a copy of.
func (m *storedMessage) unwrap() error {
	headers := m.parsed
	if len(headers) == 0 {
		var err error
		if headers, err = decodeHeaders(m.stream, m.Sequence, m.Header); err != nil {
			return err
		}
	}
	var err error
	m.Header, err = base64.StdEncoding.DecodeString(headers.Get(headerWrapped))
	m.parsed, m.Subject = nil, logSubject(m.partition)
	if err != nil {
		return fmt.Errorf("message %d of %s: header %s: %w", m.Sequence, m.stream, headerWrapped, err)
	}
	return nil
}

// again returns the message for publishing it again on the subject.
func (m *storedMessage) again(subject string) (*nats.Msg, error) {
	headers, err := m.headers()
	return &nats.Msg{Subject: subject, Header: headers, Data: m.Data}, err
}
