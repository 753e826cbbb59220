// Package archive is the format of an export of the log: files that an auditor can take away
// and check without Muster. It writes them, and it checks them. It knows no log and no
// service: whoever makes an export hands it the events.
//
// # An organization's export
//
//	README.txt                           how to check it, with Muster and without
//	SHA256SUMS                           the SHA-256 of every other file, for sha256sum -c
//	export.json                          what this is an export of ([About])
//	key                                  the keys that checkpoints are signed with, one a line
//	checkpoint                           the signed checkpoint of the organization's partition
//	events.jsonl                         the events as the log stores them, one a line
//	proofs/000/001/3-1042.tlog-proof     the proof of the event with position 3-1042
//	consistency/900                      that the tree of 900 events is a beginning of this one
//
// A line of events.jsonl without its line feed is the leaf that its proof is for. Proofs are in
// the format c2sp.org/tlog-proof, keys and checkpoints in c2sp.org/signed-note and
// c2sp.org/tlog-checkpoint, and consistency proofs in that of a witness's add-checkpoint
// request in c2sp.org/tlog-witness. The index in a proof counts from 0, and positions count from 1.
// The directories of a proof are its position's number in thousands, so that no directory has more
// than a thousand files as long as a partition has less than a billion events.
//
// # An export of the whole log
//
//	README.txt, SHA256SUMS, export.json  as above
//	3/key                                the keys of the partition
//	3/checkpoint                         its signed checkpoint
//	3/tile/…, 3/tile/entries/…           its tree and its events in the layout c2sp.org/tlog-tiles
//
// So each directory of a partition is a tile log, which other people's software reads.
//
// # Writing
//
// An export is written into an empty directory. As long as the file UNFINISHED is in it, the
// export is not whole, and making it again begins from the start. The file is removed when
// everything has been flushed.
//
//	w, err := archive.Create("export")
//	err = w.WriteFile("checkpoint", checkpoint)
//	err = w.Finish(about)
//
// # Checking
//
// [Verify] reads everything and reports each check. It trusts nothing but the keys that it is
// given: the sums are there to name the file that is damaged, and prove nothing.
package archive
