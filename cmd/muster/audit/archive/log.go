package archive

import (
	"fmt"
	"strconv"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/muster-dev/muster/events/proof"
)

// Log is the export of the whole log while it is written.
type Log struct {
	w        *Writer
	verifier proof.Verifier
	about    About
}

// Log begins the export of a log whose checkpoints the verifier checks.
func (w *Writer) Log(v proof.Verifier, about About) *Log {
	about.Format, about.Kind = Format, KindLog
	return &Log{w, v, about}
}

// Partition is one partition of the log while it is written.
type Partition struct {
	log    *Log
	prefix string
	tiles  tiler
}

// Partition begins the next partition.
func (l *Log) Partition(number int) *Partition {
	p := &Partition{log: l, prefix: strconv.Itoa(number) + "/"}
	p.tiles.emit = func(name string, content []byte) error { return l.w.WriteFile(p.prefix+name, content) }
	return p
}

// Add adds the next event, as the log has stored it.
func (p *Partition) Add(stored []byte) error { return p.tiles.add(stored) }

// Tree returns the tree of the events that have been added.
func (p *Partition) Tree() (tlog.Tree, error) { return p.tiles.tree() }

// Finish ends the partition. The checkpoint must be one of the tree.
func (p *Partition) Finish(cp proof.Checkpoint) error {
	tree, err := p.Tree()
	if err != nil {
		return err
	}
	if tree != cp.Tree {
		return fmt.Errorf("the checkpoint of partition %d is of %s, and the log makes another tree of %s", cp.Partition, events(cp.N), events(tree.N))
	}
	if err := p.tiles.end(); err != nil {
		return err
	}
	p.log.about.Events += uint64(tree.N) //nolint:gosec // not negative
	p.log.about.Trees = append(p.log.about.Trees, treeOf(p.log.verifier, cp))
	return p.log.w.head(p.prefix, p.log.verifier, cp)
}

// Finish ends the export, which is whole when Finish returns.
func (l *Log) Finish() error { return l.w.Finish(l.about) }
