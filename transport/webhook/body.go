package webhook

import (
	"errors"
	"fmt"
)

// The media types of bodies (CloudEvents 1.0, JSON event format §3 and §4).
const (
	eventType = "application/cloudevents+json"
	batchType = "application/cloudevents-batch+json"
)

// body is what a request sends.
type body struct {
	mediaType string
	id        string // of the last event
	text      []byte
}

// render makes the body of all the events. Without batch it can only have one.
func (to Endpoint) render(events [][]byte) (b body, err error) {
	switch {
	case len(events) == 0:
		return b, errors.New("there is no event to send")
	case to.Batch:
		b.mediaType, b.text = batchType, append(b.text, '[')
	case len(events) > 1:
		return b, fmt.Errorf("there are %d events to send, and the endpoint takes one at a time", len(events))
	default:
		b.mediaType = eventType
	}
	for i, event := range events {
		o, err := read(event)
		if err != nil {
			return b, err
		}
		if to.Profile {
			o.from, o.to = 0, 0
		}
		if i > 0 {
			b.text = append(b.text, ',')
		}
		b.text, b.id = o.appendThin(b.text, event), o.id
	}
	if to.Batch {
		b.text = append(b.text, ']')
	}
	return b, nil
}
