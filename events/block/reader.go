package block

import (
	"bufio"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
)

// Reader reads the messages of a stream one after the other. It reads what the files had
// when it was made, so that JetStream may append to them meanwhile.
type Reader struct {
	stream Stream
	files  []file // that have not been opened
	next   uint64 // the sequence that is expected

	current file // that is being read
	open    *os.File
	bytes   *bufio.Reader
	offset  int64
	hash    hash.Hash
	record  []byte  // reused
	damaged *Damage // where the reader has stopped
	sparse  bool    // messages may be missing, erased or deleted
}

// compressed is how a compressed block starts.
const compressed = "cmp"

// readAhead is how many bytes are read from a file at once.
const readAhead = 256 << 10

// Read returns a reader of the messages from the sequence on. It reads a part of the
// messages before it, but never more than a block.
func (s Stream) Read(from uint64) (*Reader, error) {
	files, err := s.blocks()
	if err != nil {
		return nil, err
	}
	r := &Reader{stream: s, files: files, next: 1}
	if from <= 1 {
		return r, nil
	}
	if err := r.seek(from); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// ReadSparse returns a reader of all records of a stream from which messages are deleted. It
// checks each record, but not that none is missing. Records of erased messages, and those that
// note that another message was deleted, are among them.
func (s Stream) ReadSparse() (*Reader, error) {
	r, err := s.Read(1)
	if err == nil {
		r.sparse = true
	}
	return r, err
}

// seek moves the reader to the message, or to the end if there are fewer.
func (r *Reader) seek(to uint64) error {
	if err := r.skip(func(first Record) bool { return first.Sequence <= to }); err != nil {
		return err
	}
	for r.next < to {
		if _, err := r.Next(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
	return nil
}

// skip moves a new reader to the last block that starts with a message for which reached
// reports true, or leaves it at the first block.
func (r *Reader) skip(reached func(first Record) bool) error {
	at, first, err := r.stream.holding(r.files, reached)
	if err != nil {
		return err
	}
	r.files = r.files[at:]
	if at > 0 {
		r.next = first
	}
	return nil
}

// Next returns the next message. The message is valid until the next call. The error is
// [io.EOF] at the end, and a [*Damage] where the files are damaged. The reader does not
// get past damage.
func (r *Reader) Next() (Record, error) {
	if r.damaged != nil {
		return Record{}, r.damaged
	}
	for r.open == nil || r.offset == r.current.size {
		if err := r.turn(); err != nil {
			return Record{}, err
		}
	}
	left := r.current.size - r.offset
	start, err := r.bytes.Peek(int(min(fixedSize, left)))
	if err != nil {
		return Record{}, r.failed(err)
	}
	if len(start) < fixedSize {
		return Record{}, r.damage(fmt.Sprintf("the file ends after %d bytes of a record", left))
	}
	f := parseFrame(start)
	if reason := f.refusal(left); reason != "" {
		return Record{}, r.damage(reason)
	}
	if int64(cap(r.record)) < f.length {
		r.record = make([]byte, f.length)
	}
	r.record = r.record[:f.length]
	if _, err := io.ReadFull(r.bytes, r.record); err != nil {
		return Record{}, r.failed(err)
	}
	record, reason := r.stream.parse(f, r.record, r.hash)
	if r.sparse {
		record.Sequence &^= erased | tombstone
	} else if reason == "" {
		reason = r.misplaced(record.Sequence)
	}
	if reason != "" {
		return Record{}, r.damage(reason)
	}
	record.Path, record.Offset, record.block = r.current.path, r.offset, r.current.number
	r.offset += f.length
	r.next = record.Sequence + 1
	return record, nil
}

// Last returns the sequence of the last message that was read, or 0 for none.
func (r *Reader) Last() uint64 { return r.next - 1 }

// misplaced returns why a message with the sequence cannot be the next one. It returns ""
// if it can.
func (r *Reader) misplaced(sequence uint64) string {
	switch {
	case sequence&erased != 0:
		return fmt.Sprintf("message %d was erased", sequence&^erased)
	case sequence&tombstone != 0:
		return fmt.Sprintf("it is noted that message %d was deleted", sequence&^tombstone)
	case sequence != r.next:
		return fmt.Sprintf("message %d is there: messages are missing or not in their place", sequence)
	}
	return ""
}

// turn opens the next block. It returns [io.EOF] if there is none.
func (r *Reader) turn() error {
	if err := r.Close(); err != nil {
		return err
	}
	if len(r.files) == 0 {
		return io.EOF
	}
	r.current, r.files = r.files[0], r.files[1:]
	open, err := os.Open(r.current.path)
	if err != nil {
		return fmt.Errorf("opening a block: %w", err)
	}
	r.open, r.offset, r.hash = open, 0, r.stream.recordHash(r.current.number)
	if r.bytes == nil {
		r.bytes = bufio.NewReaderSize(open, readAhead)
	} else {
		r.bytes.Reset(open)
	}
	// No record starts like this: it would be far larger than a message can be.
	if start, err := r.bytes.Peek(len(compressed)); err == nil && string(start) == compressed {
		return r.damage("the block is compressed, which Muster does not support")
	}
	return nil
}

func (r *Reader) damage(reason string) *Damage {
	r.damaged = &Damage{r.current.path, r.offset, r.next, reason}
	return r.damaged
}

// failed returns the error for a file that could not be read. A file that is shorter than
// it was is damaged.
func (r *Reader) failed(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return r.damage("the file has become shorter")
	}
	return fmt.Errorf("reading %s at offset %d: %w", r.current.path, r.offset, err)
}

// Close closes the file that is open.
func (r *Reader) Close() error {
	if r.open == nil {
		return nil
	}
	open := r.open
	r.open = nil
	return open.Close()
}
