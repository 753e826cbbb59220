package archive

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/muster-dev/muster/events/proof"
	"github.com/muster-dev/muster/events/wire"
)

// log checks an export of the whole log.
func (c *checker) log() error {
	partitions, err := c.partitions()
	if err != nil {
		return err
	}
	if a := &c.about; a.Format != 0 && len(a.Trees) != len(partitions) {
		c.fail(filesCheck, "there are %d partitions, and %s names %d", len(partitions), aboutFile, len(a.Trees))
	}
	var done uint64
	for _, p := range partitions {
		t := tree{checker: c, partition: p, prefix: strconv.Itoa(p) + "/", done: done}
		if err := t.check(); err != nil {
			return err
		}
		done = t.done
		if err := c.restUnder(t.prefix); err != nil {
			return err
		}
	}
	for _, yours := range c.o.Checkpoints {
		if !slices.Contains(partitions, yours.Partition) {
			c.unknown(yoursCheck, "one is of partition %d, which the export does not have", yours.Partition)
		}
	}
	if c.about.Format != 0 && c.about.Events != done && c.failed[eventsCheck] == 0 {
		c.fail(eventsCheck, "%s says that there are %d events, and there are %d", aboutFile, c.about.Events, done)
	}
	c.more(eventsCheck)
	return nil
}

// partitions returns the partitions that the export has directories for.
func (c *checker) partitions() ([]int, error) {
	names, err := os.ReadDir(c.dir)
	var partitions []int
	for _, entry := range names {
		if p, err := strconv.ParseUint(entry.Name(), 10, 16); err == nil && entry.IsDir() {
			partitions = append(partitions, int(p))
		}
	}
	slices.Sort(partitions)
	return partitions, err
}

// tree checks one partition: it makes the tiles again from the entries, and compares.
type tree struct {
	*checker
	partition int
	prefix    string // of the names of its files
	done      uint64 // events, those of the partitions before included
	told      int64  // number of the last bundle of which a wrong event was reported, from 1 on
}

// errStopped reports that the rest of a partition's tiles cannot be compared.
var errStopped = errors.New("the entries cannot be read any further")

func (t *tree) check() error {
	cp, signed, err := t.checkpoint(t.prefix)
	if err != nil {
		return err
	}
	if !signed {
		return nil // its files are still compared with their sums
	}
	if cp.Partition != t.partition {
		t.fail(checkpointCheck, "%s is that of partition %d", t.prefix+CheckpointFile, cp.Partition)
		return nil
	}
	yours := map[int64]tlog.Hash{}
	for _, y := range t.o.Checkpoints {
		if y.Partition == t.partition {
			yours[y.N] = tlog.Hash{}
		}
	}
	tl := tiler{emit: t.compare}
	before := t.failed[eventsCheck] + t.failed[filesCheck]
	err = t.entries(&tl, cp.N, yours)
	if errors.Is(err, errStopped) {
		return nil
	}
	if err != nil {
		return err
	}
	made, err := tl.tree()
	if err != nil {
		return err
	}
	switch {
	case made != cp.Tree:
		t.fail(eventsCheck, "partition %d: the events have the root %s, and the checkpoint says %s", t.partition, made.Hash, cp.Hash)
	case t.failed[eventsCheck]+t.failed[filesCheck] == before:
		t.ok(eventsCheck, "partition %d: %s, the tree that the checkpoint signs", t.partition, events(cp.N))
		if cp.N == 0 {
			break
		}
		t.ok(completeCheck, "partition %d: every event from the first one to %s, and no other", t.partition, wire.Position{Partition: t.partition, Number: uint64(cp.N)}) //nolint:gosec // not negative
	}
	for _, y := range t.o.Checkpoints {
		if y.Partition != t.partition {
			continue
		}
		err := t.continues(cp, y, func(y proof.Checkpoint) (bool, error) {
			if yours[y.N] == y.Hash || y.N == 0 {
				return true, nil
			}
			t.fail(yoursCheck, "partition %d: the first %s have the root %s, and yours says %s: they are damaged, or the log has two histories", t.partition, events(y.N), yours[y.N], y.Hash)
			return false, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// entries reads all entries, and notes the roots of the sizes that are in roots.
func (t *tree) entries(tl *tiler, size int64, roots map[int64]tlog.Hash) error {
	of := max(t.about.Events, t.done+uint64(size)) //nolint:gosec // not negative
	for n := int64(0); tl.size < size; n++ {
		if err := t.ctx.Err(); err != nil {
			return err
		}
		width := int(min(torchwood.TileWidth, size-tl.size))
		name := t.prefix + torchwood.TilePath(tlog.Tile{H: torchwood.TileHeight, L: -1, N: n, W: width})
		bundle, there, err := t.read(name)
		if err != nil {
			return err
		}
		if !there {
			return errStopped
		}
		b := bundleCheck{tree: t, number: n + 1, name: name, leaves: t.leaves(n, width), damaged: t.known(name, bundle)}
		err = entries(bundle, width, func(entry []byte, offset int) error {
			h := b.entry(entry, uint64(tl.size)+1, offset) //nolint:gosec // not negative
			if err := tl.addHashed(entry, h); err != nil {
				return err
			}
			if _, wanted := roots[tl.size]; wanted {
				made, err := tl.tree()
				roots[tl.size] = made.Hash
				return err
			}
			return nil
		})
		if err != nil && (t.ctx.Err() != nil || isRead(err)) {
			return err
		}
		if err != nil {
			if !b.wrong {
				t.fail(eventsCheck, "%s: %v", name, err)
			}
			return errStopped
		}
		t.done += uint64(width) //nolint:gosec // not negative
		t.o.Progress(t.done, of)
	}
	return tl.end()
}

// leaves returns the hashes of a bundle's events by the tile of the lowest level, and nil if it
// cannot be read. It is compared later.
func (t *tree) leaves(n int64, width int) []byte {
	tile := torchwood.TilePath(tlog.Tile{H: torchwood.TileHeight, L: 0, N: n, W: width})
	content, err := os.ReadFile(t.path(t.prefix + tile))
	if err != nil || len(content) != width*tlog.HashSize {
		return nil
	}
	return content
}

// known reports whether the next line of SHA256SUMS is for the file and has another sum.
func (t *tree) known(name string, content []byte) (damaged bool) {
	sum := sha256.Sum256(content)
	return t.sums != nil && !t.lost && t.sums.whole && t.sums.name == name && t.sums.sum != hex.EncodeToString(sum[:])
}

// bundleCheck checks the entries of one bundle.
type bundleCheck struct {
	*tree
	number  int64 // of the bundle, from 1 on
	name    string
	leaves  []byte // hashes of the events; nil if they are not known
	damaged bool   // the bundle is not the one that was exported
	next    int    // place of the next entry
	wrong   bool   // an entry was reported; those behind it may only be out of their places
}

// entry checks an entry and returns its hash.
func (b *bundleCheck) entry(entry []byte, number uint64, offset int) tlog.Hash {
	at := wire.Position{Partition: b.partition, Number: number}
	h := tlog.RecordHash(entry)
	i := b.next * tlog.HashSize
	b.next++
	switch {
	case b.wrong:
	case b.damaged && b.leaves != nil && !bytes.Equal(h[:], b.leaves[i:i+tlog.HashSize]):
		b.wrong, b.told = true, b.number
		b.fail(eventsCheck, "%s at offset %d: event %s is not the one in the tree", b.name, offset, at)
	// Looking for the text takes a tenth of the time of reading JSON, and the tree proves the rest.
	case !bytes.Contains(entry, fmt.Appendf(nil, `"sequence":%q`, at)):
		b.wrong, b.told = true, b.number
		b.fail(eventsCheck, "%s at offset %d: the entry does not name its position, %s", b.name, offset, at)
	}
	return h
}

// errRead is around errors of reading files, which say nothing of what is in them.
type errRead struct{ error }

func isRead(err error) bool { _, is := errors.AsType[errRead](err); return is }

// compare compares a file that was made from the entries with the one in the export.
func (t *tree) compare(name string, made []byte) error {
	name = t.prefix + name
	content, there, err := t.read(name)
	if err != nil {
		return errRead{err}
	}
	if !there {
		if err := t.gone(name); err != nil {
			return errRead{err}
		}
		return nil
	}
	same, err := t.sum(name, sha256.Sum256(content))
	if err != nil {
		return errRead{err}
	}
	if same && !bytes.Equal(content, made) {
		t.differs(name, content, made)
	}
	return nil
}

// differs reports the first hash of a tile that is not the one of the entries.
func (t *tree) differs(name string, content, made []byte) {
	at := 0
	for at < min(len(content), len(made)) && content[at] == made[at] {
		at++
	}
	tile, err := torchwood.ParseTilePath(name[len(t.prefix):])
	if err != nil || tile.L != 0 {
		t.fail(eventsCheck, "%s, offset %d: it is not the tile of the events", name, at)
		return
	}
	if t.told == tile.N+1 {
		return // it was named already
	}
	number := uint64(tile.N*torchwood.TileWidth) + uint64(at/tlog.HashSize) + 1 //nolint:gosec // not negative
	t.fail(eventsCheck, "event %s is not the one in the tree: its hash is not the one in %s, offset %d",
		wire.Position{Partition: t.partition, Number: number}, name, at/tlog.HashSize*tlog.HashSize)
}
