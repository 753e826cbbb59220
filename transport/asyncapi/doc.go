// Package asyncapi writes the AsyncAPI 3 document: every event, and every way in which
// subscribers get them. The events are those of package catalogue of events, and the
// document adds the channels:
//
//   - stream: server-sent events over HTTP,
//   - webhook and batch: requests to the URL of a subscription,
//   - feed: the subjects of NATS JetStream.
//
// The document describes what Muster does, as AsyncAPI asks for: it sends. Whoever generates a
// subscriber from it reverses the direction.
//
// Package native serves the document as /asyncapi.json and /asyncapi.yaml. docs/asyncapi.json
// is the same, and a test keeps it current.
package asyncapi

//go:generate go test -run TestDocument -update .
