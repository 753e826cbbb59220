// Package proof proves that events are in the log, to people who trust neither the server
// nor those who run it.
//
// # The tree
//
// Each partition has a Merkle tree (RFC 6962, section 2.1). Leaf number N−1 is the stored
// bytes of the event with the position P-N ([wire.Entry].Stored), of at most [MaxLeaf] bytes.
// A [Tree] keeps the hashes in a file: 32 bytes each, in the order of
// [tlog.StoredHashIndex], and nothing else. The file is a read model. It can be made again
// from the log.
//
// # Checkpoints
//
// A checkpoint says how many leaves a tree has and what its root hash is, and is signed with
// the installation's [Key] (Ed25519). Its text is that of c2sp.org/tlog-checkpoint, in a note
// of c2sp.org/signed-note:
//
//	muster/019cc043-a7e5-4c21-b0d4-6f2e9a1c8b53/0
//	1042
//	nND/nri/U0xuHUrYSy0HtMeal2vzD9V4k/BO79C+QeI=
//
//	— muster/019cc043-a7e5-4c21-b0d4-6f2e9a1c8b53/0 zXl…
//
// The first line is the origin: the id of the installation and the number of the partition.
// All partitions are signed with the same key, each under its origin as the key's name, as
// other people's tools expect it. [Verifier] checks checkpoints, and [Verifier.Keys] writes
// the public key in the form of note's verifier keys, a line for each name.
//
// [Checkpoints] makes them while the log grows. It keeps in the data directory
//
//	proof/key            the private key, with an embedded log
//	proof/key.pub        the public key, for people
//	proof/checkpoint-00  the last checkpoint of a partition
//	proof/tree-00        the hashes of its tree
//
// With an external log, the nodes share the key in MUSTER_KEYS (muster.keys.checkpoints) and the
// last checkpoints in MUSTER_CHECKPOINTS (muster.checkpoints.<partition>). A node signs on
// condition that the last checkpoint there is the one that it has compared its tree with.
//
// # Proofs
//
// An inclusion proof has the text form of c2sp.org/tlog-proof (a file .tlog-proof): the
// index, the hashes of the path from the leaf to the root, and the checkpoint. [Prove] makes
// one, and [Verifier.Check] checks one against the event's bytes:
//
//	p, err := proof.Prove(tree, checkpoint, number, stored)
//	os.WriteFile("event.tlog-proof", p.Text(), 0o644)
//
//	v, err := proof.ParseVerifier(keys)
//	checked, err := v.Check(stored, text)
//
// [Consistent] checks that a later tree is a continuation of an earlier one. [Tree] is a
// [torchwood.TileReader], so that a tree can be exported in the layout of c2sp.org/tlog-tiles.
package proof
