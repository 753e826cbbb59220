package archive

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/muster-dev/muster/events/proof"
	"github.com/muster-dev/muster/events/wire"
)

// EventSuffix is what the names of files end with that have the bytes of one event.
const EventSuffix = ".json"

// VerifyProof checks the proof in a file against the event in the file beside it, whose name
// ends with [EventSuffix]. It returns an error only if it could not look.
func VerifyProof(path string, o Options, report func(Finding)) error {
	f := findings{report, map[string]int{}}
	base, isProof := strings.CutSuffix(path, ProofSuffix)
	if !isProof {
		return fmt.Errorf("%s: the name of a proof ends with %s", path, ProofSuffix)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	event, err := os.ReadFile(base + EventSuffix)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: the event's bytes belong beside its proof", err)
	}
	if err != nil {
		return err
	}
	var named struct {
		Sequence wire.Position `json:"sequence"`
	}
	if err := json.Unmarshal(event, &named); err != nil {
		f.fail(eventsCheck, "%s is no event: %v", base+EventSuffix, err)
		return nil
	}
	r := proofReader{verifier: o.Verifier}
	err = r.check(text, named.Sequence, event)
	if len(r.roots) > 0 {
		f.ok(checkpointCheck, "signed by the key: %s, root %s", events(r.last.N), r.last.Hash)
	}
	if err != nil {
		f.fail(eventsCheck, "event %s: %v", named.Sequence, err)
		return nil
	}
	f.ok(eventsCheck, "event %s is in the log, and its bytes are those in %s", named.Sequence, base+EventSuffix)
	for _, yours := range o.Checkpoints {
		f.same(r.last, yours)
	}
	return nil
}

// same compares the checkpoint of a proof with one of the auditor.
func (f *findings) same(cp, yours proof.Checkpoint) {
	switch {
	case cp.Partition != yours.Partition:
		f.skip(yoursCheck, "one is of partition %d, and the event is in partition %d", yours.Partition, cp.Partition)
	case cp.Tree == yours.Tree:
		f.ok(yoursCheck, "the same tree of %s", events(cp.N))
	case cp.N == yours.N:
		f.fail(yoursCheck, "two histories: yours and the proof's are both signed and of %s, with different roots", events(cp.N))
	default:
		f.unknown(yoursCheck, "it is of %s, and the proof's of %d: a single proof does not show that one continues the other", events(yours.N), cp.N)
	}
}
