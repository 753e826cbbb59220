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
// Usually the process that appended an event publishes it, once its own read models have
// applied it, together with everything else that they have applied by then. It then
// announces how far the feed reaches on muster.fed.00 …, by core NATS, as a decimal number.
// An announcement is a hint: it saves the other nodes from asking JetStream. If nobody
// announces anything for a moment, because the process that appended has died, another node
// publishes.
//
// # What is believed
//
// The feed is derived from the log, and a feed that reaches far is no proof of anything: an
// older log may have been restored beside it. So [Feed.Run] compares the feed's last event
// with the log whenever it looks at the feed. Events have unique ids, so a feed with the
// log's event at its end has the log's history before it. All of the feed is compared in
// the background, from where an earlier process has come (DIR/feed-check-00.json …), and
// then again and again, slowly, because JetStream skips messages that it cannot read and
// does not report them.
//
// A feed that differs, or that is longer than the log, is made again under the next
// generation, once that has been seen twice. What the log lacks is written to a file of
// DIR/set-aside before, because it may be the last witness of a log that was cut. If that
// fails nothing is deleted, and [Feed.Unkept] says why.
//
// # Reading
//
// An event is visible on a node when the node's read models have applied it and the
// feed holds it. So the last visible event of a partition is number min(applied, fed).
// All reading goes by that number: [Feed.Events], [Feed.Watch], [Feed.WaitFor],
// [Feed.Visible], [Feed.Find] and [Feed.NumberAt]. The number never goes back. The most
// recent events are cached in memory.
//
// Whoever follows an organization watches it. All who watch the same organization share one
// tail, which knows what of the partition is the organization's. A new event wakes those
// who watch its organization and nobody else, and they find it without looking at the
// events of other organizations.
//
// As far as the feed has been compared, it is read in pages that all readers share; see
// [History]. A page of all events must have no gap. A page of a filter that selects little
// is found by JetStream's index. Beyond that, and while the feed is made again, readers get
// the log.
//
//	wake, stop := f.Watch(org)
//	defer stop()
//	for {
//		found, next, err := f.Events(ctx, feed.Filter{Organization: org}, after, 50)
//		if err == nil && next == after {
//			<-wake
//		}
//		…
//	}
package feed
