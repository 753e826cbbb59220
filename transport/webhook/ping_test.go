package webhook_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/cloudevents/sdk-go/v2/event"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/transport/webhook"
)

// A ping is a valid CloudEvent that is signed, and is in no log.
func TestPing(t *testing.T) {
	t.Parallel()
	org := domain.OrganizationID{0x01}
	subscription := domain.SubscriptionID{0x0c}
	now := time.Date(2026, 3, 5, 23, 9, 47, 281e6, time.FixedZone("", 3600))
	r := receive(t, nil)
	s := sender(t, webhook.Options{AllowPrivate: true, RootCAs: r.roots(), Now: func() time.Time { return now }})
	result, err := s.Ping(t.Context(), r.endpoint(), org, subscription)
	if err != nil || result.Outcome != webhook.Delivered {
		t.Fatalf("%+v, %v", result, err)
	}
	in := r.requests()[0]
	var e event.Event
	if err := json.Unmarshal(in.body, &e); err != nil {
		t.Fatal(err)
	}
	if err := e.Validate(); err != nil {
		t.Error(err)
	}
	equal(t, "id", in.header.Get("webhook-id"), e.ID())
	equal(t, "body", string(in.body), `{"specversion":"1.0","id":"`+e.ID()+`","source":"/organizations/01000000-0000-0000-0000-000000000000",`+
		`"type":"muster.subscription.ping","subject":"subscriptions/0c000000-0000-0000-0000-000000000000","time":"2026-03-05T22:09:47.281Z",`+
		`"datacontenttype":"application/json","dataschema":"muster://schemas/muster.subscription.ping/1","organizationid":"01000000-0000-0000-0000-000000000000","data":{"subscription_id":"0c000000-0000-0000-0000-000000000000"}}`)
	to := r.endpoint()
	to.Batch = true
	if _, err := s.Ping(t.Context(), to, org, subscription); err != nil {
		t.Fatal(err)
	}
	second := r.requests()[1]
	if second.body[0] != '[' || second.header.Get("webhook-id") == e.ID() {
		t.Errorf("%s %s", second.header.Get("webhook-id"), second.body)
	}
}
