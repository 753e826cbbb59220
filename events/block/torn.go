package block

import (
	"bytes"
	"fmt"
	"os"
)

// Torn reports whether the damage can be what a crash has left of the message that was
// being written: a record at the very end that is too short, or a page of which is zeros,
// because the pages of a file reach the disk in any order. No message may follow it, in its
// block or in another one.
func (s Stream) Torn(d *Damage) (bool, error) {
	files, err := s.blocks()
	if err != nil || len(files) == 0 {
		return false, err
	}
	last := files[len(files)-1]
	size := last.size - d.Offset
	if last.path != d.Path || size <= 0 || size > 2*maxRecord {
		return false, nil
	}
	rest := make([]byte, size)
	f, err := os.Open(last.path)
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }() // it was only read
	if _, err := f.ReadAt(rest, d.Offset); err != nil {
		return false, fmt.Errorf("reading %s: %w", last.path, err)
	}
	return (lacksPage(rest, d.Offset) || s.tornRecord(last.number, rest)) && !s.holdsRecord(last.number, rest), nil
}

// pageSize is the size of the smallest pages in which files reach the disk.
const pageSize = 4 << 10

// lacksPage reports whether a page of the file, as far as it belongs to the record at the
// offset, consists of zeros. No record of Muster has that many. A page with only a few bytes
// of the record does not count, because a length can begin with zeros.
func lacksPage(record []byte, offset int64) bool {
	for len(record) > 0 {
		page := record[:min(int64(len(record)), pageSize-offset%pageSize)]
		record, offset = record[len(page):], offset+int64(len(page))
		if len(page) >= hashSize && bytes.Count(page, []byte{0}) == len(page) {
			return true
		}
	}
	return false
}

// tornRecord reports whether the end of a block is a part of a record. A record that is
// whole, except that a bit of it or of its length is wrong, is not.
func (s Stream) tornRecord(number uint32, b []byte) bool {
	if len(b) < fixedSize {
		return true
	}
	if size := min(hashSize, len(b)); bytes.Equal(b[len(b)-size:], make([]byte, size)) {
		return true // the file system made room, and the data never came
	}
	f, left := parseFrame(b), int64(len(b))
	if f.length <= left || f.length > maxRecord {
		return false
	}
	whole := f
	whole.length = left
	if whole.refusal(left) != "" {
		return true
	}
	// The hash does not cover the length.
	_, reason := s.parse(whole, b, s.recordHash(number))
	return reason != ""
}

// holdsRecord reports whether a record starts at any of the bytes of the block.
func (s Stream) holdsRecord(number uint32, b []byte) bool {
	h := s.recordHash(number)
	for ; len(b) >= fixedSize; b = b[1:] {
		f := parseFrame(b)
		if f.refusal(int64(len(b))) != "" {
			continue
		}
		if s.Subject != "" && (f.subject != int64(len(s.Subject)) || string(b[fixedSize:fixedSize+f.subject]) != s.Subject) {
			continue
		}
		if _, reason := s.parse(f, b[:f.length], h); reason == "" {
			return true
		}
	}
	return false
}
