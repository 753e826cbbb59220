package wire

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/muster-dev/muster/domain"
)

// The data of a sealed profile is what these are, with the sealed text and the key's id
// between them.
const (
	sealedOpening = `{"profile":{"sealed":"`
	sealedMiddle  = `","key":"`
	sealedAfter   = `,"key":"` // where the quote has been read with the text
	sealedEnd     = `"}}`
)

// AppendProfile appends the JSON form of a profile. It is what is sealed.
func AppendProfile(b []byte, facts domain.ProfileFacts) ([]byte, error) {
	w := writer{b: b}
	w.profile(facts)
	return w.b, w.err
}

// ParseProfile reads what [AppendProfile] wrote.
func ParseProfile(b []byte) (facts domain.ProfileFacts, err error) {
	q := quick{b: b, ok: true}
	if facts = q.profile(); q.ok && len(q.b) == 0 {
		return facts, nil
	}
	err = json.Unmarshal(b, &facts, strict)
	return facts, err
}

// profile writes the JSON form of a profile.
func (w *writer) profile(facts domain.ProfileFacts) {
	w.b = append(w.b, `{"email":`...)
	w.quote(facts.Email)
	w.b = append(w.b, `,"name":{"first":`...)
	w.quote(facts.Name.First)
	w.must("last", facts.Name.Last)
	w.b = append(w.b, '}')
	w.text("avatar_url", facts.AvatarURL)
	w.b = append(w.b, '}')
}

// profile reads what [writer.profile] wrote.
func (q *quick) profile() (facts domain.ProfileFacts) {
	q.must(`{"email":"`)
	facts.Email = string(q.text())
	q.must(`,"name":{"first":"`)
	facts.Name.First = string(q.text())
	q.must(`,"last":"`)
	facts.Name.Last = string(q.text())
	q.must(`}`)
	if q.has(`,"avatar_url":"`) {
		facts.AvatarURL = string(q.text())
	}
	q.must(`}`)
	return facts
}

// sealable returns the codec with a decoder that also reads a sealed profile, and the data
// that is shown of an erased one.
func sealable(c codec) codec {
	inClear := c.decode
	c.decode = func(data jsontext.Value, about domain.About) (domain.Event, error) {
		var sealed struct {
			Profile *struct {
				Text *string              `json:"sealed"`
				Key  domain.PersonalKeyID `json:"key"`
			} `json:"profile"`
			Erased bool `json:"erased"`
		}
		if err := json.Unmarshal(data, &sealed); err != nil {
			return nil, err
		}
		set := domain.UserProfileSet{About: about, Erased: sealed.Erased}
		switch {
		case sealed.Erased && sealed.Profile == nil:
			return set, json.Unmarshal(data, &sealed, strict)
		case sealed.Erased || sealed.Profile == nil:
			return nil, errors.New("the data has no profile, or one that was erased")
		case sealed.Profile.Text == nil:
			return inClear(data, about)
		case !isBase64(*sealed.Profile.Text) || sealed.Profile.Key.IsZero():
			return nil, errors.New("the sealed profile is not base64, or has no key")
		}
		set.Sealed = domain.SealedProfile{Key: sealed.Profile.Key, Text: *sealed.Profile.Text}
		return set, json.Unmarshal(data, &sealed, strict)
	}
	return c
}

// isBase64 reports whether the text can be base64 (RFC 4648, section 4) of something.
func isBase64(text string) bool {
	digits := strings.TrimRight(text, "=")
	if len(text)%4 != 0 || len(text) == 0 || len(text)-len(digits) > 2 {
		return false
	}
	for i := range len(digits) {
		switch c := digits[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '+', c == '/':
		default:
			return false
		}
	}
	return true
}

// dataOf is how the data of an event begins. It is the last member of the event.
const dataOf = `,"data":`

// WithData returns the CloudEvent with the data that the event has. What [Encode] writes has
// its data at the end, so everything before it stays as it is, byte for byte.
func WithData(stored []byte, e domain.Event) ([]byte, error) {
	set, ok := e.(domain.UserProfileSet)
	at := bytes.LastIndex(stored, []byte(dataOf+sealedOpening))
	if !ok || at < 0 {
		return nil, fmt.Errorf("%T: the event has no sealed profile", e)
	}
	set.Sealed = domain.SealedProfile{}
	w := writer{b: append(make([]byte, 0, len(stored)), stored[:at]...)}
	w.data(set)
	return append(w.b, '}'), w.err
}
