package asyncapi

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/catalogue"
)

const (
	cloudEventType = "application/cloudevents+json"
	batchType      = "application/cloudevents-batch+json"
)

// The names of the schemas that are not those of a type.
const (
	cloudEventSchema = "CloudEvent"
	anyEventSchema   = "MusterEvent" // Event is a type of browsers
	batchSchema      = "Batch"
	headersSchema    = "WebhookHeaders"
	pingSchema       = "SubscriptionPing"
	// dataSuffix distinguishes the schema of a type's data from that of the event.
	dataSuffix = "Data"
)

// componentsOf returns the schemas and messages of all events, and of the ways to get them.
func componentsOf(nouns []catalogue.Noun) (components, error) {
	anyEvent := &catalogue.Schema{Title: anyEventSchema, Description: "An event of any type."}
	c := components{
		Schemas: map[string]*catalogue.Schema{
			cloudEventSchema: catalogue.CloudEvent(),
			anyEventSchema:   anyEvent,
			batchSchema: {
				Title: batchSchema, Description: "Events in their order, or a ping.",
				Type: "array", Items: &catalogue.Schema{OneOf: []*catalogue.Schema{schemaOf(anyEventSchema), schemaOf(pingSchema)}}, MinItems: 1, MaxItems: domain.MaxBatch,
			},
			headersSchema: webhookHeaders(),
		},
		Messages:        make(map[string]message),
		SecuritySchemes: schemes(),
	}
	var usual []example
	for _, n := range nouns {
		for i := range n.Types {
			t := &n.Types[i]
			anyEvent.OneOf = append(anyEvent.OneOf, schemaOf(t.Title()))
			m, err := messageOf(n, t)
			if err != nil {
				return c, err
			}
			c.Messages[t.Name] = m
			c.Schemas[t.Title()] = eventOf(t)
			c.Schemas[t.Title()+dataSuffix] = t.Data
			if len(usual) < 2 && len(t.Concerns()) == 2 {
				usual = append(usual, m.Examples[0])
			}
		}
	}
	return c, c.addWebhooks(usual)
}

// schemaOf returns a reference to a schema.
func schemaOf(name string) *catalogue.Schema {
	return &catalogue.Schema{Ref: to("schemas", name).Ref}
}

// eventOf returns the schema of an event of the type as a whole.
func eventOf(t *catalogue.Type) *catalogue.Schema {
	return &catalogue.Schema{
		Title: t.Title(), Description: t.What,
		AllOf: []*catalogue.Schema{
			schemaOf(cloudEventSchema),
			{
				Type: "object",
				Properties: catalogue.Properties{
					{Name: "type", Schema: &catalogue.Schema{Type: "string", Const: t.Name}},
					{Name: "data", Schema: schemaOf(t.Title() + dataSuffix)},
				},
			},
		},
	}
}

// messageOf returns the message of a type.
func messageOf(n catalogue.Noun, t *catalogue.Type) (message, error) {
	m := message{
		Name: t.Name, Title: t.Name, Summary: t.What, Description: t.More, ContentType: cloudEventType,
		Payload: schemaOf(t.Title()), Tags: tagged(tagOf(n)),
		CorrelationID: &correlation{"The command that the event came from.", "$message.payload#/commandid"},
	}
	for i, r := range t.Examples {
		event, err := catalogue.Example(r)
		if err != nil {
			return m, err
		}
		m.Examples = append(m.Examples, example{Name: fmt.Sprintf("example%d", i+1), Summary: t.What, Payload: event.Whole})
	}
	return m, nil
}

// addWebhooks adds the messages that subscribers get as requests.
func (c *components) addWebhooks(usual []example) error {
	ping, err := catalogue.Ping()
	if err != nil {
		return err
	}
	c.Schemas[pingSchema] = ping
	var events []jsontext.Value
	for i := range usual {
		events = append(events, usual[i].Payload)
	}
	batch, err := json.Marshal(events)
	if err != nil {
		return err
	}
	pinged, _ := ping.Examples[0].(jsontext.Value)
	for _, m := range []struct {
		name, title, summary, contentType, schema, example string
		payload                                            jsontext.Value
	}{
		{webhookMessage, "Webhook", "An event, sent to the URL of a subscription.", cloudEventType, anyEventSchema, "An event.", events[0]},
		{batchMessage, "Batch", "Several events, sent to the URL of a subscription.", batchType, batchSchema, "A batch of two events.", batch},
		{pingMessage, "Ping", "An event that tries the URL of a subscription.", cloudEventType, pingSchema, "A ping.", pinged},
	} {
		headers, err := headersFor(m.contentType, m.payload)
		if err != nil {
			return err
		}
		c.Messages[m.name] = message{
			Name: m.name, Title: m.title, Summary: m.summary, ContentType: m.contentType,
			Headers: schemaOf(headersSchema), Payload: schemaOf(m.schema), Tags: tagged(tagWebhook),
			Examples: []example{{Name: "example1", Summary: m.example, Headers: headers, Payload: m.payload}},
		}
	}
	return nil
}

// webhookHeaders returns the schema of the headers of a request to a webhook, which are those
// of Standard Webhooks.
func webhookHeaders() *catalogue.Schema {
	return &catalogue.Schema{
		Title: headersSchema, Description: "The headers of Standard Webhooks.", Type: "object",
		Required: []string{"content-type", "webhook-id", "webhook-timestamp", "webhook-signature"},
		Properties: catalogue.Properties{
			{Name: "content-type", Schema: &catalogue.Schema{Type: "string", Enum: []string{cloudEventType, batchType}, Description: "What the body is."}},
			{Name: "webhook-id", Schema: &catalogue.Schema{Type: "string", Description: "The id of the event; of a batch, that of its last one. It is the same when the event is sent again."}},
			{Name: "webhook-timestamp", Schema: &catalogue.Schema{Type: "string", Pattern: "^[0-9]+$", Description: "When it was sent, in seconds since 1970."}},
			{Name: "webhook-signature", Schema: &catalogue.Schema{Type: "string", Pattern: "^v1,", Description: "The signatures, with a space between them. One that verifies is enough."}},
			{Name: "user-agent", Schema: &catalogue.Schema{Type: "string", Pattern: "^Muster/", Description: "The version of Muster."}},
		},
	}
}

// headersFor returns the headers of an example, signed as Standard Webhooks says.
func headersFor(contentType string, body jsontext.Value) (map[string]string, error) {
	type sent struct {
		ID   domain.EventID `json:"id"`
		Time time.Time      `json:"time"`
	}
	events, into := make([]sent, 1), any(nil)
	if into = &events[0]; contentType == batchType {
		into = &events
	}
	if err := json.Unmarshal(body, into); err != nil {
		return nil, err
	}
	last := events[len(events)-1]
	at := strconv.FormatInt(last.Time.Unix(), 10)
	mac := hmac.New(sha256.New, []byte("the secret of the example"))
	fmt.Fprintf(mac, "%s.%s.%s", last.ID, at, body)
	return map[string]string{
		"content-type": contentType, "user-agent": "Muster/1.0.0",
		"webhook-id": last.ID.String(), "webhook-timestamp": at,
		"webhook-signature": "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)),
	}, nil
}
