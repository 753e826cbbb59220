package block

import (
	"errors"
	"fmt"
	"io"
	"sort"
)

// head returns the block's first message. The error is a [*Damage] if the block does not
// start with a whole one.
func (s Stream) head(f file) (Record, error) {
	r := &Reader{stream: s, files: []file{f}}
	defer func() { _ = r.Close() }() // it was only read
	if err := r.turn(); err != nil {
		return Record{}, err
	}
	start := make([]byte, fixedSize)
	if _, err := r.open.ReadAt(start, 0); err != nil && !errors.Is(err, io.EOF) {
		return Record{}, r.failed(err)
	}
	r.next = parseFrame(start).sequence
	record, err := r.Next()
	if r.damaged != nil {
		r.damaged.Sequence = 0 // it is not known
	}
	return record, err
}

// holding returns the index of the last block that starts with a message for which reached
// reports true, and the sequence of that message. The block may come before that one if one
// of them is damaged. If reached reports false for the first message of all, holding
// returns the first block.
func (s Stream) holding(files []file, reached func(Record) bool) (index int, first uint64, err error) {
	after := sort.Search(len(files), func(i int) bool {
		if err != nil {
			return true
		}
		head, failed := s.head(files[i])
		if failed == nil && reached(head) {
			return false
		}
		if _, damaged := errors.AsType[*Damage](failed); failed != nil && !errors.Is(failed, io.EOF) && !damaged {
			err = failed
		}
		return true
	})
	if err != nil || after == 0 {
		return 0, 0, err
	}
	head, err := s.head(files[after-1])
	return after - 1, head.Sequence, err
}

// CheckHeads checks that no block is missing, and that each starts with a whole message
// and in its place. It reads no more than that. The error is a [*Damage] if one does not.
func (s Stream) CheckHeads() error {
	files, err := s.blocks()
	if err != nil {
		return err
	}
	before := uint64(0)
	for i, f := range files {
		if f.size == 0 && i == len(files)-1 {
			return nil // JetStream has made it for the next message
		}
		if i > 0 && f.number != files[i-1].number+1 {
			return &Damage{Path: f.path, Reason: fmt.Sprintf("block %d does not follow block %d", f.number, files[i-1].number)}
		}
		if f.size == 0 {
			return &Damage{Path: f.path, Reason: "the block is empty"}
		}
		head, err := s.head(f)
		if err != nil {
			return err
		}
		first := head.Sequence
		if first <= before || i == 0 && first != 1 {
			return &Damage{Path: f.path, Sequence: before + 1, Reason: fmt.Sprintf("message %d is there", first)}
		}
		before = first
	}
	return nil
}
