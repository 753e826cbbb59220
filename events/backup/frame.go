package backup

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// messageLine is the line before the payload of a message of the log.
type messageLine struct {
	Message  uint64      `json:"message"`
	First    uint64      `json:"first"` // number of its first event
	Previous domain.Hash `json:"previous"`
	Writer   string      `json:"writer"`
	Size     int         `json:"size"` // of the payload
}

// noteLine is the line before the note of a subscription.
type noteLine struct {
	Subject string `json:"subject"`
	Size    int    `json:"size"` // of the note
}

// appendFrame writes a line and what follows it.
func appendFrame(to *bytes.Buffer, line any, content []byte) error {
	text, err := json.Marshal(line)
	if err != nil {
		return err
	}
	to.Write(text)
	to.WriteByte('\n')
	to.Write(content)
	to.WriteByte('\n')
	return nil
}

func appendMessage(to *bytes.Buffer, e wire.Envelope) error {
	return appendFrame(to, messageLine{e.Sequence, e.First, e.Previous, e.Writer, len(e.Payload)}, e.Payload)
}

func appendNote(to *bytes.Buffer, m store.Message) error {
	return appendFrame(to, noteLine{m.Subject, len(m.Data)}, m.Data)
}

// most is the most bytes that may follow a line. A message of the log has far fewer.
const most = 16 << 20

// errFrame reports that what a part holds has not the form that it should have.
var errFrame = errors.New("it has not the form of a part of a backup")

// nextFrame reads a line, and what follows it, as long as size says. It returns [io.EOF] at the end.
func nextFrame(r *bufio.Reader, line any, size func() int) ([]byte, error) {
	text, err := r.ReadBytes('\n')
	if errors.Is(err, io.EOF) && len(text) == 0 {
		return nil, io.EOF
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errFrame, err)
	}
	if err := json.Unmarshal(text, line); err != nil {
		return nil, fmt.Errorf("%w: %w", errFrame, err)
	}
	n := size()
	if n < 0 || n > most {
		return nil, fmt.Errorf("%w: %d bytes cannot follow a line", errFrame, n)
	}
	content := make([]byte, n+1)
	if _, err := io.ReadFull(r, content); err != nil {
		return nil, fmt.Errorf("%w: %w", errFrame, err)
	}
	if content[n] != '\n' {
		return nil, fmt.Errorf("%w: a line feed is missing", errFrame)
	}
	return content[:n], nil
}

// eachMessage calls use with the messages in the content of a part.
func eachMessage(content io.Reader, use func(wire.Envelope) error) error {
	r := bufio.NewReader(content)
	for {
		var line messageLine
		payload, err := nextFrame(r, &line, func() int { return line.Size })
		if err == io.EOF { //nolint:errorlint // and not one that says what is missing
			return nil
		}
		if err != nil {
			return err
		}
		e := wire.Envelope{Sequence: line.Message, First: line.First, Previous: line.Previous, Writer: line.Writer, Payload: payload}
		if err := use(e); err != nil {
			return err
		}
	}
}

// eachNote calls use with the notes in the content of a part.
func eachNote(content io.Reader, use func(store.Message) error) error {
	r := bufio.NewReader(content)
	for {
		var line noteLine
		data, err := nextFrame(r, &line, func() int { return line.Size })
		if err == io.EOF { //nolint:errorlint // and not one that says what is missing
			return nil
		}
		if err != nil {
			return err
		}
		if err := use(store.Message{Subject: line.Subject, Data: data}); err != nil {
			return err
		}
	}
}
