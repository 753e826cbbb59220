package personal

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
)

// rolledBack returns the content that the file has once SQLite has undone what a killed process has left
// half-way. SQLite can only do that in the file itself, but whoever only reads must not change
// anything. The format of the journal is documented at https://www.sqlite.org/fileformat2.html (The
// Rollback Journal).
func rolledBack(path string) ([]byte, error) {
	image, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	journal, err := os.ReadFile(path + journalSuffix)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	defer clear(journal)
	// If a process writes the file at this moment, the journal is not the one of a killed process.
	again, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(image, again) {
		return nil, ErrFileInUse
	}
	return undo(image, journal), nil
}

// journalMagic is how a rollback journal begins that has not been ended.
var journalMagic = []byte{0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7}

// undo puts the pages of a journal back into the image of a file. A journal has parts, each of which
// was flushed before the pages in it were changed in the file. It ends where a part was not flushed.
func undo(image, journal []byte) []byte {
	const fields = 28
	for at, begun := 0, false; len(journal)-at >= fields && bytes.Equal(journal[at:at+8], journalMagic); begun = true {
		field := func(n int) int { return int(binary.BigEndian.Uint32(journal[at+8+4*n:])) }
		count, nonce, pages, sector, size := field(0), uint32(field(1)), field(2), field(3), field(4) //nolint:gosec // the same bits
		if size < 512 || size > 1<<16 || sector < fields {
			return image
		}
		if length := pages * size; !begun && length < len(image) { // the transaction had made the file longer
			image = image[:length]
		}
		at += sector
		if count == 1<<32-1 { // as many as there are
			count = (len(journal) - at) / (size + 8)
		}
		for ; count > 0; count-- {
			if len(journal)-at < size+8 {
				return image
			}
			number, page := int(binary.BigEndian.Uint32(journal[at:])), journal[at+4:at+4+size]
			if binary.BigEndian.Uint32(journal[at+4+size:]) != checksum(nonce, page) || number == 0 {
				return image
			}
			if place := (number - 1) * size; place+size <= len(image) {
				copy(image[place:], page)
			}
			at += size + 8
		}
		at = (at + sector - 1) / sector * sector
	}
	return image
}

// checksum is what SQLite writes behind a page in the journal.
func checksum(nonce uint32, page []byte) uint32 {
	const step = 200
	for at := len(page) - step; at > 0; at -= step {
		nonce += uint32(page[at])
	}
	return nonce
}
