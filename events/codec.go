package events

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/muster-dev/muster/domain"
)

// The ways in which a stored event can be beyond this version of Muster. A
// projection that meets one stops: silently dropping facts is how read models
// drift.
var (
	ErrUnknownType   = errors.New("unknown event type: a newer Muster wrote it")
	ErrUnknownSchema = errors.New("unknown schema of the event's data: a newer Muster wrote it")
)

// codecs is the whole format: every type that was ever written, with the schema
// of its data. The name on the wire is the event's own.
var codecs = table(
	of[domain.OrganizationCreated](1),
	of[domain.OrganizationRenamed](1),
	of[domain.OrganizationMemberAdded](1),
	of[domain.OrganizationMemberRoleChanged](1),
	of[domain.OrganizationMemberRemoved](1),
	of[domain.OrganizationMemberSuspended](1),
	of[domain.OrganizationMemberReinstated](1),
	of[domain.UserProfileSet](1),
	of[domain.WorkspaceCreated](1),
	of[domain.WorkspaceRenamed](1),
	of[domain.WorkspaceArchived](1),
	of[domain.WorkspaceRestored](1),
	of[domain.WorkspaceOwnershipTransferred](1),
	of[domain.MemberInvited](1),
	of[domain.MemberAdded](1),
	of[domain.MemberAccepted](1),
	of[domain.MemberInvitationRenewed](1),
	of[domain.MemberRoleChanged](1),
	of[domain.MemberPermissionsChanged](1),
	of[domain.MemberExpiryChanged](1),
	of[domain.MemberSuspended](1),
	of[domain.MemberReinstated](1),
	of[domain.MemberRemoved](1),
	of[domain.MemberLeft](1),
	of[domain.MemberExpired](1),
	of[domain.RoleCreated](1),
	of[domain.RoleUpdated](1),
	of[domain.RoleArchived](1),
	of[domain.TokenIssued](1),
	of[domain.TokenRotated](1),
	of[domain.TokenRevoked](1),
)

// codec reads and writes the data of one type of event.
type codec struct {
	eventType string
	schema    int
	decode    func(data jsontext.Value, about domain.About) (domain.Event, error)
}

// of is the codec of the event type E, whose data is E's own JSON form.
func of[E domain.Event, P interface {
	*E
	Concern(domain.About)
}](schema int,
) codec {
	var zero E
	return codec{zero.EventType(), schema, func(data jsontext.Value, about domain.About) (domain.Event, error) {
		e := new(E)
		if err := json.Unmarshal(data, e, strict); err != nil {
			return nil, err
		}
		P(e).Concern(about)
		return *e, nil
	}}
}

func table(list ...codec) map[string]codec {
	m := make(map[string]codec, len(list))
	for _, c := range list {
		m[c.eventType] = c
	}
	return m
}

// Types answers the names of all types of events, in no order.
func Types() []string {
	types := make([]string, 0, len(codecs))
	for t := range codecs {
		types = append(types, t)
	}
	return types
}

// strict refuses what would otherwise be dropped in silence.
var strict = json.RejectUnknownMembers(true)

// form is how the data of an event is written: no list is null, which tells it
// from an empty one, and a time is written as the event's own is.
var form = json.JoinOptions(
	json.FormatNilSliceAsNull(true),
	json.WithMarshalers(json.MarshalFunc(func(t time.Time) ([]byte, error) { return instant{t}.MarshalJSON() })),
)

// cloudEvent is the wire form: CloudEvents 1.0 in JSON, with Muster's extension
// attributes.
type cloudEvent struct {
	SpecVersion     string                `json:"specversion"`
	ID              domain.EventID        `json:"id"`
	Source          string                `json:"source"`
	Type            string                `json:"type"`
	Subject         string                `json:"subject,omitzero"`
	Time            instant               `json:"time"`
	DataContentType string                `json:"datacontenttype"`
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
)

// instant is a time on the wire: RFC 3339, UTC, always three digits of
// milliseconds, or as many as it has when somebody else wrote it with more. It is read
// as [time.Time] is: in the data of old events there are no zeros at the end.
type instant struct{ time.Time }

// MarshalJSON stands in for that of [time.Time], which leaves zeros at the end out.
func (t instant) MarshalJSON() ([]byte, error) {
	layout := `"2006-01-02T15:04:05.000Z"`
	if t.Nanosecond()%int(time.Millisecond) != 0 {
		layout = `"2006-01-02T15:04:05.999999999Z"`
	}
	return t.UTC().AppendFormat(make([]byte, 0, 32), layout), nil
}

// encode appends the CloudEvent of an event of the partition.
func encode(b []byte, partition int, r *domain.Recorded) ([]byte, error) {
	eventType := r.Event.EventType()
	c, ok := codecs[eventType]
	if !ok {
		return nil, fmt.Errorf("%s has no codec: %w", eventType, ErrUnknownType)
	}
	data, err := json.Marshal(r.Event, form)
	if err != nil {
		return nil, fmt.Errorf("encoding %s: %w", eventType, err)
	}
	about := r.Event.Concerns()
	wire, err := json.Marshal(&cloudEvent{
		SpecVersion: specVersion, ID: r.ID, Source: sourcePrefix + about.Organization.String(), Type: eventType,
		Subject: subject(r.Event), Time: instant{r.Time}, DataContentType: jsonType,
		Sequence:       Position{partition, r.Number},
		OrganizationID: about.Organization, WorkspaceID: about.Workspace, UserID: about.User,
		AuthType: r.Actor.Kind, AuthID: r.Actor.ID, OnBehalfOf: r.OnBehalfOf,
		CommandID: r.Command, RequestHash: r.Request, CausationID: r.Cause, Reason: r.Reason,
		Schema: c.schema, Data: data,
	})
	if err != nil {
		return nil, fmt.Errorf("encoding %s: %w", eventType, err)
	}
	return append(b, wire...), nil
}

// subject is the resource within the organization that the event is about; empty
// for the organization itself.
func subject(e domain.Event) string {
	switch e := e.(type) { //nolint:gochecksumtype // what stands beside the data says it for all others
	case domain.TokenIssued:
		return "tokens/" + e.Token.ID.String()
	case domain.TokenRotated:
		return "tokens/" + e.TokenID.String()
	case domain.TokenRevoked:
		return "tokens/" + e.TokenID.String()
	case domain.UserProfileSet:
		return "users/" + e.User.String()
	case domain.RoleCreated:
		return "roles/" + e.RoleID.String()
	case domain.RoleUpdated:
		return "roles/" + e.RoleID.String()
	case domain.RoleArchived:
		return "roles/" + e.RoleID.String()
	default:
		about := e.Concerns()
		var s strings.Builder
		if !about.Workspace.IsZero() {
			s.WriteString("workspaces/" + about.Workspace.String())
			if !about.User.IsZero() {
				s.WriteByte('/')
			}
		}
		if !about.User.IsZero() {
			s.WriteString("members/" + about.User.String())
		}
		return s.String()
	}
}

// Decode reads a CloudEvent that [Log] wrote. Attributes and data that this
// version does not know are errors, not ignored; [ErrUnknownType] and
// [ErrUnknownSchema] say that a newer version wrote them. The entry keeps the
// slice.
func Decode(wire []byte) (Entry, Position, error) {
	var ce cloudEvent
	if err := json.Unmarshal(wire, &ce, strict); err != nil {
		return Entry{}, Position{}, fmt.Errorf("decoding a CloudEvent: %w", err)
	}
	fail := func(err error) (Entry, Position, error) {
		return Entry{}, ce.Sequence, fmt.Errorf("event %s at %s, %.80q schema %d: %w", ce.ID, ce.Sequence, ce.Type, ce.Schema, err)
	}
	if ce.SpecVersion != specVersion {
		return fail(fmt.Errorf("CloudEvents %.20q, not %s", ce.SpecVersion, specVersion))
	}
	c, ok := codecs[ce.Type]
	if !ok {
		return fail(ErrUnknownType)
	}
	if ce.Schema != c.schema {
		return fail(ErrUnknownSchema)
	}
	event, err := c.decode(ce.Data, domain.About{Organization: ce.OrganizationID, Workspace: ce.WorkspaceID, User: ce.UserID})
	if err != nil {
		return fail(err)
	}
	actor := domain.Actor{Kind: ce.AuthType, ID: ce.AuthID}
	if actor.Kind == domain.ActorUser {
		if err = actor.User.UnmarshalText([]byte(actor.ID)); err != nil {
			return fail(err)
		}
	}
	return Entry{
		Recorded: domain.Recorded{
			ID: ce.ID, Event: event, Number: ce.Sequence.Number, Time: ce.Time.Time,
			Actor: actor, OnBehalfOf: ce.OnBehalfOf, Command: ce.CommandID, Request: ce.RequestHash,
			Cause: ce.CausationID, Reason: ce.Reason,
		},
		JSON: wire,
	}, ce.Sequence, nil
}
