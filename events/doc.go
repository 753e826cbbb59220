// Package events runs commands on the log, which is the truth. It loads the state that a
// command must see, lets package domain decide, and appends the events that follow. It
// also drives what is made from the log: the read models and the feed.
//
// The rooms below it know less and less. Package feed publishes events and reads them
// back, package store keeps the log's streams and the data directory, and package wire
// has the format. The streams, the files and the format are described there.
//
// # Writing
//
// Each partition has one writer in a process. [Log.Run] hands it a command and waits.
// While one message is being flushed, the next group of commands gathers and is decided,
// on the state that the first one leads to. So one flush makes many commands durable
// without a timer.
//
// Every append names the message that it must follow. If another process has written
// meanwhile JetStream refuses it. The writer then catches up and decides the group again,
// so any number of processes can share a log. If an acknowledgement is lost, the writer
// looks whether the message is in the log, and never repeats it blindly.
//
// A writer holds the parts of aggregates that it has used in memory, and loads others
// from a [Snapshot]: the read models.
//
// A caller is answered when its events are durable, which is before the read models show
// them. Whoever reads from these asks [Log.Shown], and waits with [Log.AwaitShown]. So a process
// never shows less than it has acknowledged. When the read models are far behind, the writer
// waits for them.
//
// # Following
//
// [Log.Follow] drives the read models: every message in order, without gaps, the chain
// checked as it goes. What has been applied goes to the feed, and is visible to
// [Log.Events] once the feed holds it. The feed does not wait until the read models show an
// event. Whoever has read one waits for them with [Log.AwaitShown], like a caller who was told
// of one.
//
// What cannot be understood, or does not continue the chain, stops its partition, and
// [StoppedError] says where and what helps. The other partitions go on. Whoever holds the
// secret of the NATS server can write such messages. So nothing is decided on the end of the
// log before that was followed.
//
//	log, err := events.Open(ctx, events.Options{Dir: "data"})
//	go log.Follow(ctx, models.Checkpoints(), models)
//	err = log.Start(ctx, models)
//	result, err := log.Run(ctx, domain.AddMember{…})
//	err = log.WaitFor(ctx, result.Position)
package events
