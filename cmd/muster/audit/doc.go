// Package audit is the command muster audit, which reads the log: the log of a stopped
// service in its data directory, or that of a running service on its NATS. With a token, replay
// and verify ask a running service over its API, and see one organization.
//
//	muster audit replay     print history, and the state that it folds to
//	muster audit verify     prove that log and read models are whole
//	muster audit report     who had access, joiners and leavers, access reviews
//	muster audit export     write events with proofs that others can check
//	muster audit prove      prove single events
//	muster audit revert     undo what an event has changed, on a running service
//	muster audit repair     cut off what was injected into the log
//	muster audit seal       copy a log with profiles in the clear to one in which they are sealed
//	muster audit erasures   print the erasure ledger
//
// Package archive has the format of exports, and checks them for verify.
//
// Only revert and repair change anything, and seal makes a copy. The others read the log with the
// code that also runs in the service, so there is no second implementation of history.
package audit
