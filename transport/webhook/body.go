package webhook

import (
	"errors"
)

// The media types of bodies (CloudEvents 1.0, JSON event format §3 and §4).
const (
	eventType = "application/cloudevents+json"
	batchType = "application/cloudevents-batch+json"
)

// MaxBody is how long the body of a batch can be, in bytes. A batch that would be longer is
// cut short. A single event is always sent. It is never longer, because the log takes no
// longer ones.
const MaxBody = 1 << 20

// body is what a request sends.
type body struct {
	mediaType string
	id        string // of the last event
	text      []byte
	events    int // how many it holds
}

// render makes the body of as many of the events as fit, but of one at least. Without batch
// it is that of the first event.
func (to Endpoint) render(events [][]byte) (b body, err error) {
	if len(events) == 0 {
		return b, errors.New("there is no event to send")
	}
	b.mediaType = eventType
	if to.Batch {
		b.mediaType, b.text = batchType, append(b.text, '[')
	} else {
		events = events[:1]
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
			if len(b.text)+len(event)+len(",]") > MaxBody {
				break
			}
			b.text = append(b.text, ',')
		}
		b.text = o.appendThin(b.text, event)
		b.id, b.events = o.id, i+1
	}
	if to.Batch {
		b.text = append(b.text, ']')
	}
	return b, nil
}
