// Package delivery has the events of subscriptions delivered. It ties together what the read
// models say of a subscription, its cursor on the feed (package subscription), the sender of
// webhooks (package webhook), and who may come in to NATS (package credentials).
//
// Every node runs one [Deliverer]. JetStream hands an event of a subscription to one node at a
// time, so nodes need not agree on who does what.
//
//	d, err := delivery.Open(ctx, delivery.Options{…})
//	workers := worker.Start(d.Run)
//
// # Secrets
//
// The secret of a webhook is needed to sign with, so a hash of it is not enough. It is made from
// a key that only the nodes have, the subscription's id and a number that each rotation raises.
// Events and read models hold its hash. Before a secret is used it is compared with that hash:
// if the key was lost, the subscription is paused, and nothing is signed with a secret that the
// receiver does not know. The secret of a NATS subscription is random, and only its hash is
// kept.
//
// # Pauses
//
// A subscription that could not deliver for days, or whose receiver says that it is gone for
// good, is paused by a command of Muster's own. What is undelivered then stays undelivered until
// the subscription is resumed.
package delivery
