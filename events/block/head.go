package block

import (
	"errors"
	"fmt"
	"io"
	"sort"
)

// head returns the sequence of the block's first message. The error is a [*Damage] if the
// block does not start with a whole one.
func (s Stream) head(f file) (uint64, error) {
	r := &Reader{stream: s, files: []file{f}}
	defer func() { _ = r.Close() }() // it was only read
	if err := r.turn(); err != nil {
		return 0, err
	}
	start := make([]byte, fixedSize)
	if _, err := r.open.ReadAt(start, 0); err != nil && !errors.Is(err, io.EOF) {
		return 0, r.failed(err)
	}
	r.next = parseFrame(start).sequence
	record, err := r.Next()
	if r.damaged != nil {
		r.damaged.Sequence = 0 // it is not known
	}
	return record.Sequence, err
}

// holding returns the index of the block that holds the message, and the sequence of the
// first message of that block. The block may come before the one that holds the message
// if one of them is damaged.
func (s Stream) holding(files []file, sequence uint64) (index int, first uint64, err error) {
	after := sort.Search(len(files), func(i int) bool {
		if err != nil {
			return true
		}
		head, failed := s.head(files[i])
		if failed == nil && head <= sequence {
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
	first, err = s.head(files[after-1])
	return after - 1, first, err
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
		first, err := s.head(f)
		if err != nil {
			return err
		}
		if first <= before || i == 0 && first != 1 {
			return &Damage{Path: f.path, Sequence: before + 1, Reason: fmt.Sprintf("message %d is there", first)}
		}
		before = first
	}
	return nil
}
