package subscriber

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// PingType is the type of the event that Muster sends to try whether a webhook works. It is
// in no log and has no position.
const PingType = "muster.subscription.ping"

// Event is a CloudEvent 1.0 with the attributes that Muster gives to it. Attributes that an
// event does not have are empty. New versions of Muster may add attributes and types: skip
// types that you do not know.
type Event struct {
	ID              string          `json:"id"`                        // a ULID, unique
	Source          string          `json:"source"`                    // /organizations/ and the organization's id
	Type            string          `json:"type"`                      // such as muster.member.added
	Subject         string          `json:"subject,omitempty"`         // what it happened to, within the organization
	Time            time.Time       `json:"time"`                      // when it was recorded
	DataContentType string          `json:"datacontenttype,omitempty"` // application/json
	DataSchema      string          `json:"dataschema,omitempty"`      // the name of the JSON Schema of Data
	Position        Position        `json:"sequence,omitzero"`         // its place in history; zero for a ping
	OrganizationID  string          `json:"organizationid,omitempty"`
	WorkspaceID     string          `json:"workspaceid,omitempty"`
	UserID          string          `json:"userid,omitempty"`      // the user that it concerns
	AuthType        string          `json:"authtype,omitempty"`    // user, token or system: who did it
	AuthID          string          `json:"authid,omitempty"`      // their id
	OnBehalfOf      string          `json:"onbehalfof,omitempty"`  // the user for whom it was done
	CommandID       string          `json:"commandid,omitempty"`   // events of one command share it
	RequestHash     string          `json:"requesthash,omitempty"` // of a request with an Idempotency-Key
	CausationID     string          `json:"causationid,omitempty"` // the id of the event that caused this one
	Reason          string          `json:"reason,omitempty"`      // the reason that the request gave
	Schema          int             `json:"schema,omitempty"`      // the number of the shape of Data
	Data            json.RawMessage `json:"data,omitempty"`        // what happened in detail

	// Raw is the JSON text that the event was read from, with attributes that this package
	// does not know.
	Raw json.RawMessage `json:"-"`
}

// UnmarshalJSON reads a CloudEvent in JSON. It keeps a copy of the text in Raw.
func (e *Event) UnmarshalJSON(text []byte) error {
	type attributes Event // without this method
	read := struct {
		*attributes
		SpecVersion string `json:"specversion"`
	}{attributes: new(attributes)}
	if err := json.Unmarshal(text, &read); err != nil {
		return err
	}
	switch {
	case read.SpecVersion != "1.0":
		return fmt.Errorf("a CloudEvent of version 1.0 is expected, not %.20q", read.SpecVersion)
	case read.ID == "" || read.Source == "" || read.Type == "":
		return errors.New("a CloudEvent with id, source and type is expected")
	case read.Position.IsZero() && read.Type != PingType:
		return errors.New("an event with a sequence is expected")
	}
	*e = Event(*read.attributes)
	e.Raw = bytes.Clone(text)
	return nil
}

// Decode reads the event's data into the value that into points to.
func (e *Event) Decode(into any) error {
	if len(e.Data) == 0 {
		return fmt.Errorf("%s %s has no data", e.Type, e.ID)
	}
	if err := json.Unmarshal(e.Data, into); err != nil {
		return fmt.Errorf("data of %s %s: %w", e.Type, e.ID, err)
	}
	return nil
}
