package archive

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/muster-dev/muster/events/proof"
	"github.com/muster-dev/muster/events/wire"
)

// organization checks the export of one organization.
func (c *checker) organization() error {
	cp, signed, err := c.checkpoint("")
	if err != nil {
		return err
	}
	if signed {
		for _, yours := range c.o.Checkpoints {
			if yours.Partition != cp.Partition {
				c.skip(yoursCheck, "one is of partition %d, and the organization is in partition %d", yours.Partition, cp.Partition)
				continue
			}
			if err := c.continues(cp, yours, func(yours proof.Checkpoint) (bool, error) { return c.olderOrganization(cp, yours) }); err != nil {
				return err
			}
		}
	}
	l := lines{checker: c, proofs: proofReader{verifier: c.o.Verifier, known: c.o.Checkpoints}, checkpoint: cp, signed: signed}
	if signed {
		l.proofs.known = append([]proof.Checkpoint{cp}, c.o.Checkpoints...)
	}
	if err := l.read(); err != nil {
		return err
	}
	return c.complete(cp, signed, &l)
}

// olderOrganization checks the consistency proof from an older checkpoint, if the export has
// it.
func (c *checker) olderOrganization(cp, yours proof.Checkpoint) (shown bool, err error) {
	name := consistencyFile(yours.N)
	if _, err := os.Stat(c.path(name)); errors.Is(err, fs.ErrNotExist) {
		c.unknown(yoursCheck, "it is of %s, and the export has no proof that it continues it: make the export with --older and your checkpoint", events(yours.N))
		return false, nil
	}
	text, there, err := c.read(name)
	if err != nil || !there {
		return false, err
	}
	p, ok := parseConsistency(text, yours.N, cp.Note)
	if !ok {
		c.fail(yoursCheck, "%s is not a proof from %s to the export's checkpoint", name, events(yours.N))
		return false, nil
	}
	if yours.N == 0 {
		return true, nil
	}
	if err := tlog.CheckTree(p, cp.N, cp.Hash, yours.N, yours.Hash); err != nil {
		c.fail(yoursCheck, "%s does not show that the export continues the tree of %s: it is damaged, or the log has two histories", name, events(yours.N))
		return false, nil
	}
	return true, nil
}

// lines reads events.jsonl with the proofs.
type lines struct {
	*checker
	proofs     proofReader
	checkpoint proof.Checkpoint // the export's
	signed     bool             // it is known

	count       uint64 // events
	offset      int64  // of the line in the file
	first, last wire.Position
}

func (l *lines) read() error {
	f, err := os.Open(l.path(EventsFile))
	if errors.Is(err, fs.ErrNotExist) {
		l.fail(filesCheck, "%s is missing", EventsFile)
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	hash := sha256.New()
	in := bufio.NewReaderSize(io.TeeReader(f, hash), bufferSize)
	for {
		line, err := in.ReadSlice('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			break
		}
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
		l.count++
		if err := l.line(line, err == nil); err != nil {
			return err
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			return nil // it cannot be of an export, and what follows has no place
		}
		l.offset += int64(len(line))
		if l.count%1000 == 0 {
			l.o.Progress(l.count, max(l.count, l.about.Events))
			if err := l.ctx.Err(); err != nil {
				return err
			}
		}
	}
	l.o.Progress(l.count, max(l.count, l.about.Events))
	sum := [sha256.Size]byte(hash.Sum(nil))
	l.eventsSum = &sum
	if l.sums != nil && !l.lost && strings.HasPrefix(l.sums.name, proofsDir+"/") {
		l.fail(eventsCheck, "%s ends before the event of %s", EventsFile, l.sums.name)
	}
	l.more(eventsCheck)
	if l.failed[eventsCheck] == 0 && l.signed {
		l.proven()
	}
	return nil
}

// proven says that all events are proven, and to be in which trees. A proof that leads to another
// tree than the export's checkpoint shows nothing about the tree that the auditor knows: whoever
// has the key could have signed one for a second history.
func (l *lines) proven() {
	count := events(int64(l.count)) //nolint:gosec // far below 2^63
	others := l.proofs.others(l.checkpoint)
	const unshown = "%s, each proven to be in a signed tree, but %d of these trees are others than the checkpoint's, and the export does not show that one continues the other"
	switch {
	case others == 0:
		l.ok(eventsCheck, "%s, each proven to be in the log", count)
	case len(l.o.Checkpoints) > 0:
		l.unknown(eventsCheck, unshown+": make the export again, with --data or --nats-url if the service is busy", count, others)
	default:
		l.ok(eventsCheck, unshown, count, others)
	}
}

// line checks one line, which is whole if it ends with a line feed.
func (l *lines) line(line []byte, whole bool) error {
	at, err := l.place(line, whole)
	if err != nil {
		return err
	}
	if at == (wire.Position{}) {
		return nil // it was reported
	}
	name := ProofFile(at)
	text, there, err := l.checker.read(name)
	if err != nil {
		return err
	}
	if !there {
		return l.gone(name)
	}
	same, err := l.sum(name, sha256.Sum256(text))
	if err != nil || !same || !l.signed {
		return err // a damaged proof proves nothing
	}
	if wrong := l.proofs.check(text, at, line[:len(line)-1]); wrong != nil {
		l.fail(eventsCheck, "%s, line %d at offset %d, event %s: %v", EventsFile, l.count, l.offset, at, wrong)
	}
	return nil
}

// place returns the position of the event in the line. If the line does not have it, the
// position is that of the next proof in SHA256SUMS, and zero if there is none.
func (l *lines) place(line []byte, whole bool) (wire.Position, error) {
	var event struct {
		Sequence     wire.Position `json:"sequence"`
		Organization string        `json:"organizationid"`
	}
	expected, known := l.expected()
	err := json.Unmarshal(line, &event)
	at := event.Sequence
	wrong := ""
	switch {
	case err != nil:
		wrong = "it is no event: " + err.Error()
	case !whole:
		wrong = "it has no line feed at its end"
	case known && at != expected:
		wrong = "it has position " + at.String() + ", and the next proof is that of " + expected.String()
	case l.count > 1 && (at.Partition != l.last.Partition || at.Number <= l.last.Number), l.signed && at.Partition != l.checkpoint.Partition:
		wrong = "position " + at.String() + " is out of order after " + l.last.String()
	case l.about.Organization != "" && event.Organization != l.about.Organization:
		wrong = "it is of organization " + event.Organization
	}
	if wrong == "" {
		if l.count == 1 {
			l.first = at
		}
		l.last = at
		return at, nil
	}
	l.fail(eventsCheck, "%s, line %d at offset %d: %s", EventsFile, l.count, l.offset, wrong)
	if !known {
		return wire.Position{}, nil
	}
	l.last = expected
	name := ProofFile(expected) // its bytes are compared all the same
	text, there, err := l.checker.read(name)
	if err != nil {
		return wire.Position{}, err
	}
	if !there {
		return wire.Position{}, l.gone(name)
	}
	_, err = l.sum(name, sha256.Sum256(text))
	return wire.Position{}, err
}

// expected returns the position of the next proof in SHA256SUMS.
func (l *lines) expected() (wire.Position, bool) {
	if l.sums == nil || l.lost || !l.sums.whole {
		return wire.Position{}, false
	}
	_, name, _ := strings.Cut(strings.TrimPrefix(l.sums.name, proofsDir), "/")
	name = name[strings.LastIndexByte(name, '/')+1:]
	text, isProof := strings.CutSuffix(name, ProofSuffix)
	p, err := wire.ParsePosition(text)
	return p, isProof && err == nil && ProofFile(p) == l.sums.name
}

// complete says what is known of events that may be missing.
func (c *checker) complete(cp proof.Checkpoint, signed bool, l *lines) error {
	a := &c.about
	if a.Format != 0 && (a.Events != l.count || l.count > 0 && (a.First == nil || a.Last == nil || *a.First != l.first || *a.Last != l.last)) {
		c.fail(eventsCheck, "%s has %d events from %s to %s, and %s says something else", EventsFile, l.count, l.first, l.last, aboutFile)
	}
	_, err := os.Stat(c.path(StatementFile))
	if errors.Is(err, fs.ErrNotExist) {
		c.skip(completeCheck, "not shown: proofs do not tell whether an event of the organization was left out, and the export has no statement of the operator")
		return nil
	}
	text, there, err := c.read(StatementFile)
	if err != nil || !there || !signed || l.eventsSum == nil {
		return err
	}
	said, err := c.o.Verifier.OpenNote(StatementPurpose, text)
	if err != nil {
		c.fail(completeCheck, "%s: %v", StatementFile, err)
		return nil
	}
	s := Statement{Organization: a.Organization, Checkpoint: cp, Events: l.count, SHA256: *l.eventsSum}
	if said != s.Text() {
		c.fail(completeCheck, "%s is signed, and it is about other events than these", StatementFile)
		return nil
	}
	c.skip(completeCheck, "stated, not proven: the operator has signed that these are all events of the organization among the first %d of partition %d; "+
		"a proof of another one would contradict the signature", cp.N, cp.Partition)
	return nil
}
