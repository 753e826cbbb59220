package native

import (
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/oklog/ulid/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/feed"
	"github.com/muster-dev/muster/transport"
)

// CloudEvent documents an event on the wire. It is never used to write one: see
// [RawEvent].
type CloudEvent struct {
	SpecVersion     string         `json:"specversion" enum:"1.0"`
	ID              string         `json:"id" bounds:"event" doc:"A ULID." example:"01KHQ3M6Z8V2N4T7X9B1C3D5F7"`
	Source          string         `json:"source" format:"uri-reference" maxLength:"51" pattern:"^[/]organizations/" example:"/organizations/019cc043-a7e5-7c21-b0d4-6f2e9a1c8b53"`
	Type            string         `json:"type" maxLength:"100" pattern:"^muster(\\.[a-z_]+)+$" example:"muster.member.role_changed"`
	Subject         string         `json:"subject,omitempty" maxLength:"200" pattern:"^\\S+$" example:"workspaces/019cc043-af91-783e-9927-3daab1cd9277/members/019cc043-b1a2-7d14-8f5c-0a7d3c5e9b10"`
	Time            time.Time      `json:"time" example:"2026-03-05T23:09:47.281Z"`
	DataContentType string         `json:"datacontenttype" enum:"application/json"`
	DataSchema      string         `json:"dataschema,omitempty" format:"uri" maxLength:"200" pattern:"^muster:[/][/]schemas[/][a-z_.]+[/][0-9]+$" doc:"Names the JSON Schema of the data. With the service's base URL and a slash in place of muster:// it is the address of that document. Events of before Muster wrote it have none." example:"muster://schemas/muster.member.role_changed/1"`
	Sequence        string         `json:"sequence" bounds:"position" doc:"The event's position. The events of an organization are totally ordered by it." example:"3-1042"`
	OrganizationID  string         `json:"organizationid" format:"uuid" example:"019cc043-a7e5-7c21-b0d4-6f2e9a1c8b53"`
	WorkspaceID     string         `json:"workspaceid,omitempty" format:"uuid" example:"019cc043-af91-783e-9927-3daab1cd9277"`
	UserID          string         `json:"userid,omitempty" format:"uuid" example:"019cc043-b1a2-7d14-8f5c-0a7d3c5e9b10"`
	AuthType        string         `json:"authtype" enum:"user,token,system"`
	AuthID          string         `json:"authid" bounds:"actor" example:"019cc043-b1a2-7d14-8f5c-0a7d3c5e9b11"`
	OnBehalfOf      string         `json:"onbehalfof,omitempty" format:"uuid"`
	CommandID       string         `json:"commandid" format:"uuid" example:"019cc043-c3d4-7e2f-a1b0-4c5d6e7f8091"`
	RequestHash     string         `json:"requesthash,omitempty" maxLength:"64" pattern:"^[0-9a-f]{64}$" doc:"The HMAC-SHA-256 of the request under a secret that Muster keeps, when it carried an Idempotency-Key. In events of older versions it is the plain SHA-256."`
	CausationID     string         `json:"causationid,omitempty" bounds:"event" doc:"The event that this one reverts, or that made Muster record this one; otherwise the first event of the same command, but not in that event itself."`
	Reason          string         `json:"reason,omitempty" bounds:"reason" example:"Joined the team, ticket 4711"`
	Schema          int            `json:"schema" bounds:"schema" doc:"The number of the data's shape." example:"1"`
	Data            map[string]any `json:"data" example:"{\"role\":{\"from\":\"viewer\",\"to\":\"editor\"}}"`
}

// RawEvent is a CloudEvent in the JSON that subscribers see.
type RawEvent struct{ jsontext.Value }

// Schema documents the event by [CloudEvent].
func (RawEvent) Schema(r huma.Registry) *huma.Schema {
	return r.Schema(reflect.TypeFor[CloudEvent](), true, "")
}

// EventList is a page of events.
type EventList struct {
	Items      []RawEvent `json:"items" bounds:"page" nullable:"false"`
	NextCursor *string    `json:"next_cursor" bounds:"cursor" doc:"The position to continue after, for the parameter after; null when there is no more now. A page without events can have one: a request looks at a bounded number of events." example:"3-1042"`
	Position   string     `json:"position" bounds:"position" doc:"How far the list has been read: pass it as after to continue." example:"3-1042"`
}

// AppendJSON appends the JSON that the tags of the fields describe.
func (l *EventList) AppendJSON(b []byte) []byte {
	b = appendList(append(b, `{"items":`...), l.Items, func(b []byte, e *RawEvent) []byte { return append(b, e.Value...) })
	b = append(b, `,"next_cursor":`...)
	if l.NextCursor == nil {
		b = append(b, "null"...)
	} else {
		b = appendText(b, *l.NextCursor)
	}
	return append(appendText(append(b, `,"position":`...), l.Position), '}')
}

// eventOperations returns the operations that read events. Lists that clients follow live
// are streams of s.
func eventOperations(s *streams) []transport.Operation {
	const path = "/v1/organizations/{organization}/events"
	const tag = "Events"
	return []transport.Operation{
		{
			ID: "list-events", Path: path,
			Reach: transport.ReachOrganization, Scope: "events:read", Tag: tag, Ticket: true,
			Summary:     "List, await or follow events",
			Description: "The organization's events in their order. With wait the response is delayed until there is an event, for that long at most. With Accept: text/event-stream they are a stream of server-sent events that stays open: id is the event's sequence, event its type, data the CloudEvent. Last-Event-ID resumes it without loss or repetition. A reader that is too slow is disconnected and can resume.",
			Document:    documentEvents,
			Do:          transport.Query(s.listEvents),
		},
		{
			ID: "get-event", Path: path + "/{event}",
			Reach: transport.ReachOrganization, Scope: "events:read", Tag: tag,
			Summary:     "Get an event",
			Description: "The event as it is in the log. What it says about a person is shown in the clear, or as erased once the person was.",
			Do:          transport.Query(getEvent),
		},
		revertOperation(path+"/{event}/revert", tag),
	}
}

// documentEvents documents the two forms of a list of events: JSON and a stream.
func documentEvents(op *huma.Operation, r huma.Registry) {
	op.Responses = map[string]*huma.Response{"200": {Description: "Events", Content: map[string]*huma.MediaType{
		"application/json":  {Schema: r.Schema(reflect.TypeFor[EventList](), true, "")},
		"text/event-stream": {Schema: &huma.Schema{Type: huma.TypeString}, Example: "id: 3-1042\nevent: muster.member.added\ndata: {\"specversion\": \"1.0\", \"type\": \"muster.member.added\", …}\n\n"},
	}}}
}

// EventPath is the part of a path that names an event.
type EventPath struct {
	OrganizationPath
	Event string `path:"event" bounds:"event" maxLength:"26" doc:"The event's id, a ULID." example:"01KHQ3M6Z8V2N4T7X9B1C3D5F7"`
}

// id returns the id if the token reaches the organization.
func (p *EventPath) id(c *transport.Call) (domain.EventID, error) {
	id, err := ulid.ParseStrict(p.Event)
	if err != nil {
		return id, transport.InvalidField("path.event", transport.CodeInvalidID, "a ULID is expected: 26 characters like 01KHQ3M6Z8V2N4T7X9B1C3D5F7")
	}
	return id, c.CheckOrganization(p.Organization)
}

// find returns the event if the token reaches it.
func (p *EventPath) find(c *transport.Call) (feed.Event, error) {
	id, err := p.id(c)
	if err != nil {
		return feed.Event{}, err
	}
	return c.Log().Find(c, p.Organization, id)
}

type getEventInput struct {
	EventPath
	transport.ReadHeaders
}

// EventAnswer is the answer to a query for one event.
type EventAnswer struct{ Body *RawEvent }

// AppendJSON appends the event as it is.
func (e *RawEvent) AppendJSON(b []byte) []byte { return append(b, e.Value...) }

func getEvent(c *transport.Call, in *getEventInput) (*EventAnswer, error) {
	event, err := in.find(c)
	if err != nil {
		return nil, err
	}
	shown, err := c.Log().Show(c, event)
	if err != nil {
		return nil, err
	}
	return &EventAnswer{&RawEvent{shown}}, nil
}
