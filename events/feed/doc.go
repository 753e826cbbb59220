// Package feed publishes events to those who subscribe, and reads them back.
//
// # The feed
//
// Beside each partition of the log is a stream MUSTER_FEED_00 … with one message for
// each event, a CloudEvent in structured mode, on the subject
//
//	muster.events.<organization>.<workspace or _>.<entity>.<what>
//
// so that JetStream itself can filter. The k-th message is the partition's k-th
// event. Each is published on condition that it gets that place. So any number of
// processes may publish, no event can be published twice, and a feed that was lost is
// rebuilt from the log with the same numbers.
//
// # Publishing
//
// Usually the process that appended an event publishes it, once its own read models
// have applied it. It then announces how far the feed reaches on muster.fed.00 …, by
// core NATS, as a decimal number. An announcement is a hint: it saves the other nodes
// from asking JetStream. If nobody announces anything for a moment, because the
// process that appended has died, another node publishes.
//
// # Reading
//
// An event is visible on a node when the node's read models have applied it and the
// feed holds it. So the last visible event of a partition is number min(applied, fed).
// All reading goes by that number: [Feed.Events], [Feed.Wait], [Feed.WaitFor],
// [Feed.Visible], [Feed.Find] and [Feed.NumberAt]. The number never goes back. While a
// feed that was visible before is rebuilt, reading waits for it, for ten seconds at most
// ([ErrBehind]). The most recent events are cached in memory.
//
// JetStream skips messages that it cannot read and does not report them. Therefore a
// feed that this process has not read before is checked once in the background, from
// beginning to end. Reading beyond the part that has been checked waits for the check,
// so a damaged feed never shows a gap. If a message is missing, the feed is rebuilt.
//
//	found, next, err := f.Events(ctx, feed.Filter{Organization: org}, after, 50)
//	if next == after {
//		err = f.Wait(ctx, after)
//	}
package feed
