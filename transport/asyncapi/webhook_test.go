package asyncapi

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/catalogue"
	"github.com/muster-dev/muster/transport/webhook"
)

// request is what a webhook has got, as any reader of JSON sees it.
type request struct{ headers, body any }

// Requests to webhooks are what the document says: events with and without their profile,
// batches, and pings.
func TestRequestsToWebhooks(t *testing.T) {
	d := parsed(t)
	got := make(chan request, 1)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		headers := make(map[string]any)
		for name := range r.Header {
			headers[strings.ToLower(name)] = r.Header.Get(name)
		}
		body, err := jsonschema.UnmarshalJSON(r.Body)
		if err != nil {
			t.Error(err)
		}
		got <- request{headers, body}
	}))
	defer receiver.Close()
	sender := webhook.NewSender(webhook.Options{AllowPrivate: true, Version: "1.0.0"})
	defer sender.Close()
	compiled := make(map[string]*jsonschema.Schema)
	for _, message := range []string{webhookMessage, webhook.PingType, batchMessage} {
		for _, what := range []string{"headers", "payload"} {
			compiled[message+what] = schemaIn(t, d, message, what)
		}
	}
	sent := func(message string, r webhook.Result, err error) {
		t.Helper()
		if err != nil || r.Outcome != webhook.Delivered {
			t.Fatalf("%s: %+v, %v", message, r, err)
		}
		request := <-got
		if err := compiled[message+"headers"].Validate(request.headers); err != nil {
			t.Errorf("%s: %v", message, err)
		}
		if err := compiled[message+"payload"].Validate(request.body); err != nil {
			t.Errorf("%s: %v", message, err)
		}
	}
	to := webhook.Endpoint{URL: receiver.URL, Secrets: []webhook.Secret{{1}, {2}}}
	var all [][]byte
	types, err := catalogue.Types()
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range types {
		event, err := catalogue.Example(one.Examples[0])
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, event.Whole)
		for _, to.Profile = range []bool{false, true} {
			r, err := sender.Send(t.Context(), to, [][]byte{event.Whole})
			sent(webhookMessage, r, err)
		}
	}
	r, err := sender.Ping(t.Context(), to, domain.OrganizationID{1}, domain.SubscriptionID{2})
	sent(webhook.PingType, r, err)
	to.Batch = true
	r, err = sender.Send(t.Context(), to, all)
	sent(batchMessage, r, err)
	r, err = sender.Ping(t.Context(), to, domain.OrganizationID{1}, domain.SubscriptionID{2})
	sent(batchMessage, r, err)
}
