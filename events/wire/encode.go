package wire

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/oklog/ulid/v2"

	"github.com/muster-dev/muster/domain"
)

// Encode appends the CloudEvent of an event of the partition. It returns [ErrUnknownType]
// if the type has no codec.
func Encode(b []byte, partition int, r *domain.Recorded) ([]byte, error) {
	eventType := r.Event.EventType()
	c, ok := codecs[eventType]
	if !ok {
		return nil, fmt.Errorf("%s has no codec: %w", eventType, ErrUnknownType)
	}
	w := writer{b: b}
	w.attributes(c, partition, r)
	w.data(r.Event)
	if w.err != nil {
		return nil, fmt.Errorf("encoding %s: %w", eventType, w.err)
	}
	return append(w.b, '}'), nil
}

// writer writes a CloudEvent member by member, in the order of [cloudEvent]. Every command
// encodes its events, and this takes a fraction of what reflection over the type does.
type writer struct {
	b   []byte
	err error
}

// attributes writes everything that comes before the data.
func (w *writer) attributes(c codec, partition int, r *domain.Recorded) {
	about := r.Event.Concerns()
	w.b = append(w.b, `{"specversion":"`+specVersion+`","id":"`...)
	w.event(r.ID)
	w.b = append(w.b, `","source":"`+sourcePrefix...)
	w.b, _ = about.Organization.AppendText(w.b) // never fails
	w.b = append(w.b, `","type":"`...)
	w.b = append(w.b, c.eventType...)
	w.b = append(w.b, '"')
	w.text("subject", c.subject(r.Event))
	w.b = append(w.b, `,"time":`...)
	w.b = instant{r.Time}.append(w.b)
	w.b = append(append(w.b, c.content...), `,"sequence":"`...)
	w.b = Position{partition, r.Number}.append(w.b)
	w.b = append(w.b, `","organizationid":"`...)
	w.b, _ = about.Organization.AppendText(w.b)
	w.b = append(w.b, '"')
	id(w, "workspaceid", about.Workspace)
	id(w, "userid", about.User)
	w.must("authtype", string(r.Actor.Kind))
	w.must("authid", r.Actor.ID)
	id(w, "onbehalfof", r.OnBehalfOf)
	w.b = append(w.b, `,"commandid":"`...)
	w.b, _ = r.Command.AppendText(w.b)
	w.b = append(w.b, '"')
	if !r.Request.IsZero() {
		w.b = append(w.b, `,"requesthash":"`...)
		w.b = hex.AppendEncode(w.b, r.Request[:])
		w.b = append(w.b, '"')
	}
	if r.Cause != (domain.EventID{}) {
		w.b = append(w.b, `,"causationid":"`...)
		w.event(r.Cause)
		w.b = append(w.b, '"')
	}
	w.text("reason", r.Reason)
	w.b = append(w.b, `,"schema":`...)
	w.b = strconv.AppendInt(w.b, int64(c.schema), 10)
}

// data writes the event's own JSON form. Reflection takes several times as long as what is written
// here member by member, for the events of which there is most.
func (w *writer) data(e domain.Event) {
	w.b = append(w.b, `,"data":`...)
	switch e := e.(type) { //nolint:gochecksumtype // all others are written by reflection
	case domain.MemberAdded:
		if e.Permissions == nil && e.ExpiresAt.IsZero() {
			w.b = append(w.b, `{"membership_id":"`...)
			w.b, _ = e.Membership.AppendText(w.b) // never fails
			w.b = append(w.b, '"')
			w.must("role", string(e.Role))
			w.b = append(w.b, '}')
			return
		}
	case domain.UserProfileSet:
		switch {
		case !e.Sealed.Key.IsZero():
			w.b = append(append(append(w.b, sealedOpening...), e.Sealed.Text...), sealedMiddle...)
			w.b, _ = e.Sealed.Key.AppendText(w.b)
			w.b = append(w.b, sealedEnd...)
		case e.Erased:
			w.b = append(w.b, `{"profile":null,"erased":true}`...)
		default:
			w.b = append(w.b, `{"profile":`...)
			w.profile(e.Profile)
			w.b = append(w.b, '}')
		}
		return
	}
	data, err := json.Marshal(e, form)
	if err != nil && w.err == nil {
		w.err = err
	}
	w.b = append(w.b, data...)
}

// must writes a text, also an empty one.
func (w *writer) must(name, text string) {
	w.b = append(append(append(w.b, `,"`...), name...), `":`...)
	w.quote(text)
}

// quote writes a text as a JSON string.
func (w *writer) quote(text string) {
	b, err := jsontext.AppendQuote(w.b, text)
	if err != nil && w.err == nil {
		w.err = err
	}
	w.b = b
}

// text writes a text unless it is empty.
func (w *writer) text(name, text string) {
	if text != "" {
		w.must(name, text)
	}
}

// id writes an id unless it is zero.
func id[Kind any](w *writer, name string, id domain.ID[Kind]) {
	if id.IsZero() {
		return
	}
	w.b = append(append(append(w.b, `,"`...), name...), `":"`...)
	w.b, _ = id.AppendText(w.b) // never fails
	w.b = append(w.b, '"')
}

// event writes the id of an event.
func (w *writer) event(id domain.EventID) {
	at := len(w.b)
	w.b = append(w.b, make([]byte, ulid.EncodedSize)...)
	_ = id.MarshalTextTo(w.b[at:]) // fails only if there is not enough room
}

// append appends the time in quotes.
func (t instant) append(b []byte) []byte {
	layout := `"2006-01-02T15:04:05.000Z"`
	if t.Nanosecond()%int(time.Millisecond) != 0 {
		layout = `"2006-01-02T15:04:05.999999999Z"`
	}
	return t.UTC().AppendFormat(b, layout)
}
