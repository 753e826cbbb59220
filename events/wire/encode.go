package wire

import (
	"fmt"

	"github.com/go-json-experiment/json"

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
	data, err := json.Marshal(r.Event, form)
	if err != nil {
		return nil, fmt.Errorf("encoding %s: %w", eventType, err)
	}
	about := r.Event.Concerns()
	ce, err := json.Marshal(&cloudEvent{
		SpecVersion: specVersion, ID: r.ID, Source: sourcePrefix + about.Organization.String(), Type: eventType,
		Subject: c.subject(r.Event), Time: instant{r.Time}, DataContentType: jsonType,
		Sequence:       Position{partition, r.Number},
		OrganizationID: about.Organization, WorkspaceID: about.Workspace, UserID: about.User,
		AuthType: r.Actor.Kind, AuthID: r.Actor.ID, OnBehalfOf: r.OnBehalfOf,
		CommandID: r.Command, RequestHash: r.Request, CausationID: r.Cause, Reason: r.Reason,
		Schema: c.schema, Data: data,
	})
	if err != nil {
		return nil, fmt.Errorf("encoding %s: %w", eventType, err)
	}
	return append(b, ce...), nil
}
