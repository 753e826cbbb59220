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
// A [Command] is an imperative ("add this member"). [Decide] applies its rule to a
// [State]. It returns the events that follow, or an error that names the broken rule.
// [Evolve] folds an event into the state once the event is in the log:
//
//	decision, err := domain.Decide(state, now, domain.AddMember{ … })
//	for _, e := range decision.Events {
//		domain.Evolve(state, &domain.Recorded{Event: e, Number: …, Time: …})
//	}
//
// No events and no error mean that the command asked for what already is.
//
// # Aggregates in parts
//
// The aggregates are the organization and the workspace. An aggregate is never loaded
// whole. A command names the parts that it must see ([Needs]), such as a header or a
// single member. So a command costs the same in a workspace of ten people and in one
// of a million. A [State] holds parts, each under its [Key]. A part that was looked up
// and does not exist is held as nil. That is not the same as a part that was never
// looked up.
//
// # Answering
//
// A decision says what the command is about ([Decision].Target), what became of each
// operation of a batch, and which parts the answer shows ([Decision.Answer]). A
// command with an idempotency key is remembered as a [Done], and a second one gets its
// result from there ([Done.Replay]).
//
// # Authority
//
// What an actor may do in a workspace comes from sources, such as their membership and
// their role in the organization. The sources are rows of one table (authority.go), and the
// actor's authority is the union of what they give. What an actor gives to others is held
// against it in one place, the method mayGive.
//
// # Layers
//
// A file uses only names that are declared in the layers below its own, or in a file
// of its own layer that does not use it in turn. From the bottom up:
//
//   - the words: ids, errors, text, permissions, roles, actors and keys;
//   - the machinery: [Event], [Part], [State] and [Command];
//   - the things, each with its part, its events and how they change the part:
//     organization.go, workspace.go, custom_role.go, membership.go, and so on;
//   - who may do what: authority.go and person.go;
//   - the commands: member.go, invitation.go, token.go, the files that end in _change
//     and _end, and so on;
//   - what knows all events or all commands: [Evolve], [Batch], [Decide], [Done] and
//     [Shown].
package domain
