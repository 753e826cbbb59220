// Package ids makes the ids that originate at the edge of Muster: those of new things and
// of commands.
//
//	ids.New()                            // a UUIDv7, for something new
//	ids.Derived("command", token, key)   // a UUIDv8, always the same for the same texts
//
// Derived ids are stored in the log. The id of a command with an Idempotency-Key is
// derived from the key, so a retry is recognised for as long as the log exists. The
// derivation must therefore never change.
package ids
