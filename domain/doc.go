// Package domain holds Muster's vocabulary and its rules: what an organization,
// a workspace and a membership are, which commands change them, and what each
// command refuses.
//
// The package is pure. It reads no clock, makes no ids, does no I/O and takes no
// context: time, ids and the actor come in with the command. So every rule can
// be tested with a table, and replaying history needs nothing but history.
//
// # Deciding
//
// A [Command] is an imperative ("add this member"). [Decide] holds it against a
// [State] and answers the events that follow, or the error that names the broken
// rule. [Evolve] folds an event, once it stands in the log, into the state:
//
//	events, err := domain.Decide(state, now, domain.AddMember{ … })
//	for _, e := range events {
//		domain.Evolve(state, domain.Recorded{Event: e, Number: …, Time: …})
//	}
//
// No events and no error means that the command asked for what already is.
//
// # Aggregates in parts
//
// The aggregates are the organization and the workspace. An aggregate is never
// loaded whole: a command names the parts that it must see ([Needs]), a header
// or a single member each, so that a command costs the same in a workspace of
// ten people and of a million. A [State] holds parts; a part that was looked for
// and does not exist is held too, as nil, which is not the same as a part that
// nobody has looked for.
package domain
