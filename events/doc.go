// Package events holds the log, which is the truth, and the feed, which
// subscribers read; both are JetStream streams. It runs commands: it loads the
// state that a command must see, lets package domain decide, and appends what
// follows.
//
// # The log
//
// The log has a fixed number of partitions, each a stream MUSTER_LOG_00 … of its
// own. All events of an organization lie in one of them, in one total order.
// Within a partition events are numbered from 1 without gaps; partition and number
// are the event's [Position].
//
// A message of the log is the events of one or more commands, which became durable
// together with one flush. Its payload is a JSON array of CloudEvents
// (application/cloudevents-batch+json). Its headers:
//
//	Muster-First     number of the message's first event
//	Muster-Previous  link of the chain that ends with the message before, 64 hex digits
//	Muster-Writer    the process that appended it; informative
//
// The link that ends with a message is the SHA-256 of the previous link (32 zero
// bytes before the first message), the number in Muster-First as 8 bytes with the
// highest first, and the payload. So nothing can be changed, dropped or put in
// between without every later link showing it.
//
// # Writing
//
// Each partition has one writer in a process ([Log.Run]): while one message is
// being flushed the next group of commands gathers and is decided, on the state
// that the first will have led to. Every append names the message that it must
// follow. When another process has written meanwhile JetStream refuses it, and the
// writer catches up and decides anew, so any number of processes can share a log. An append whose answer is lost is looked up, never
// blindly repeated.
//
// # Following
//
// [Log.Follow] drives the read models: every message in order, without gaps, the
// chain checked as it goes. What has been applied becomes visible to [Log.Events]
// and is published to the feed.
//
// # The feed
//
// Beside each partition a stream MUSTER_FEED_00 … has one message for each event,
// a CloudEvent, on muster.events.<organization>.<workspace or _>.<entity>.<what>.
// Its k-th message is the partition's k-th event, so it can be made again from the
// log at any time with the same numbers.
package events
