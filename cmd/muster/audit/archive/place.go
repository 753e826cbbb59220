package archive

import (
	"fmt"

	"github.com/muster-dev/muster/events/wire"
)

// The names of files and directories in an export.
const (
	readmeFile     = "README.txt"
	sumsFile       = "SHA256SUMS"
	aboutFile      = "export.json"
	unfinishedFile = "UNFINISHED"
	proofsDir      = "proofs"
	consistencyDir = "consistency"

	// KeyFile has the keys of checkpoints.
	KeyFile = "key"
	// CheckpointFile has the signed checkpoint.
	CheckpointFile = "checkpoint"
	// EventsFile has the events of an organization's export.
	EventsFile = "events.jsonl"
	// ProofSuffix is what the names of proofs end with.
	ProofSuffix = ".tlog-proof"
)

// ProofFile returns the path of an event's proof in an organization's export.
func ProofFile(p wire.Position) string {
	return fmt.Sprintf("%s/%03d/%03d/%s%s", proofsDir, p.Number/1e6, p.Number/1e3%1e3, p, ProofSuffix)
}

// consistencyFile returns the path of the proof that the tree of so many events is a
// beginning of the export's tree.
func consistencyFile(size int64) string { return fmt.Sprintf("%s/%d", consistencyDir, size) }
