package wire

import (
	"bytes"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/muster-dev/muster/domain"
)

// quickly decodes a payload whose events are written exactly as [Encode] writes them, and
// which begins with the event at the position. It reports false for any other payload, also
// for one that is damaged. Everything that it accepts is accepted by [split] and [Decode],
// which check more and take several times as long.
func quickly(payload []byte, from Position) ([]Entry, bool) {
	q := quick{b: payload, ok: true}
	entries := make([]Entry, 0, len(payload)/usual+1)
	for opening := "["; q.ok && !q.has("]"); opening = "," {
		q.must(opening)
		entries = append(entries, Entry{})
		q.event(&entries[len(entries)-1])
		q.ok = q.ok && q.at == from
		from.Number++
	}
	return entries, q.ok && len(q.b) == 0 && len(entries) > 0
}

// usual is about the least size of a usual event in bytes.
const usual = 450

// quick reads JSON that has no whitespace between its tokens and its members in a known
// order. It is not ok any more once it has met anything else.
type quick struct {
	b  []byte // what has not been read
	ok bool

	at    Position // of the event that was read last
	about domain.About
}

// has reads the text if it comes next, and reports whether it does.
func (q *quick) has(text string) bool {
	if len(q.b) < len(text) || string(q.b[:len(text)]) != text {
		return false
	}
	q.b = q.b[len(text):]
	return true
}

func (q *quick) must(text string) {
	if !q.has(text) {
		q.ok = false
	}
}

// text reads up to the end of a string. It does not read escapes.
func (q *quick) text() []byte {
	plain := true
	for i, c := range q.b {
		switch {
		case c == '"':
			text := q.b[:i:i]
			q.b = q.b[i+1:]
			q.ok = q.ok && (plain || utf8.Valid(text))
			return text
		case c == '\\' || c < ' ':
			q.ok = false
			return nil
		case c >= utf8.RuneSelf:
			plain = false
		}
	}
	q.ok = false
	return nil
}

// read reads up to the end of a string into something that has a form as text.
func (q *quick) read(into interface{ UnmarshalText(text []byte) error }) {
	if text := q.text(); q.ok && into.UnmarshalText(text) != nil {
		q.ok = false
	}
}

// event reads a CloudEvent, and reports whether it is still ok. It decodes every attribute as
// [Decode] does.
func (q *quick) event(e *Entry) bool {
	begin, r := q.b, &e.Recorded
	q.about = domain.About{}
	q.must(`{"specversion":"` + specVersion + `","id":"`)
	q.read(&r.ID)
	q.must(`,"source":"`)
	q.text()
	q.must(`,"type":"`)
	c, known := codecs[string(q.text())]
	q.ok = q.ok && known
	if q.has(`,"subject":"`) {
		q.text()
	}
	q.must(`,"time":"`)
	q.read(&r.Time)
	if q.ok && !q.has(c.content) { // an earlier version wrote no dataschema
		q.must(contentType)
	}
	q.must(`,"sequence":"`)
	q.read(&q.at)
	q.must(`,"organizationid":"`)
	q.read(&q.about.Organization)
	if q.has(`,"workspaceid":"`) {
		q.read(&q.about.Workspace)
	}
	if q.has(`,"userid":"`) {
		q.read(&q.about.User)
	}
	q.must(`,"authtype":"`)
	r.Actor.Kind = kind(q.text())
	q.must(`,"authid":"`)
	r.Actor.ID = string(q.text())
	if q.has(`,"onbehalfof":"`) {
		q.read(&r.OnBehalfOf)
	}
	q.must(`,"commandid":"`)
	q.read(&r.Command)
	if q.has(`,"requesthash":"`) {
		q.read(&r.Request)
	}
	if q.has(`,"causationid":"`) {
		q.read(&r.Cause)
	}
	if q.has(`,"reason":"`) {
		r.Reason = string(q.text())
	}
	q.must(`,"schema":1,"data":`) // every schema is 1
	if q.ok && r.Actor.Kind == domain.ActorUser {
		q.ok = r.Actor.User.UnmarshalText([]byte(r.Actor.ID)) == nil
	}
	if q.ok && c.schema == 1 {
		r.Event = q.data(&c, q.about)
	}
	q.must("}")
	if q.ok = q.ok && r.Event != nil; !q.ok {
		return false
	}
	r.Number = q.at.Number
	size := len(begin) - len(q.b)
	e.Stored = begin[:size:size]
	return true
}

// kind returns the kind of actor with that name.
func kind(name []byte) domain.ActorKind {
	for _, known := range [...]domain.ActorKind{domain.ActorUser, domain.ActorToken, domain.ActorSystem} {
		if string(name) == string(known) {
			return known
		}
	}
	return domain.ActorKind(name)
}

// data reads the data of an event. It returns nil for data that cannot be read.
func (q *quick) data(c *codec, about domain.About) domain.Event {
	before := q.b
	switch c.eventType { // of what there is most
	case domain.MemberAdded{}.EventType():
		added := domain.MemberAdded{About: about}
		q.must(`{"membership_id":"`)
		q.read(&added.Membership)
		q.must(`,"role":"`)
		added.Role = domain.RoleKey(q.text())
		if q.must(`}`); q.ok {
			return added
		}
	case domain.UserProfileSet{}.EventType():
		set := domain.UserProfileSet{About: about}
		if q.has(sealedOpening) {
			set.Sealed.Text = string(q.text())
			q.must(sealedAfter)
			q.read(&set.Sealed.Key)
			if q.must(`}}`); q.ok && isBase64(set.Sealed.Text) && !set.Sealed.Key.IsZero() {
				return set
			}
			break
		}
		q.must(`{"profile":`)
		set.Profile = q.profile()
		if q.must(`}`); q.ok {
			return set
		}
	}
	q.b, q.ok = before, true
	d := jsontext.NewDecoder(bytes.NewBuffer(q.b))
	value, err := d.ReadValue()
	if err != nil {
		return nil
	}
	e, err := c.decode(value, about)
	if err != nil {
		return nil
	}
	q.b = q.b[d.InputOffset():]
	return e
}
