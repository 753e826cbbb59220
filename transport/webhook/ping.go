package webhook

import (
	"context"

	"github.com/go-json-experiment/json"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
)

// PingType is the type of the event that tries an endpoint. It is in no log and no feed, so
// it has no sequence.
const PingType = "muster.subscription.ping"

// ping is the event that tries an endpoint.
type ping struct {
	SpecVersion     string                `json:"specversion"`
	ID              domain.EventID        `json:"id"`
	Source          string                `json:"source"`
	Type            string                `json:"type"`
	Subject         string                `json:"subject"`
	Time            string                `json:"time"`
	DataContentType string                `json:"datacontenttype"`
	DataSchema      string                `json:"dataschema"`
	Organization    domain.OrganizationID `json:"organizationid"`
	Data            pingData              `json:"data"`
}

type pingData struct {
	Subscription domain.SubscriptionID `json:"subscription_id"`
}

// Ping sends a test event for a subscription, which is a CloudEvent of the type [PingType]
// with a new id. It is signed and sent like any other event, as a batch of one if the endpoint
// takes batches.
func (s *Sender) Ping(ctx context.Context, to Endpoint, org domain.OrganizationID, subscription domain.SubscriptionID) (Result, error) {
	now := s.options.Now()
	id := new(wire.EventIDs).Next(now)
	event, err := json.Marshal(ping{
		SpecVersion: "1.0", ID: id, Source: "/organizations/" + org.String(), Type: PingType,
		Subject: "subscriptions/" + subscription.String(), Time: now.UTC().Format("2006-01-02T15:04:05.000Z"),
		DataContentType: "application/json", DataSchema: wire.DataSchema(PingType, 1), Organization: org, Data: pingData{subscription},
	})
	if err != nil {
		return Result{Outcome: Failed, At: now, Error: "the event could not be prepared for sending", Cause: err}, nil
	}
	return s.Send(ctx, to, [][]byte{event})
}
