package asyncapi

import (
	"bytes"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2/yaml"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/muster-dev/muster/events/catalogue"
)

// Version is the version of AsyncAPI that the document is written in. Tools that generate code
// know it, unlike later ones, of which nothing is needed.
const Version = "3.0.0"

// version is the version of what the document describes, not that of the program.
const version = "1.0.0"

const repository = "https://github.com/muster-dev/muster"

// JSON returns the document. It may be called concurrently. The first call renders it.
var JSON = sync.OnceValues(func() ([]byte, error) {
	d, err := newDocument()
	if err != nil {
		return nil, err
	}
	text, err := json.Marshal(d, jsontext.WithIndent("  "), json.Deterministic(true))
	return append(text, '\n'), err
})

// YAML returns the document as YAML. It may be called concurrently.
var YAML = sync.OnceValues(func() ([]byte, error) {
	text, err := JSON()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = yaml.Convert(&b, bytes.NewReader(text))
	return b.Bytes(), err
})

func newDocument() (*document, error) {
	nouns, err := catalogue.Nouns()
	if err != nil {
		return nil, err
	}
	parts, err := componentsOf(nouns)
	if err != nil {
		return nil, err
	}
	channels := channelsOf(nouns)
	var tags []string
	tags, parts.Tags = tagsOf(nouns)
	d := &document{
		AsyncAPI: Version,
		ID:       "urn:muster:events",
		Info: info{
			Title: "Muster events", Version: version,
			Description: "Every change of who may do what in which workspace, as CloudEvents 1.0: complete, in order, and readable for as long as the log exists.\n\n" +
				"The events of an organization are totally ordered by `sequence`. Each channel delivers them at least once and in this order. A subscriber that stores `sequence` together with its own work sees no event twice.\n\n" +
				"Later versions may add types of events, attributes, and fields of data. Skip types that you do not know, and ignore what you do not need.",
			Contact:      contact{"Muster", repository},
			License:      license{"Apache-2.0", "https://www.apache.org/licenses/LICENSE-2.0"},
			Tags:         tagged(tags...),
			ExternalDocs: external{"The guide to events", repository + "/blob/main/docs/events.md"},
		},
		DefaultContentType: cloudEventType,
		Servers:            servers(),
		Channels:           channels,
		Operations:         operations(channels),
		Components:         parts,
	}
	return d, nil
}

// tagsOf returns a tag for each noun, and those of the channels.
func tagsOf(nouns []catalogue.Noun) (names []string, tags map[string]tag) {
	tags = map[string]tag{
		tagHTTP:    {tagHTTP, "Server-sent events, which a client asks for."},
		tagWebhook: {tagWebhook, "Requests to the URL of a subscription."},
		tagNATS:    {tagNATS, "Messages of JetStream, which a client fetches."},
	}
	names = []string{tagHTTP, tagWebhook, tagNATS}
	for _, n := range nouns {
		key := tagOf(n)
		names, tags[key] = append(names, key), tag{n.Name, n.About}
	}
	return names, tags
}

// tagOf returns by what name a noun's tag is referred to.
func tagOf(n catalogue.Noun) string { return strings.ReplaceAll(n.Name, " ", "") }

// tagged returns references to tags.
func tagged(names ...string) []reference {
	var all []reference
	for _, name := range names {
		all = append(all, to("tags", name))
	}
	return all
}

func servers() map[string]server {
	host := func(of, standard string) map[string]variable {
		return map[string]variable{"host": {Description: of, Default: standard, Examples: []string{"muster.example.com", "localhost:8080"}}}
	}
	return map[string]server{
		"node": {
			Host: "{host}", Protocol: "https",
			Description: "Any node of Muster, or the load balancer before them.",
			Variables:   host("Where the API is reached, with a port if it is not the usual one.", "muster.example.com"),
			Security:    []reference{to("securitySchemes", "token"), to("securitySchemes", "ticket")},
		},
		"local": {
			Host: "{host}", Protocol: "http",
			Description: "A node on the same machine, as `muster serve` starts it by default.",
			Variables:   host("Where the API is reached.", "127.0.0.1:8080"),
			Security:    []reference{to("securitySchemes", "token"), to("securitySchemes", "ticket")},
		},
		"receiver": {
			Host: "{host}", Protocol: "https",
			Description: "The subscriber's own service. Muster sends requests to it.",
			Variables: map[string]variable{"host": {
				Description: "The host of the URL of the subscription.", Default: "hooks.example.com", Examples: []string{"hooks.example.com"},
			}},
			Security: []reference{to("securitySchemes", "signature")},
		},
		"nats": {
			Host: "{host}", Protocol: "nats",
			Description: "The NATS servers that hold the feed: those built into a node that was started with `--nats-listen`, or an external cluster. A subscription of the kind nats names them.",
			Variables: map[string]variable{"host": {
				Description: "One of the addresses of the subscription.", Default: "127.0.0.1:4222", Examples: []string{"127.0.0.1:4222", "nats.example.com:4222"},
			}},
			Security: []reference{to("securitySchemes", "credentials")},
		},
	}
}

func schemes() map[string]scheme {
	return map[string]scheme{
		"token": {
			Type: "http", Scheme: "bearer",
			Description: "A token with the scope events:read, or a JWT of an issuer that the service trusts.",
		},
		"ticket": {
			Type: "httpApiKey", Name: "ticket", In: "query",
			Description: "A stream ticket, for browsers: valid for one use, within a minute. POST /v1/organizations/{organization}/events/ticket makes one.",
		},
		"signature": {
			Type: "httpApiKey", Name: "webhook-signature", In: "header",
			Description: "The signature of Standard Webhooks: v1, and the HMAC-SHA256 of id, timestamp and body, with the secret of the subscription. While a secret is being replaced there are two, with a space between them. Reject a request if none verifies, or if its timestamp is more than five minutes away.",
		},
		"credentials": {
			Type:        "userPassword",
			Description: "The id of the subscription, and its secret. They can fetch and acknowledge the consumer of the subscription, and nothing else.",
		},
	}
}

// to returns a reference to a part of the components.
func to(kind, name string) reference { return reference{"#/components/" + kind + "/" + name} }
