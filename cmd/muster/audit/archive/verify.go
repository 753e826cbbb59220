package archive

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/muster-dev/muster/events/proof"
)

// Options say what an export is checked against.
type Options struct {
	// Verifier is the public key that the auditor trusts.
	Verifier proof.Verifier
	// Checkpoints are those that the auditor has from elsewhere: the one that the export should
	// end with, or older ones that it must continue. They were opened with the verifier.
	Checkpoints []proof.Checkpoint
	// Progress is called with how many events of how many have been read. It may be nil.
	Progress func(done, of uint64)
}

// ErrNoExport reports that a directory has no export that could be looked at.
var ErrNoExport = errors.New("there is no export of muster audit export here")

// mostBytes is the most that a file may have that is read at once. A bundle of 256 entries is
// the largest.
const mostBytes = 32 << 20

// Verify checks an export and reports each check. It returns an error only if it could not
// look.
func Verify(ctx context.Context, dir string, o Options, report func(Finding)) (err error) {
	if o.Progress == nil {
		o.Progress = func(uint64, uint64) {}
	}
	c := &checker{ctx: ctx, dir: dir, o: o, findings: findings{report, map[string]int{}}}
	if err := c.open(); err != nil {
		return err
	}
	if c.sums != nil {
		defer func() { err = errors.Join(err, c.sums.close()) }()
	}
	if c.about.Kind == KindLog {
		err = c.log()
	} else {
		err = c.organization()
	}
	if err == nil {
		err = c.rest()
	}
	return err
}

// checker checks one export.
type checker struct {
	findings
	ctx   context.Context
	dir   string
	o     Options
	about About
	sums  *sumReader // nil if there are none to compare with
	lost  bool       // the sums do not fit the files, and are not compared any more
	files int        // that were compared with their sums

	eventsSum *[sha256.Size]byte // of events.jsonl, once it was read
}

// open finds out what the export is.
func (c *checker) open() error {
	if _, err := os.ReadDir(c.dir); err != nil {
		return err
	}
	if _, err := os.Stat(c.path(unfinishedFile)); err == nil {
		c.fail(filesCheck, "the export was interrupted: make it again")
	}
	sums, err := openSums(c.path(sumsFile))
	noSums := errors.Is(err, fs.ErrNotExist)
	if err != nil && !noSums {
		return err
	}
	c.sums = sums
	text, err := os.ReadFile(c.path(aboutFile))
	noAbout := errors.Is(err, fs.ErrNotExist)
	switch {
	case noSums && noAbout:
		return fmt.Errorf("%s: %w", c.dir, ErrNoExport)
	case err != nil && !noAbout:
		return err
	case noSums:
		c.fail(filesCheck, "%s is missing", sumsFile)
	}
	if noAbout {
		c.fail(filesCheck, "%s is missing", aboutFile)
	} else if err := c.readAbout(text); err != nil {
		return err
	}
	if c.about.Kind == "" { // the files tell
		c.about.Kind = KindLog
		if _, err := os.Stat(c.path(EventsFile)); err == nil {
			c.about.Kind = KindOrganization
		}
	}
	return nil
}

func (c *checker) readAbout(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var about About
	err := d.Decode(&about)
	sum := sha256.Sum256(text)
	switch {
	case err == nil && about.Format > Format && c.listed(aboutFile, sum):
		return fmt.Errorf("%s: its format is %d, which this version of Muster does not know", c.path(aboutFile), about.Format)
	case err != nil:
		c.fail(filesCheck, "%s cannot be read: %v", aboutFile, err)
		return nil
	case about.Kind != KindLog && about.Kind != KindOrganization || about.Format != Format:
		c.fail(filesCheck, "%s has the format %d and the kind %.20q", aboutFile, about.Format, about.Kind)
		return nil
	}
	c.about = about
	return nil
}

// listed reports whether SHA256SUMS has the file with the sum.
func (c *checker) listed(name string, sum [sha256.Size]byte) bool {
	text, err := os.ReadFile(c.path(sumsFile))
	return err == nil && bytes.Contains(text, []byte(hex.EncodeToString(sum[:])+"  "+name+"\n"))
}

func (c *checker) path(name string) string { return filepath.Join(c.dir, filepath.FromSlash(name)) }

// read reads a file. It reports false if the file is missing, which is a finding.
func (c *checker) read(name string) (content []byte, there bool, err error) {
	f, err := os.Open(c.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		c.fail(filesCheck, "%s is missing", name)
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	defer func() { _ = f.Close() }() // it was only read
	content, err = io.ReadAll(io.LimitReader(f, mostBytes+1))
	if err == nil && len(content) > mostBytes {
		c.fail(filesCheck, "%s has more than %d bytes, as no file of an export", name, mostBytes)
		return nil, false, nil
	}
	return content, err == nil, err
}

// sum compares the sum of a file with the next line of SHA256SUMS. It reports false if the file
// is not the one that was exported.
func (c *checker) sum(name string, sum [sha256.Size]byte) (same bool, err error) {
	if c.sums == nil || c.lost {
		return true, nil
	}
	if c.sums.name != name && c.sums.whole {
		c.fail(filesCheck, "%s, line %d: it names %.80q, and the next file of the export is %s", sumsFile, c.sums.line, c.sums.name, name)
		c.lost = true
		return true, nil
	}
	same = c.sums.sum == hex.EncodeToString(sum[:])
	switch {
	case c.sums.name != name:
		c.fail(filesCheck, "%s is damaged: line %d names %.80q in place of %s", sumsFile, c.sums.line, c.sums.name, name)
		same = true
	case same:
		c.files++
	case !c.sums.whole:
		c.fail(filesCheck, "%s is damaged: line %d has not the SHA-256 of %s", sumsFile, c.sums.line, name)
		same = true
	default:
		c.fail(filesCheck, "%s is damaged: its SHA-256 is not the one in %s, line %d", name, sumsFile, c.sums.line)
	}
	return same, c.sums.next()
}

// gone goes on after a file that could not be read.
func (c *checker) gone(name string) error {
	if c.sums == nil || c.lost || c.sums.name != name {
		return nil
	}
	return c.sums.next()
}

// rest compares the files that have not been compared yet, and looks for files that do not
// belong to the export.
func (c *checker) rest() error {
	if c.sums == nil {
		return nil
	}
	if err := c.restUnder(""); err != nil {
		return err
	}
	if !c.sums.whole && c.failed[filesCheck] == 0 {
		c.fail(filesCheck, "%s is damaged: its last line has not the SHA-256 of the lines before it", sumsFile)
	}
	if err := c.strangers(); err != nil {
		return err
	}
	c.more(filesCheck)
	if c.failed[filesCheck] == 0 {
		c.ok(filesCheck, "%d files as they were exported, and no others", c.files+1)
	}
	return nil
}

// restUnder compares the files that come next in SHA256SUMS, as long as their names have the prefix.
func (c *checker) restUnder(prefix string) error {
	for c.sums != nil && !c.lost && c.sums.name != "" && strings.HasPrefix(c.sums.name, prefix) {
		if err := errors.Join(c.ctx.Err(), c.restOf(c.sums.name)); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) restOf(name string) error {
	if !filepath.IsLocal(filepath.FromSlash(name)) || c.sums.sum == "" {
		c.fail(filesCheck, "%s, line %d: %.80q is not a line of an export", sumsFile, c.sums.line, name)
		return c.sums.next()
	}
	if name == EventsFile && c.eventsSum != nil {
		_, err := c.sum(name, *c.eventsSum)
		return err
	}
	content, there, err := c.read(name)
	if err != nil {
		return err
	}
	if !there && !c.sums.whole {
		c.fail(filesCheck, "%s is damaged: line %d names %.80q, which is not there", sumsFile, c.sums.line, name)
	}
	if !there {
		return c.gone(name)
	}
	_, err = c.sum(name, sha256.Sum256(content))
	return err
}

// strangers looks for files that are not in SHA256SUMS.
func (c *checker) strangers() error {
	files := 0
	err := c.walk(func(string) { files++ })
	if err != nil || files == c.sums.count+1 || c.failed[filesCheck] > 0 {
		return err
	}
	known := map[[sha256.Size]byte]bool{sha256.Sum256([]byte(sumsFile)): true}
	again, err := openSums(c.path(sumsFile))
	if err != nil {
		return err
	}
	for ; again.name != "" && err == nil; err = again.next() {
		known[sha256.Sum256([]byte(again.name))] = true
	}
	return errors.Join(err, again.close(), c.walk(func(name string) {
		if !known[sha256.Sum256([]byte(name))] {
			c.fail(filesCheck, "%s does not belong to the export", name)
		}
	}))
}

// walk calls use with the name of every file.
func (c *checker) walk(use func(name string)) error {
	return filepath.WalkDir(c.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(c.dir, path)
		if err == nil {
			use(filepath.ToSlash(name))
		}
		return errors.Join(err, c.ctx.Err())
	})
}
