// Package subscription keeps the cursors of subscriptions: named, durable places in one
// organization's events. It has events delivered one at a time, in order, and at least once.
//
// # What JetStream does
//
// A subscription is a durable consumer on the feed of its organization's partition, with the
// subjects that it wants as a filter ([Spec.Subjects]). The consumer's acknowledgement floor is the
// cursor. It hands out one message at a time (MaxAckPending 1),
// for ever (MaxDeliver −1), and waits as long as it is told after a failure (NakWithDelay).
// So any number of nodes may pull from it: one of them works on the subscription, and another
// takes over once the acknowledgement of a node that has died is overdue ([Options.AckWait]).
//
// Beside the log are three streams:
//
//	MUSTER_CURSORS     muster.cursors.<id>     the last note of each subscription: see below
//	MUSTER_DELIVERIES  muster.deliveries.<id>  the last attempts of each subscription
//	MUSTER_KEYS        muster.keys.webhook     the key that secrets of webhooks are made with
//
// # What is noted
//
// The feed is lazy on disk and can be rebuilt, and takes its consumers with it when it is lost.
// So the acknowledged position is noted in MUSTER_CURSORS, together with the subscription's
// health and the numbers that say which of its changes the consumer has followed. A note is
// written on condition that nobody has written another one meanwhile. The position is noted
// about once a second while events are being delivered, and about a second after the last one.
// A consumer that is made again from an older note delivers some events again. It never skips
// one.
//
// # Changes
//
// [Spec] says what a subscription wants, with the numbers of the events that said so. Any node
// may call [Subscriptions.Ensure] with it, at any time, and any number at once. A node whose
// read model lags behind gets [ErrSuperseded] and changes nothing. To move the cursor or to
// change the filter, the place is noted first, and the consumer is then deleted and made again.
// One node does that, and the others wait for it. If it dies in between, the next call of Ensure
// goes on from the note.
//
// The consumer of a client of NATS has the same name for ever ([ConsumerName]). That of a webhook
// has the number of the change in its name (subscription-<id>-<number>). A node that is in the
// middle of a delivery while another one follows a change does not reach the new consumer with
// what it acknowledges. [Subscriptions.Sweep] deletes consumers that a node has left behind.
//
// A changed filter applies to all events after the subscription's place. If nothing that the
// old filter wanted was undelivered, it applies to what comes after the change. If several changes
// are followed as one, the first of them counts.
//
// # Delivering
//
// [Subscriptions.Run] is what every node runs for every active webhook subscription. As long as
// nothing that the filter wants is undelivered, it makes no request and has no timer.
//
//	subscriptions, err := subscription.Open(ctx, s, subscription.Options{Events: log.Events, Logger: logger})
//	wake, stop := log.Watch(spec.Organization)
//	err = subscriptions.Run(ctx, spec, wake, func(ctx context.Context, events []feed.Event, attempt int) subscription.Outcome {
//		return subscription.Outcome{Kind: subscription.Delivered}
//	})
//
// After a failure, an event is tried again after 5 s, 30 s, 2 min, 10 min, 30 min, and then
// every hour, each ± 20 %, or when the receiver says (Retry-After) if that is later. Later
// events wait. After [FailingFor] of failures, or at once if the endpoint is gone, Run returns
// [ExhaustedError], and nothing is delivered until the subscription has been resumed. Whoever
// called Run pauses the subscription with a command.
//
// # Health
//
// A subscription is failing from its first failure on until an event is delivered. Resuming it
// forgets the failures. Moving the cursor or changing the filter or the URL does not: the next
// attempt is made at once, but if the endpoint was failing it is failing since the same time.
// So a replay can neither hide that an endpoint is failing nor make it fail sooner.
//
// # Batches
//
// With a batch of more than one, the first event is pulled from the consumer, which locks the
// subscription. The following ones are read from the history. When all of them have been
// delivered the consumer is set behind the last one. If the process dies before that, all of
// them are delivered again. JetStream can do that since NATS 2.14. An older server gets one
// event at a time.
package subscription
