// Package backup writes a log to one file, checks such files, and makes logs from them again.
//
// # What is in a backup
//
// A backup has the messages of the log up to one moment, each partition as far as it had
// acknowledged by then, and the cursors of subscriptions. Keys are only in it if somebody says for
// whom they are encrypted. The feed and the read models are not in it, because they are made
// from the log again. Neither are the attempts to deliver webhooks, the root token and the secret
// of the NATS server, nor the ledger of erasures, which must outlive every backup.
//
// The cursors are read before the log. So no cursor is beyond the log's end, and some events
// may be delivered again, as after a crash. Keys are read after it is known how far the log goes,
// so that none is missing that an event names.
//
// # Why messages, and not JetStream's snapshots
//
// A snapshot of JetStream is a copy of its files. It needs a server that runs and listens, which
// the embedded one does not do by default. It is bound to the stream's replicas and to the
// version of the server, and what it holds can only be checked by restoring it. A backup of messages can
// be read from the files of a service that runs, is checked against the chain when it is
// written, when it is verified and when it is restored, and fits one server and a cluster alike. What it
// loses is the time at which JetStream has stored a message. Nothing depends on that: events
// have their own times, which the chain covers.
//
// # The file
//
// The file is a tar archive. Any tar lists and unpacks it. Its parts, in this order:
//
//	backup.json            what the backup is of; see [Head]
//	cursors/00000001.zst … the last note of each subscription
//	keys/00000001.age …    keys, encrypted with age, only if they were asked for
//	log/00/00000001.zst …  the messages of partition 0, then those of the others
//	manifest.json          the name, the size and the SHA-256 of each part before; see [Manifest]
//	manifest.json.sha256   the SHA-256 of the manifest, as sha256sum writes it
//
// Parts that end in .zst are compressed with Zstandard, each by itself, and have about 4 MB each.
// A message in a part of the log is a line of JSON with its number, the number of its first
// event, the link of the chain before it, the process that wrote it and the size of its payload,
// and then the payload, which is the JSON array of its events, and a line feed:
//
//	{"message":17,"first":42,"previous":"9f86…","writer":"…","size":812}
//	[{"specversion":"1.0", …}]
//
// A cursor is {"subject":"…","size":…} and the note, in the same way. A key is a line of JSON: see
// [Key].
//
// # Checking
//
// [Open] finds every changed bit. A part has the hash that the manifest says, the manifest has the
// hash in the last part, and everything else in the file (headers, padding, end) must be
// what this package writes for those parts. [Archive.Check] then checks what the parts say:
// every message continues the chain and can be decoded, and the chain ends as it must.
//
//	err := backup.Write(ctx, file, s, backup.Options{})
//	archive, err := backup.Open(ctx, file, nil)
//	err = archive.Check(ctx, nil)
//	err = archive.Restore(ctx, store.Options{Dir: "data"}, backup.RestoreOptions{})
package backup
