package archive

import (
	"fmt"

	"github.com/muster-dev/muster/events/proof"
)

// StatementFile has the signed statement of an organization's export.
const StatementFile = "statement"

// StatementPurpose is the purpose of the note; see [proof.Key.SignNote].
const StatementPurpose = "export"

// Statement says that an export has every event of an organization up to a checkpoint. Whoever
// signs it can be held to it: the proof of an event that was left out contradicts it.
type Statement struct {
	Organization string
	Checkpoint   proof.Checkpoint
	Events       uint64
	SHA256       [32]byte // of events.jsonl
}

// Text returns the text that is signed:
//
//	muster export
//	organization 019cc043-a7e5-7c21-b0d4-6f2e9a1c8b53
//	partition 3
//	size 1042
//	root nND/nri/U0xuHUrYSy0HtMeal2vzD9V4k/BO79C+QeI=
//	events 17
//	sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
func (s Statement) Text() string {
	return fmt.Sprintf("muster export\norganization %s\npartition %d\nsize %d\nroot %s\nevents %d\nsha256 %x\n",
		s.Organization, s.Checkpoint.Partition, s.Checkpoint.N, s.Checkpoint.Hash, s.Events, s.SHA256)
}
