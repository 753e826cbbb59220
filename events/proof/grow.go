package proof

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

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
	if damaged {
		p.logger.Warn("hashes of the tree are damaged, and are made again from the log", slog.Int("partition", p.number))
		if err := p.again(); err != nil {
			return err
		}
	}
	until := known.Message
	if len(waiting) > 0 {
		until = waiting[0].Sequence - 1
	}
	if err := p.read(ctx, until); err != nil {
		return err
	}
	if len(waiting) > 0 && waiting[0].First() > uint64(p.tree.Size())+1 { //nolint:gosec // it is not negative
		return fmt.Errorf("partition %d: event %d follows event %d", p.number, waiting[0].First(), p.tree.Size())
	}
	if err := p.add(waiting); err != nil {
		return err
	}
	for {
		err := p.compare(ctx)
		if !errors.Is(err, errDamaged) {
			return err
		}
		p.logger.Warn("the tree is damaged, and is made again from the log", slog.Int("partition", p.number), slog.Any("error", err))
		if err := p.again(); err != nil {
			return err
		}
	}
}

// again empties the tree.
func (p *partition) again() error {
	p.rebuilt, p.compared = true, false
	p.mu.Lock()
	p.standing = false
	p.mu.Unlock()
	return p.tree.Cut(0)
}

// errDamaged reports that the tree is not the one that was signed, and was not made from the
// log in this process.
var errDamaged = errors.New("it is not the tree that was signed")

// compare compares the tree with the checkpoint that was signed last. It returns errDamaged if
// the file may be to blame, and [ErrInconsistent] if the log is.
func (p *partition) compare(ctx context.Context) error {
	if p.compared {
		return nil
	}
	last := p.keeper.last[p.number].Tree
	if p.tree.Size() < last.N { // the log is being followed from further back
		tip, err := p.log.Tip(ctx)
		if err != nil {
			return err
		}
		if tip.Number < uint64(last.N) { //nolint:gosec // it is not negative
			return fmt.Errorf("partition %d: %w: a checkpoint of %d events was signed, and the log ends with event %d",
				p.number, ErrInconsistent, last.N, tip.Number)
		}
		if err := p.read(ctx, tip.Message); err != nil {
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

// read adds what the log has up to the message and the tree lacks.
func (p *partition) read(ctx context.Context, until uint64) error {
	from, found, err := p.log.Before(ctx, uint64(p.tree.Size())+1) //nolint:gosec // it is not negative
	if err != nil || !found || from.Message >= until {
		return err
	}
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
