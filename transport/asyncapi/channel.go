package asyncapi

import (
	"maps"
	"slices"
	"strings"

	"github.com/muster-dev/muster/events/catalogue"
)

const (
	tagHTTP    = "HTTP"
	tagWebhook = "Webhooks"
	tagNATS    = "NATS"
)

// The names of the channels.
const (
	streamChannel  = "stream"
	webhookChannel = "webhook"
	batchChannel   = "webhookBatch"
	feedChannel    = "feed"
)

// The names of the messages that are not those of a type.
const (
	webhookMessage = "webhook"
	batchMessage   = "webhookBatch"
	pingMessage    = catalogue.PingType
)

func channelsOf(nouns []catalogue.Noun) map[string]channel {
	events := make(map[string]reference)
	entities, whats := make(map[string]bool), make(map[string]bool)
	for _, n := range nouns {
		for i := range n.Types {
			name := n.Types[i].Name
			events[name] = to("messages", name)
			words := strings.Split(name, ".")
			entities[words[len(words)-2]], whats[words[len(words)-1]] = true, true
		}
	}
	organization := parameter{
		Description: "The id of the organization.", Location: "$message.payload#/organizationid",
		Examples: []string{"01a2026d-33e3-75b7-9eb1-2d22381a2b8f"},
	}
	address := func(text string) *string { return &text }
	return map[string]channel{
		streamChannel: {
			Address: address("/v1/organizations/{organization}/events"), Title: "Event stream",
			Summary: "The events of an organization, live, as server-sent events.",
			Description: "A GET request with `Accept: text/event-stream`. Each event is a block of three lines: `id:` is its sequence, `event:` its type, and `data:` the CloudEvent in one line. " +
				"A comment every 15 seconds keeps the connection open. After a broken connection, `Last-Event-ID` resumes the stream without loss or repetition.",
			Servers:    []reference{toServer("node"), toServer("local")},
			Parameters: map[string]parameter{"organization": organization},
			Messages:   events, Tags: tagged(tagHTTP),
		},
		webhookChannel: {
			Title:   "Webhook",
			Summary: "Requests to the URL of a subscription, one for each event.",
			Description: "Muster sends one request at a time for each subscription, in the order of events. A status from 200 to 299 means that the event is delivered. " +
				"After any other, after 15 seconds without a response, and if there is no connection, the same event is sent again, with the same `webhook-id`: after 5 s, 30 s, 2 min, 10 min, 30 min, and then each hour. " +
				"410 pauses the subscription, and so do five days of failing.",
			Servers:  []reference{toServer("receiver")},
			Messages: map[string]reference{webhookMessage: to("messages", webhookMessage), pingMessage: to("messages", pingMessage)},
			Tags:     tagged(tagWebhook),
		},
		batchChannel: {
			Title:       "Webhook with batches",
			Summary:     "Requests to the URL of a subscription that takes several events at once.",
			Description: "As for a webhook, for a subscription whose `batch` is more than 1. The body is an array of up to so many events, in their order. All of them are delivered, or none.",
			Servers:     []reference{toServer("receiver")},
			Messages:    map[string]reference{batchMessage: to("messages", batchMessage)},
			Tags:        tagged(tagWebhook),
		},
		feedChannel: {
			Address: address("muster.events.{organization}.{workspace}.{entity}.{what}"), Title: "Feed",
			Summary: "The subjects of the feed in NATS JetStream, one message for each event.",
			Description: "Fetch from the durable consumer that a subscription of the kind nats names, and acknowledge each message. " +
				"The sequence of a message in its stream is the number in the event's `sequence`. A subscription of core NATS receives nothing on these subjects.",
			Servers: []reference{toServer("nats")},
			Parameters: map[string]parameter{
				"organization": organization,
				"workspace":    {Description: "The id of the workspace, or _ if the event concerns none.", Examples: []string{"01a2026d-3458-77d1-9e69-fada417bbbcb", "_"}},
				"entity":       {Description: "The last word but one of the type.", Enum: slices.Sorted(maps.Keys(entities))},
				"what":         {Description: "The last word of the type.", Enum: slices.Sorted(maps.Keys(whats))},
			},
			Messages: maps.Clone(events), Tags: tagged(tagNATS),
		},
	}
}

func toServer(name string) reference { return reference{"#/servers/" + name} }

// operations returns what Muster does with the channels.
func operations(channels map[string]channel) map[string]operation {
	send := func(channel string, o operation) operation {
		o.Action, o.Channel, o.Tags = "send", reference{"#/channels/" + channel}, channels[channel].Tags
		if o.Messages == nil {
			for _, name := range slices.Sorted(maps.Keys(channels[channel].Messages)) {
				o.Messages = append(o.Messages, reference{"#/channels/" + channel + "/messages/" + name})
			}
		}
		return o
	}
	return map[string]operation{
		"streamEvents": send(streamChannel, operation{
			Title: "Stream events", Summary: "Send events as they come.",
			Description: "The parameters say where to begin and which events to send.",
			Bindings:    streamBinding(),
		}),
		"deliverEvent": send(webhookChannel, operation{
			Title: "Deliver an event", Summary: "Send an event to the URL of a subscription.",
			Description: "One at a time for each subscription, in order, until it is delivered.",
			Bindings:    post(),
			Messages:    []reference{{"#/channels/" + webhookChannel + "/messages/" + webhookMessage}},
		}),
		"deliverBatch": send(batchChannel, operation{
			Title: "Deliver a batch", Summary: "Send several events to the URL of a subscription.",
			Description: "One batch at a time for each subscription, in order, until it is delivered.",
			Bindings:    post(),
		}),
		"ping": send(webhookChannel, operation{
			Title: "Ping", Summary: "Try the URL of a subscription.",
			Description: "Only if somebody asks for it, and not again if it fails. A subscription with batches gets it as a batch of one.",
			Bindings:    post(),
			Messages:    []reference{{"#/channels/" + webhookChannel + "/messages/" + pingMessage}},
		}),
		"publishEvent": send(feedChannel, operation{
			Title: "Publish an event", Summary: "Write an event to the feed.",
			Description: "The k-th message of a partition's feed is the partition's event number k.",
		}),
	}
}

// httpBinding is the version of the HTTP binding that the document uses.
const httpBinding = "0.3.0"

func post() any {
	return map[string]any{"http": map[string]any{"method": "POST", "bindingVersion": httpBinding}}
}

// streamBinding says what the request for a stream can have in its query.
func streamBinding() any {
	text := func(description string) *catalogue.Schema {
		return &catalogue.Schema{Type: "string", Description: description}
	}
	id := func(description string) *catalogue.Schema {
		return &catalogue.Schema{Type: "string", Format: "uuid", Description: description}
	}
	return map[string]any{"http": map[string]any{
		"method": "GET", "bindingVersion": httpBinding,
		"query": &catalogue.Schema{Type: "object", Properties: catalogue.Properties{
			{Name: "after", Schema: text("Where to begin: earliest (the default), latest, a sequence, a time, or a day. Last-Event-ID takes precedence.")},
			{Name: "type", Schema: text("Only events of this type, or of all types with a prefix, as in muster.member.*. Several are separated by commas.")},
			{Name: "workspace_id", Schema: id("Only events that concern this workspace.")},
			{Name: "user_id", Schema: id("Only events that concern this user.")},
			{Name: "named", Schema: &catalogue.Schema{Type: "boolean", Description: "Whether there are lines with event:. By default there are."}},
			{Name: "ticket", Schema: text("A stream ticket, instead of a token.")},
		}},
	}}
}
