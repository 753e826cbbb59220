// Package seal makes a sealed copy of a log that has profiles in the clear, because it was
// written before profiles were sealed. A log never changes, so nothing else than a copy can help
// somebody who is in it.
//
// In the copy every profile is sealed with a key of its person, as package personal does it. The
// hashes of requests, of which an address could be guessed, are hashed again with the secret of
// the copy's keys. The log still recognizes the requests. Everything else is what it was: every
// event has the same position, id and time, and the bytes of an event without a profile and without
// a hash are the same.
//
// But the bytes of other events are not, so the chain of hashes and the Merkle tree are new ones,
// and nothing that was proven of the old log holds for the copy. The copy is a log with an id of its
// own. Events lie in other messages of the log than before, as many together as a group of
// commands can have, which no position depends on.
//
// # What is copied besides
//
//   - the keys of personal data, the marks of erased ones and the erasure ledger, also from servers
//   - the cursors of subscriptions, and the key that the secrets of webhooks are made with
//   - the root token, and the token of the embedded server's NATS
//
// The feed and the read models are made from the log when the service starts. The key that signs
// checkpoints is not copied, so that no checkpoint of the copy is taken for one of the old log.
//
// # In a mixed log
//
// A log that was begun before profiles were sealed and went on afterwards has both. What is
// sealed already is copied as it is. A person has one key for everything, so a profile in the clear is
// sealed with the first key that the person has in the log. If that key was destroyed, the profile cannot be
// read in the copy either: it is sealed with a key that is thrown away.
//
// # Safety
//
// The copy is made in a directory with ".unfinished" behind its name. Then it is compared with the
// log, event by event, and only if that succeeds the directory gets its name. The log that is read is not
// changed.
package seal
