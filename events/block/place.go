package block

import (
	"errors"
	"fmt"
	"io"
)

// Place is where a message starts, or will start once it is there.
type Place struct {
	Sequence uint64 // of the message
	block    uint32
	offset   int64
}

// Place returns the place of the message. Readers can start there, without reading what is
// before it in the block.
func (r Record) Place() Place { return Place{r.Sequence, r.block, r.Offset} }

// End returns the place of the message that follows.
func (r Record) End() Place { return Place{r.Sequence + 1, r.block, r.Offset + r.Size} }

// ReadAt returns a reader of the messages from the place on. It searches the message if the
// block of the place is not there, or ends before the place.
func (s Stream) ReadAt(p Place) (*Reader, error) {
	files, err := s.blocks()
	if err != nil {
		return nil, err
	}
	for i, f := range files {
		if f.number != p.block || f.size < p.offset {
			continue
		}
		r := &Reader{stream: s, files: files[i:], next: p.Sequence}
		if err := r.turn(); err != nil {
			return nil, errors.Join(err, r.Close())
		}
		if _, err := r.open.Seek(p.offset, io.SeekStart); err != nil {
			return nil, errors.Join(fmt.Errorf("reading %s: %w", f.path, err), r.Close())
		}
		r.bytes.Reset(r.open)
		r.offset = p.offset
		return r, nil
	}
	return s.Read(p.Sequence)
}

// ReadBlock returns a reader that starts with the first message of a block: of the last
// block whose first message is one for which reached reports true. If reached reports true
// for a message, it must do so for all before it. Without such a block the reader starts
// with the first message of all.
func (s Stream) ReadBlock(reached func(first Record) bool) (*Reader, error) {
	files, err := s.blocks()
	if err != nil {
		return nil, err
	}
	r := &Reader{stream: s, files: files, next: 1}
	if err := r.skip(reached); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}
