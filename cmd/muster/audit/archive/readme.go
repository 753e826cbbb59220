package archive

import (
	"fmt"
	"strings"
)

// readme returns the text that says what an export is and how to check it.
func readme(a *About) []byte {
	var b strings.Builder
	of := "the whole log of a Muster service"
	if a.Kind == KindOrganization {
		of = "the history of organization " + a.Organization
	}
	fmt.Fprintf(&b, "This is an export of %s.\nIt has %d events, and was made at %s by %s.\n\n", of, a.Events, a.MadeAt.UTC().Format("2006-01-02T15:04:05Z"), a.Muster)
	b.WriteString(`To check that no file was damaged on its way:

    sha256sum -c --quiet SHA256SUMS

To check what is in it, take the key and a checkpoint from somewhere else than from this export:
from the running service (GET /v1/checkpoints/key, GET /v1/checkpoints), from a witness, or from
what you noted earlier. The key and the checkpoint in this export prove nothing by themselves.

`)
	if a.Kind == KindOrganization {
		organizationReadme(&b, a)
	} else {
		logReadme(&b, a)
	}
	b.WriteString("\nHow all of this fits together, what it proves and what it does not: docs/audit.md of Muster.\n")
	return []byte(b.String())
}

func organizationReadme(b *strings.Builder, a *About) {
	b.WriteString(`    muster audit verify --key KEY --checkpoint CHECKPOINT DIR

Without Muster:

  - A line of events.jsonl, without its line feed, is an event exactly as the log stores it.
  - proofs/000/001/P-N.tlog-proof proves that the event with the sequence P-N is in the log. Its
    format is c2sp.org/tlog-proof, and software that knows this format checks it against the key
    and the bytes of the line. The leaf is hashed as in RFC 6962: SHA-256 of a zero byte and the line.
  - checkpoint is the signed state of the log that the proofs lead to (c2sp.org/tlog-checkpoint).
  - consistency/N, if it is there, proves that the log of the first N events is a beginning of it.
  - statement, if it is there, is signed by the operator: that these are all events of the
    organization up to the checkpoint. Proofs alone do not show that none was left out.
`)
	for _, t := range a.Trees {
		fmt.Fprintf(b, "\nThe log is %s, partition %d, of %s.\n", t.Origin, t.Partition, events(t.Size))
	}
}

func logReadme(b *strings.Builder, a *About) {
	b.WriteString(`    muster audit verify --key KEY --checkpoint CHECKPOINT DIR

Without Muster: each directory with a number is a log in the layout c2sp.org/tlog-tiles, with its
signed checkpoint and the key. An entry is an event exactly as Muster stores it. For example:

    go install github.com/transparency-dev/tessera/cmd/fsck@v1.0.4
    timeout 600 fsck --ui=false --logtostderr --storage_url=file:///PATH/0/ --public_key=0/key

fsck of this version exits with 0 even if the log is damaged, and it can hang. The log is whole only
if it prints "Successfully fsck'd log with size" and the number of events that is below. Nothing
else that it prints shows that.

The logs:

`)
	for _, t := range a.Trees {
		fmt.Fprintf(b, "  %d/  %s  %s\n", t.Partition, t.Origin, events(t.Size))
	}
}
