// Package personal keeps the keys that personal data in the log is sealed with, so that a
// person can be forgotten although the log never changes: when the key is destroyed, what was
// sealed with it cannot be read any more, and everything that hashes the log still holds.
//
// # Keys
//
// Each person has a key of 32 random bytes in each organization ([Key]). It is derived from
// nothing, because what is derived can be derived again. Its id ([KeyID]) is a UUID that
// says nothing about the person. The events name it.
//
// # Sealed bytes
//
// [Key.Seal] encrypts with AES-256-GCM and a random nonce. The associated data is the
// organization, the user and the id of the event, 16 bytes each, so that sealed bytes cannot be
// moved to another event. The result is
//
//	1 byte    format, 1
//	32 bytes  commitment: SHA-256 of "muster personal key commitment 1" and the key
//	12 bytes  nonce
//	n bytes   ciphertext
//	16 bytes  tag
//
// The commitment is needed because GCM does not commit to its key: somebody who may choose the
// bytes can make a ciphertext and a tag that two keys open, each to another text. With the
// commitment sealed bytes have at most one key, and so they have one meaning or none.
//
// # Pools
//
// A command that adds a person must not wait for a disk for the key. [Keys] makes keys ahead,
// many in one transaction, and [Keys.Take] hands out those that are durable already. The next
// pool is made in the background before the last one is empty. A key is never handed out twice.
// Keys that a process had not handed out when it was closed are handed out by the next one.
// When a process is killed nobody knows which of them events name, so they stay where they are
// and are never handed out again.
//
// # Where keys are
//
// With the embedded server keys are in DATA/personal-keys.db, an SQLite file of mode 0600.
// A key that is destroyed is overwritten in its place, and so is the rollback journal, which had
// a copy. The file is made so that no other copies arise: rows are only appended and
// overwritten, never moved or deleted.
//
// With external servers keys are in the stream MUSTER_PERSONAL_KEYS, which all nodes share, in
// one message each. Destroying deletes the message securely, so that the server overwrites it.
// A tombstone with the key's id stays, and tells the other nodes to forget the key.
//
// An erased key is [ErrErased]. A key that is not there is [ErrUnknownKey], which is an error
// that stops whatever needed the key: it means that keys are lost or that the file belongs to
// another log, and never that somebody was erased.
//
// # The erasure ledger
//
// A backup that is older than an erasure still has the key. So each erasure is also noted in a
// [Ledger], which is never part of a backup. What it lists is destroyed again by restoring a backup
// ([Keys.Apply]), and by every start ([Keys.CatchUp]), in case an older copy of the keys was
// put back. The keys say how far the ledger was applied to them, so most starts have nothing to do.
// Its format is described there.
//
// # Use
//
//	keys, err := personal.Open(ctx, personal.Options{Dir: "data", Logger: logger})
//	key, err := keys.Take(ctx)
//	sealed := key.Seal(about, profile)
//	...
//	key, err = keys.Find(ctx, id)
//	profile, err := key.Open(about, sealed)
package personal
