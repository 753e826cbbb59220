package store

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"
	"unicode/utf8"
)

// CutMessage is a message that a repair takes out of the log, as its backup holds it: one JSON
// object a line. Headers and payload are there as text if they are UTF-8, and otherwise in
// base64. Together with the subject that is everything that is needed to publish it again.
type CutMessage struct {
	Stream        string    `json:"stream"`
	Sequence      uint64    `json:"sequence"`
	Time          time.Time `json:"time"` // when JetStream has stored it
	Subject       string    `json:"subject"`
	Headers       *string   `json:"headers,omitempty"` // as on the wire; absent if there are none
	HeadersBase64 []byte    `json:"headers_base64,omitempty"`
	Payload       *string   `json:"payload,omitempty"`
	PayloadBase64 []byte    `json:"payload_base64,omitempty"`
	Size          int       `json:"size"` // bytes of the payload
}

// Cuts calls use with the messages that [Repair.Cut] takes away.
func (r *Repair) Cuts(ctx context.Context, s Survey, use func(CutMessage) error) error {
	return r.old.exactly(ctx, s.Valid.Message+1, s.Last, func(m storedMessage) error {
		c := CutMessage{Stream: r.Stream(), Sequence: m.Sequence, Time: m.Time.UTC(), Subject: m.Subject, Size: len(m.Data)}
		if len(m.Header) > 0 {
			c.Headers, c.HeadersBase64 = readable(m.Header)
		}
		c.Payload, c.PayloadBase64 = readable(m.Data)
		return use(c)
	})
}

// readable returns the bytes as a text, or else as they are.
func readable(b []byte) (*string, []byte) {
	if utf8.Valid(b) {
		return new(string(b)), nil
	}
	return nil, b
}

// Backup writes what [Repair.Cut] takes away, and returns how many messages that are.
func (r *Repair) Backup(ctx context.Context, s Survey, w io.Writer) (messages uint64, err error) {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	err = r.Cuts(ctx, s, func(m CutMessage) error {
		messages++
		return encoder.Encode(m)
	})
	if err != nil {
		return messages, fmt.Errorf("writing the backup: %w", err)
	}
	return messages, nil
}
