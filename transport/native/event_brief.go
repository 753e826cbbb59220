package native

import (
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/danielgtaylor/huma/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/transport"
)

// EventInBrief is an event without its data.
type EventInBrief struct {
	ID       domain.EventID `json:"id" bounds:"event" example:"01KHQ3M6Z8V2N4T7X9B1C3D5F7"`
	Position string         `json:"position" bounds:"position" example:"3-1042"`
	Type     string         `json:"type" bounds:"event_type" example:"muster.member.suspended"`
	Time     transport.Time `json:"time"`
	GrantedBy
	Reason *string `json:"reason" bounds:"reason" doc:"The Muster-Reason that it was done with; null for none." example:"Joined the team, ticket 4711"`
}

// EventData is the data of an event, as subscribers get it.
type EventData struct{ jsontext.Value }

// Schema documents that the data is an object. The catalogue says what is in it.
func (EventData) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}
}

// eventAt reads the organization's event with the number.
func eventAt(c *transport.Call, org domain.OrganizationID, number uint64) (*EventInBrief, EventData, error) {
	found, err := c.Log().EventAt(c, org, number)
	if err != nil {
		return nil, EventData{}, fmt.Errorf("the event %d: %w", number, err)
	}
	text, err := c.Log().Show(c, found)
	if err != nil {
		return nil, EventData{}, err
	}
	event, position, err := wire.Decode(text)
	if err != nil {
		return nil, EventData{}, err
	}
	var shown struct {
		Data jsontext.Value `json:"data"`
	}
	if err := json.Unmarshal(text, &shown); err != nil {
		return nil, EventData{}, err
	}
	return &EventInBrief{
		event.ID, position.String(), found.Type, transport.Time(event.Time),
		GrantedBy{event.Actor.Kind, event.Actor.ID, idOrNull(event.OnBehalfOf)},
		orNull(&event.Reason),
	}, EventData{shown.Data}, nil
}
