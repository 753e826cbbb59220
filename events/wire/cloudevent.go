package wire

import (
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/muster-dev/muster/domain"
)

// strict refuses unknown members, which would otherwise be dropped silently.
var strict = json.RejectUnknownMembers(true)

// form is how the data of an event is written. A nil list is written as null, so that it
// differs from an empty one, and a time has the same form as the event's own time.
var form = json.JoinOptions(
	json.FormatNilSliceAsNull(true),
	json.WithMarshalers(json.MarshalFunc(func(t time.Time) ([]byte, error) { return instant{t}.MarshalJSON() })),
)

// cloudEvent is the wire form: CloudEvents 1.0 in JSON, with Muster's extension
// attributes. [Encode] writes its members one by one.
type cloudEvent struct {
	SpecVersion     string                `json:"specversion"`
	ID              domain.EventID        `json:"id"`
	Source          string                `json:"source"`
	Type            string                `json:"type"`
	Subject         string                `json:"subject,omitzero"`
	Time            instant               `json:"time"`
	DataContentType string                `json:"datacontenttype"`
	DataSchema      *string               `json:"dataschema,omitzero"` // nil: before there was one
	Sequence        Position              `json:"sequence"`
	OrganizationID  domain.OrganizationID `json:"organizationid"`
	WorkspaceID     domain.WorkspaceID    `json:"workspaceid,omitzero"`
	UserID          domain.UserID         `json:"userid,omitzero"`
	AuthType        domain.ActorKind      `json:"authtype"`
	AuthID          string                `json:"authid"`
	OnBehalfOf      domain.UserID         `json:"onbehalfof,omitzero"`
	CommandID       domain.CommandID      `json:"commandid"`
	RequestHash     domain.Hash           `json:"requesthash,omitzero"`
	CausationID     domain.EventID        `json:"causationid,omitzero"`
	Reason          string                `json:"reason,omitzero"`
	Schema          int                   `json:"schema"`
	Data            jsontext.Value        `json:"data"`
}

const (
	specVersion  = "1.0" // of CloudEvents
	sourcePrefix = "/organizations/"
	jsonType     = "application/json"
	contentType  = `,"datacontenttype":"` + jsonType + `"`
)

// instant is a time on the wire: RFC 3339 in UTC with three digits of milliseconds.
// A more precise time, which only another writer can have made, keeps all its digits. Any
// RFC 3339 time is accepted when reading, because times in the data of old events have no
// trailing zeros.
type instant struct{ time.Time }

// MarshalJSON replaces the method of [time.Time], which leaves out trailing zeros.
func (t instant) MarshalJSON() ([]byte, error) { return t.append(make([]byte, 0, 32)), nil }
