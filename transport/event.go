package transport

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/oklog/ulid/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
)

// CloudEvent documents an event on the wire; what is sent is what stands in the
// log, byte for byte.
type CloudEvent struct {
	SpecVersion     string         `json:"specversion" enum:"1.0"`
	ID              string         `json:"id" maxLength:"26" pattern:"^[0-7][0-9A-HJKMNP-TV-Z]{25}$" doc:"A ULID." example:"01KHQ3M6Z8V2N4T7X9B1C3D5F7"`
	Source          string         `json:"source" format:"uri-reference" maxLength:"51" pattern:"^[/]organizations/" example:"/organizations/019cc043-a7e5-7c21-b0d4-6f2e9a1c8b53"`
	Type            string         `json:"type" maxLength:"100" pattern:"^muster(\\.[a-z_]+)+$" example:"muster.member.role_changed"`
	Subject         string         `json:"subject,omitempty" maxLength:"200" pattern:"^\\S+$" example:"workspaces/019cc043-af91-783e-9927-3daab1cd9277/members/019cc043-b1a2-7d14-8f5c-0a7d3c5e9b10"`
	Time            time.Time      `json:"time" example:"2026-03-05T23:09:47.281Z"`
	DataContentType string         `json:"datacontenttype" enum:"application/json"`
	Sequence        string         `json:"sequence" maxLength:"26" pattern:"^[0-9]+-[0-9]+$" doc:"The event's position. The events of an organization are totally ordered by it." example:"3-1042"`
	OrganizationID  string         `json:"organizationid" format:"uuid" example:"019cc043-a7e5-7c21-b0d4-6f2e9a1c8b53"`
	WorkspaceID     string         `json:"workspaceid,omitempty" format:"uuid" example:"019cc043-af91-783e-9927-3daab1cd9277"`
	UserID          string         `json:"userid,omitempty" format:"uuid" example:"019cc043-b1a2-7d14-8f5c-0a7d3c5e9b10"`
	AuthType        string         `json:"authtype" enum:"user,token,system"`
	AuthID          string         `json:"authid" example:"019cc043-b1a2-7d14-8f5c-0a7d3c5e9b11"`
	OnBehalfOf      string         `json:"onbehalfof,omitempty" format:"uuid"`
	CommandID       string         `json:"commandid" format:"uuid" example:"019cc043-c3d4-7e2f-a1b0-4c5d6e7f8091"`
	RequestHash     string         `json:"requesthash,omitempty" maxLength:"64" pattern:"^[0-9a-f]{64}$" doc:"The SHA-256 of the request, when it carried an Idempotency-Key."`
	CausationID     string         `json:"causationid,omitempty" maxLength:"26" pattern:"^[0-7][0-9A-HJKMNP-TV-Z]{25}$" doc:"The first event of the command that this one is of; not in that event itself."`
	Reason          string         `json:"reason,omitempty" example:"Joined the team, ticket 4711"`
	Schema          int            `json:"schema" doc:"The number of the data's shape." example:"1"`
	Data            map[string]any `json:"data" example:"{\"role\":{\"from\":\"viewer\",\"to\":\"editor\"}}"`
}

// RawEvent is a CloudEvent as it stands in the log.
type RawEvent struct{ jsontext.Value }

// Schema documents what is in it.
func (RawEvent) Schema(r huma.Registry) *huma.Schema {
	return r.Schema(reflect.TypeFor[CloudEvent](), true, "")
}

// EventList is a page of events.
type EventList struct {
	Items      []RawEvent `json:"items" nullable:"false"`
	NextCursor *string    `json:"next_cursor" doc:"The position to go on after, as after; null when there is no more now." example:"3-1042"`
	Position   string     `json:"position" doc:"Up to where has been looked: where to go on, as after, when there is more." example:"3-1042"`
}

func (l *EventList) appendJSON(b []byte) []byte {
	b = appendList(append(b, `{"items":`...), l.Items, func(b []byte, e *RawEvent) []byte { return append(b, e.Value...) })
	b = append(b, `,"next_cursor":`...)
	if l.NextCursor == nil {
		b = append(b, "null"...)
	} else {
		b = appendText(b, *l.NextCursor)
	}
	return append(appendText(append(b, `,"position":`...), l.Position), '}')
}

func (a *API) events() {
	const path = "/v1/organizations/{organization}/events"
	tags := []string{"Events"}
	registry := a.native.huma.OpenAPI().Components.Schemas
	list := huma.Operation{
		OperationID: "list-events", Path: path,
		Tags: tags, Security: scope("events:read"), Summary: "List, await or follow events",
		Description: "The organization's events in their order. With wait the answer is held back until there is one, as long as that. With Accept: text/event-stream they are a stream of server-sent events that goes on: id is the event's sequence, event its type, data the CloudEvent; Last-Event-ID resumes it without loss or repetition. A reader who is too slow is disconnected, and resumes.",
		Responses: map[string]*huma.Response{"200": {Description: "Events", Content: map[string]*huma.MediaType{
			"application/json":  {Schema: registry.Schema(reflect.TypeFor[EventList](), true, "")},
			"text/event-stream": {Schema: &huma.Schema{Type: huma.TypeString}, Example: "id: 3-1042\nevent: muster.member.added\ndata: {\"specversion\": \"1.0\", \"type\": \"muster.member.added\", …}\n\n"},
		}}},
	}
	query(a, list, a.listEvents)
	query(a, huma.Operation{
		OperationID: "get-event", Path: path + "/{event}",
		Tags: tags, Security: scope("events:read"), Summary: "Get an event",
		Description: "The event as it stands in the log.",
	}, a.getEvent)
}

type listEventsInput struct {
	OrganizationPath
	ReadHeaders
	After     string             `query:"after" maxLength:"100" doc:"Events after this: earliest, latest, a position like 3-1042, or a time (RFC 3339); earliest unless told otherwise." example:"3-1042"`
	LastID    string             `header:"Last-Event-ID" maxLength:"100" doc:"The id of the last event received, for a stream that resumes. It goes before after." example:"3-1042"`
	Types     []string           `query:"type,explode" nullable:"false" maxItems:"100" maxLength:"1000" pattern:"^[a-z_.*,]+$" doc:"Events of this type, or of all that begin like muster.member.*; several times, or with commas."`
	Workspace domain.WorkspaceID `query:"workspace_id" format:"uuid" doc:"Events that concern this workspace."`
	User      domain.UserID      `query:"user_id" format:"uuid" doc:"Events that concern this user."`
	Wait      int                `query:"wait" minimum:"0" maximum:"60" doc:"How many seconds to wait when there is no event yet."`
	PageSize  int                `query:"page_size" minimum:"1" maximum:"200" default:"50" doc:"How many items at most."`
}

func (a *API) listEvents(c *call, in *listEventsInput) (*huma.StreamResponse, error) {
	if err := c.findOrganization(in.Organization); err != nil {
		return nil, err
	}
	filter, err := in.filter()
	if err != nil {
		return nil, err
	}
	if err := a.waitForEvents(c, in.Organization); err != nil {
		return nil, err
	}
	after, err := a.numberOf(c, in)
	if err != nil {
		return nil, err
	}
	if strings.Contains(c.r.Header.Get("Accept"), "text/event-stream") {
		return &huma.StreamResponse{Body: func(huma.Context) { a.stream(c, filter, after) }}, nil
	}
	list, err := a.readEvents(c, filter, after, in)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(huma.Context) {
		c.SetHeader("Content-Type", "application/json")
		c.SetStatus(http.StatusOK)
		_ = writeBody(c.BodyWriter(), list)
	}}, nil
}

func (in *listEventsInput) filter() (events.Filter, error) {
	f := events.Filter{Organization: in.Organization, Workspace: in.Workspace, User: in.User}
	for _, list := range in.Types {
		for t := range strings.SplitSeq(list, ",") {
			if !knownType(t) {
				return f, invalid(FieldProblem{"query.type", codeInvalidValue, "a type like muster.member.added, or muster.member.*, is expected; " + typesLike(t)})
			}
			f.Types = append(f.Types, t)
		}
	}
	return f, nil
}

// knownType reports whether the text is a type of event, or the beginning of one
// with an asterisk behind it.
func knownType(text string) bool {
	beginning, open := strings.CutSuffix(text, "*")
	return slices.ContainsFunc(events.Types(), func(t string) bool {
		return t == text || open && beginning != "" && strings.HasPrefix(t, beginning)
	})
}

// typesLike says which types there are: of the noun that the text names, or else of
// which nouns.
func typesLike(text string) string {
	var same, nouns []string
	for _, t := range events.Types() {
		noun := t[:strings.LastIndexByte(t, '.')+1]
		nouns = append(nouns, noun+"*")
		if strings.HasPrefix(text, noun) {
			same = append(same, t)
		}
	}
	if same == nil {
		same = nouns
	}
	slices.Sort(same)
	return "there are " + strings.Join(slices.Compact(same), ", ")
}

// numberOf answers the number of the event after which to begin.
func (a *API) numberOf(c *call, in *listEventsInput) (uint64, error) {
	partition := a.log.Partition(in.Organization)
	text, pointer := in.After, "query.after"
	if in.LastID != "" {
		text, pointer = in.LastID, "header.Last-Event-ID"
	}
	switch text {
	case "", "earliest":
		return 0, nil
	case "latest":
		return a.log.Applied(partition).Number, nil
	}
	if position, err := events.ParsePosition(text); err == nil {
		if position.Partition != partition {
			return 0, invalid(FieldProblem{pointer, codeInvalidValue, "a position of this organization is expected: they begin with " + strconv.Itoa(partition) + "-"})
		}
		return position.Number, nil
	}
	// A plus that was not escaped arrives as a space.
	at, err := time.Parse(time.RFC3339, strings.ReplaceAll(text, " ", "+"))
	if err != nil {
		return 0, invalid(FieldProblem{pointer, codeInvalidValue, "earliest, latest, a position like 3-1042 or a time like 2026-03-05T23:09:47Z is expected"})
	}
	return a.log.NumberAt(c, partition, at)
}

// readEvents answers a page of events, and waits for the first one if told to.
func (a *API) readEvents(c *call, f events.Filter, after uint64, in *listEventsInput) (*EventList, error) {
	partition := a.log.Partition(f.Organization)
	ctx, cancel := a.whileServing(c, time.Duration(in.Wait)*time.Second)
	defer cancel()
	for {
		found, next, err := a.log.Events(c, f, after, in.PageSize)
		if err != nil {
			return nil, err
		}
		more := next < a.log.Applied(partition).Number
		if len(found) == 0 && in.Wait > 0 {
			if after = next; a.log.Wait(ctx, partition, after) == nil {
				continue
			}
			if c.Err() != nil {
				return nil, errGone
			}
		}
		position := events.Position{Partition: partition, Number: next}.String()
		list := &EventList{Items: make([]RawEvent, len(found)), Position: position}
		for i, e := range found {
			list.Items[i].Value = e.JSON
		}
		if more {
			list.NextCursor = &position
		}
		return list, nil
	}
}

// errGone ends what nobody waits for any more.
var errGone = errors.New("the client is gone")

// whileServing is the call's context, ended also after that time and when the
// service stops.
func (a *API) whileServing(c *call, most time.Duration) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(c, most)
	stop := context.AfterFunc(a.serving, cancel)
	return ctx, func() { stop(); cancel() }
}

type getEventInput struct {
	OrganizationPath
	Event string `path:"event" maxLength:"26" doc:"The event's id, a ULID." example:"01KHQ3M6Z8V2N4T7X9B1C3D5F7"`
	ReadHeaders
}

// EventAnswer is the answer to a query for one event.
type EventAnswer struct{ Body *RawEvent }

func (e *RawEvent) appendJSON(b []byte) []byte { return append(b, e.Value...) }

func (a *API) getEvent(c *call, in *getEventInput) (*EventAnswer, error) {
	id, err := ulid.ParseStrict(in.Event)
	if err != nil {
		return nil, invalid(FieldProblem{"path.event", codeInvalidID, "a ULID is expected: 26 characters like 01KHQ3M6Z8V2N4T7X9B1C3D5F7"})
	}
	if err := c.checkOrganization(in.Organization); err != nil {
		return nil, err
	}
	event, err := a.log.Find(c, in.Organization, id)
	if err != nil {
		return nil, err
	}
	return &EventAnswer{&RawEvent{event.JSON}}, nil
}
