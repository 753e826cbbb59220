// Package webhook sends events to the addresses of subscribers, by the rules of Standard
// Webhooks (https://www.standardwebhooks.com). It renders the body, signs it, sends it and
// says what came of it. It knows no queue: when to send, and what to do about a failure, is
// up to the caller.
//
// # The request
//
//	POST /hooks/muster HTTP/1.1
//	content-type: application/cloudevents+json
//	user-agent: Muster/1.4.0
//	webhook-id: 01KK047BWHEHJPWV35EHT6AWKK
//	webhook-timestamp: 1772752187
//	webhook-signature: v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=
//
//	{"specversion":"1.0","id":"01KK047BWHEHJPWV35EHT6AWKK", …}
//
// The body is the CloudEvent as the feed has it. Unless the endpoint asks for profiles,
// data.profile is cut out, and no other byte is changed. The body of a batch is a JSON array
// of CloudEvents (application/cloudevents-batch+json), and webhook-id is the id of its last
// event. Bodies are not compressed. The id stays the same in all attempts, and the time is
// that of the attempt. While a secret is being rotated there are two signatures, separated
// by a space: the current secret's and the former one's.
//
// # The outcome
//
// One call of [Sender.Send] makes at most one request, with all events or none. A status from 200 to 299 means
// [Delivered], 410 [Gone], and every other response, or none, [Failed]. A redirect is a failure
// and is not followed. The status decides: a response that breaks off after it changes
// nothing. All of it may take [Timeout], from resolving the name to the end of the response.
//
// [Result.Error] and [Result.Answer] are for the subscriber. They name no address that the
// subscriber did not name, and do not tell a network that is not public apart from another.
//
// # Where it connects
//
// Subscribers choose the address, so it could lead into the operator's own network. Every
// address is therefore checked after its name was resolved, immediately before the
// connection is made. If it is not public, there is no connection and the outcome is
// [Refused]. Public is what the registries of IANA for special-purpose addresses
// (RFC 6890) do not list: not loopback, private, link-local, shared, multicast or
// documentation, and for IPv6 only global unicast without what embeds IPv4 (mapped, NAT64,
// 6to4, Teredo). [CheckURL] refuses early what can be seen without resolving a name.
//
// Only https is used, with TLS 1.2 or later, and any port. Variables like HTTP_PROXY are
// ignored. With [Options.Proxy] all requests go through that proxy. The proxy's own address
// is trusted and is not checked. Then the proxy resolves names, and has to refuse those that
// lead to addresses that are not public. Muster still refuses addresses that are written as
// such.
//
// Each request that is under way has a connection of its own (HTTP/1.1), which is kept for a
// few seconds. There is no limit for a host, so that an endpoint that hangs does not hold up
// another one of the same host. The caller has at most one request under way for a
// subscription.
//
//	s := webhook.NewSender(webhook.Options{Version: "1.4.0"})
//	defer s.Close()
//	to := webhook.Endpoint{URL: "https://app.acme.example/hooks", Secrets: []webhook.Secret{secret}}
//	result, err := s.Send(ctx, to, [][]byte{event})
package webhook
