// Package store keeps the log in JetStream, which is embedded in this process or runs
// elsewhere, and in a data directory beside it. It knows streams and messages. Package
// events runs the commands, and package feed publishes what subscribers read.
//
// # Streams
//
// The log has a fixed number of partitions, each a stream MUSTER_LOG_00 … of its
// own with the one subject muster.log.00 …. A log stream keeps everything for ever:
// it denies deletions and purges, has no limits, and is flushed to disk before it
// acknowledges. All events of an organization lie in one partition, in one total
// order.
//
// Beside each partition is a stream MUSTER_FEED_00 … with one message for each
// event. It can be rebuilt from the log, so a single server need not flush it.
//
// The metadata of every stream holds the format's number, the number of partitions
// and the id of the log, so that a log is never opened as something else.
//
// # The data directory
//
//	lock         held while a process uses the directory
//	muster.json  the marker: format, mode, partitions and id of the log
//	high-water   how far this node has read each partition
//	scrub.json   how far the scrub has read each partition again
//	nats-token   the secret of an embedded server that listens
//	jetstream    the embedded server's store
//	set-aside    what was not trusted, or replaced
//	proof        key, checkpoints and hashes of package proof
//	repair       a repair that is under way, or was interrupted; see [Repair]
//	restore.json a restore that is under way, or was interrupted; see [Restore]
//
// The directory also holds files of other packages, such as the read models.
//
// Muster reads the log's messages from the files of the embedded server itself (see package
// block), because the server cuts a file where it finds damage. The server is only asked how
// far the log goes, and, if it listens, for the messages that come. If it does not, this
// process is the only one that writes: a reader then gets each message as soon as it has
// been acknowledged, with the events that it was made from.
//
// # Use
//
//	s, err := store.Open(ctx, store.Options{Dir: "data", Logger: logger})
//	tip, err := s.Partitions[0].Tip(ctx)
//	err = s.Partitions[0].Append(ctx, wire.Next(tip, "this process", payload))
package store
