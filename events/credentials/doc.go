// Package credentials lets subscribers in to NATS. A subscriber can fetch the messages of one
// durable consumer on the feed, and acknowledge them. It can do nothing else. Package
// credentials knows neither the log nor read models: who the subscribers are comes from a
// [Lookup].
//
// # An account of their own
//
// Permissions say what a client may publish and subscribe to. NATS does not apply them to the
// reply subject of a request, and JetStream publishes what it delivers on that subject. In the
// account that holds the streams, a subscriber could name muster.log.00 as the reply and so
// have JetStream write into the log, or name $JS.API.STREAM.DELETE.MUSTER_FEED_00 and delete a
// stream. So subscribers are in the account SUBSCRIBERS, which has no streams. It imports what
// they need from the account that does:
//
//	$JS.API.CONSUMER.MSG.NEXT.*.*
//	$JS.API.CONSUMER.INFO.*.*
//	$JS.ACK.>
//
// A reply then goes back to the account SUBSCRIBERS only. All are imported from the one
// export $JS.>, because NATS ends a chain of imports when it meets an export again: a reply
// subject that is itself one of the imports leads nowhere.
//
// Within the account, the permissions of each subscriber name its own stream and consumer, and
// its own inbox prefix, in full ([Subscriber.Permissions]). Inboxes contain the user's name,
// which is a subscription's id, so nobody can guess those of others.
//
// # Two doors
//
//   - A [Gate] is the authentication callback of an embedded server. It also lets in clients
//     that know the server's own secret. These are Muster itself and its operators, who may do
//     anything.
//   - A [Callout] serves NATS's auth callout for an external server or cluster. The
//     configuration that the servers need is in deploy/nats/subscribers.conf.
//
// Neither refuses a subscriber before [Door.Admit], nor while the [Lookup] cannot tell who it
// is, because most client libraries give up when the same server refuses them twice. At a gate,
// logins wait, and then take too long. A callout leaves them to the other nodes before
// [Door.Admit], and does not respond if it cannot tell. If no node responds in time, external
// servers refuse logins by themselves.
//
// A secret that another node has just given out may not be known here yet. So a login is
// refused only after the lookup has caught up with what all nodes have written. All logins
// that come meanwhile wait for the same, so wrong ones cost little.
//
// # Use
//
//	gate := credentials.NewGate(secret)
//	options.CustomClientAuthentication = gate // of a server
//	err := gate.Attach(running)               // once the server runs
//	gate.Admit(lookup)                        // once the read models are there
//	err = gate.Disconnect(id)                 // after a deletion, and when a secret was rotated
package credentials
