package archive

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/muster-dev/muster/events/proof"
)

// checkpoint reads the signed checkpoint in a directory of the export, and checks that it is
// what export.json says. It reports false if there is none that is signed.
func (c *checker) checkpoint(prefix string) (proof.Checkpoint, bool, error) {
	name := prefix + CheckpointFile
	text, there, err := c.read(name)
	if err != nil || !there {
		return proof.Checkpoint{}, false, err
	}
	cp, err := c.o.Verifier.Open(text)
	if err != nil {
		c.fail(checkpointCheck, "%s: %v", name, err)
		return proof.Checkpoint{}, false, nil
	}
	for _, tree := range c.about.Trees {
		if tree.Partition == cp.Partition && (tree.Size != cp.N || tree.Root != cp.Hash || tree.Origin != c.o.Verifier.Origin(cp.Partition)) {
			c.fail(checkpointCheck, "%s says of partition %d what %s does not say", aboutFile, cp.Partition, name)
		}
	}
	more := bytes.Count(text, []byte("\n— ")) - 1
	others := ""
	if more > 0 {
		others = fmt.Sprintf(", and %d more of witnesses, which are not checked here", more)
	}
	c.ok(checkpointCheck, "%s is signed by the key: %s, root %s%s", name, events(cp.N), cp.Hash, others)
	return cp, true, c.checkKeyFile(prefix)
}

// checkKeyFile compares the key in the export with the one that the auditor has.
func (c *checker) checkKeyFile(prefix string) error {
	text, there, err := c.read(prefix + KeyFile)
	if err != nil || !there {
		return err
	}
	if v, err := proof.ParseVerifier(string(text)); err != nil || !v.Equal(c.o.Verifier) {
		c.fail(filesCheck, "%s is not the key that you gave", prefix+KeyFile)
	}
	return nil
}

// continues checks the export against a checkpoint of the auditor. The function root returns
// the root of the tree of the first n events, as far as the export shows it. It reports false if
// the export does not show it.
func (c *checker) continues(cp, yours proof.Checkpoint, older func(yours proof.Checkpoint) (shown bool, err error)) error {
	switch {
	case yours.N > cp.N:
		c.unknown(yoursCheck, "yours is of %s, and the export ends with %d: make a newer export", events(yours.N), cp.N)
	case yours.N == cp.N && yours.Hash != cp.Hash:
		c.fail(yoursCheck, "two histories: yours and the export's are both signed and of %s, with different roots", events(cp.N))
	case yours.N == cp.N:
		c.ok(yoursCheck, "the same tree of %s", events(cp.N))
	default:
		shown, err := older(yours)
		if err != nil {
			return err
		}
		if shown {
			c.ok(yoursCheck, "the export continues the tree of %s that you have", events(yours.N))
		}
	}
	return nil
}

// consistency returns the consistency proof as it is in an export: the lines of an
// add-checkpoint request of c2sp.org/tlog-witness.
func consistency(older int64, p tlog.TreeProof, checkpoint []byte) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "old %d\n", older)
	for _, h := range p {
		b.WriteString(h.String() + "\n")
	}
	b.WriteByte('\n')
	b.Write(checkpoint)
	return b.Bytes()
}

// parseConsistency returns the hashes of a proof that [consistency] has written.
func parseConsistency(text []byte, older int64, checkpoint []byte) (tlog.TreeProof, bool) {
	head, rest, found := strings.Cut(string(text), "\n\n")
	lines := strings.Split(head, "\n")
	if !found || rest != string(checkpoint) || lines[0] != "old "+strconv.FormatInt(older, 10) {
		return nil, false
	}
	var p tlog.TreeProof
	for _, line := range lines[1:] {
		h, err := base64.StdEncoding.Strict().DecodeString(line)
		if err != nil || len(h) != tlog.HashSize {
			return nil, false
		}
		p = append(p, tlog.Hash(h))
	}
	return p, true
}

// events returns a number of events as words.
func events(n int64) string {
	if n == 1 {
		return "1 event"
	}
	return strconv.FormatInt(n, 10) + " events"
}
