package proof

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/muster-dev/muster/events/wire"
)

// batchLeaves is how many leaves are written to the file at once while the log is read.
const batchLeaves = 1 << 12

// grow hashes what has been followed, and compares the tree with what was signed last. The
// first time, and after damage, it reads the log for that.
func (p *partition) grow(ctx context.Context) error {
	p.mu.Lock()
	waiting, known, damaged := p.waiting, p.known, p.damaged
	p.waiting, p.bytes, p.damaged = nil, 0, false
	p.mu.Unlock()
	for {
		var err error
		if damaged {
			err = fmt.Errorf("%w: a proof does not hold", errDamaged)
		} else {
			err = p.extend(ctx, waiting, known)
		}
		if !errors.Is(err, errDamaged) {
			if err != nil {
				p.putBack(waiting)
			}
			return err
		}
		p.logger.Warn("the tree is made again from the log", slog.Int("partition", p.number), slog.Any("reason", err))
		if err := p.again(); err != nil {
			p.mu.Lock()
			p.damaged = true
			p.mu.Unlock()
			return err
		}
		damaged = false
	}
}

// putBack has messages wait again that could not be hashed, so that they need not be read from
// the log. It leaves them out if they do not fit, or if what has come since does not follow them:
// then some of it is to be read from the log anyway.
func (p *partition) putBack(messages []wire.Message) {
	if len(messages) == 0 {
		return
	}
	size := 0
	for i := range messages {
		size += stored(&messages[i])
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	next := p.known.Number + 1
	if len(p.waiting) > 0 {
		next = p.waiting[0].First()
	}
	if messages[len(messages)-1].Checkpoint().Number+1 == next && p.bytes+size <= waitBytes {
		p.waiting, p.bytes = append(messages, p.waiting...), p.bytes+size
	}
}

// extend adds the messages, and before them what the tree lacks.
func (p *partition) extend(ctx context.Context, waiting []wire.Message, known wire.Checkpoint) error {
	err := p.join(ctx)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return err
	}
	until, to := known.Message, known.Number // what waits comes after them
	if len(waiting) > 0 {
		until, to = waiting[0].Sequence-1, waiting[0].First()-1
	}
	// Finding the place in the log costs more than hashing what usually waits.
	if to > uint64(p.tree.Size()) { //nolint:gosec // it is not negative
		if err := p.read(ctx, until); err != nil {
			return err
		}
	}
	if len(waiting) > 0 && waiting[0].First() > uint64(p.tree.Size())+1 { //nolint:gosec // it is not negative
		return fmt.Errorf("partition %d: event %d follows event %d", p.number, waiting[0].First(), p.tree.Size())
	}
	if err := p.add(waiting); err != nil {
		return err
	}
	return p.compare(ctx)
}

// again empties the tree.
func (p *partition) again() error {
	p.rebuilt, p.compared, p.joined = true, false, true
	p.mu.Lock()
	p.standing = false
	p.mu.Unlock()
	return p.tree.Cut(0)
}

// errDamaged reports that the tree is not the one that was signed, and was not made from the
// log in this process.
var errDamaged = errors.New("it is not the tree that was signed")

// join makes sure that the tree was made from this log, before anything is added to it. Events
// have unique ids, so a tree that ends with the log's event was made of the log's history. One
// that does not is made again.
func (p *partition) join(ctx context.Context) error {
	if p.joined {
		return nil
	}
	last, n := p.keeper.last[p.number].N, p.tree.Size()
	tip, err := p.log.Tip(ctx)
	if err != nil {
		return err
	}
	if tip.Number < uint64(last) { //nolint:gosec // it is not negative
		return fmt.Errorf("partition %d: %w: a checkpoint of %d events was signed, and the log ends with event %d",
			p.number, ErrInconsistent, last, tip.Number)
	}
	if n > 0 {
		entry, err := p.log.Entry(ctx, uint64(n)) //nolint:gosec // it is not negative
		if err != nil {
			return err
		}
		leaf, err := p.tree.ReadHashes([]int64{tlog.StoredHashIndex(0, n-1)})
		if err != nil || leaf[0] != tlog.RecordHash(entry.Stored) {
			return fmt.Errorf("%w: its event %d is not the log's", errDamaged, n)
		}
	}
	p.joined = true
	return nil
}

// compare compares the tree with the checkpoint that was signed last. It returns errDamaged if
// the file may be to blame, and [ErrInconsistent] if the log is.
func (p *partition) compare(ctx context.Context) error {
	if p.compared {
		return nil
	}
	last := p.keeper.last[p.number].Tree
	if p.tree.Size() < last.N { // the log is being followed from further back
		if err := p.read(ctx, math.MaxUint64); err != nil {
			return err
		}
	}
	head, err := p.tree.Head(last.N)
	if err == nil && head != last {
		err = fmt.Errorf("partition %d: %w: its first %d events are not those that were signed", p.number, ErrInconsistent, last.N)
	}
	switch {
	case err == nil:
		p.compared, p.rebuilt = true, false
		return nil
	case p.rebuilt:
		return err
	}
	return fmt.Errorf("%w: %w", errDamaged, err)
}

// read adds what the log has up to the message, or to its end, and the tree lacks.
func (p *partition) read(ctx context.Context, until uint64) error {
	if until == 0 {
		return nil
	}
	from, found, err := p.log.Before(ctx, uint64(p.tree.Size())+1) //nolint:gosec // it is not negative
	if err != nil || !found || from.Message >= until {
		return err
	}
	tip, err := p.log.Tip(ctx)
	if err != nil {
		return err
	}
	until = min(until, tip.Message)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	messages := make(chan wire.Message, 64)
	ended := make(chan error, 1)
	go func() {
		err := p.log.Read(ctx, from, &wire.Checkpoint{Message: until}, messages)
		close(messages)
		ended <- err
	}()
	var failed error
	var leaves [][]byte
	for m := range messages {
		if failed != nil {
			continue
		}
		leaves = p.lacking(leaves, &m)
		if len(leaves) >= batchLeaves || len(messages) == 0 {
			if failed = p.tree.Append(leaves...); failed != nil {
				cancel()
			}
			leaves = leaves[:0]
		}
	}
	if failed == nil && len(leaves) > 0 {
		failed = p.tree.Append(leaves...)
	}
	err = <-ended
	if failed != nil {
		return failed
	}
	return err
}

// add adds messages, which come next.
func (p *partition) add(messages []wire.Message) error {
	var leaves [][]byte
	for i := range messages {
		leaves = p.lacking(leaves, &messages[i])
	}
	return p.tree.Append(leaves...)
}

// lacking appends the message's events that the tree and the leaves do not have. They come next.
func (p *partition) lacking(leaves [][]byte, m *wire.Message) [][]byte {
	next := uint64(p.tree.Size()) + uint64(len(leaves)) + 1 //nolint:gosec // it is not negative
	for i := range m.Entries {
		if m.Entries[i].Number >= next {
			leaves = append(leaves, m.Entries[i].Stored)
		}
	}
	return leaves
}
