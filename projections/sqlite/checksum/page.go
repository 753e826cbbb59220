package checksum

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// readSize is how much [Verify] reads at once. It is a multiple of every size of a page.
const readSize = 1 << 20

// Page is the place of a page whose checksum is wrong.
type Page struct {
	Number int64 // counted from 1
	Offset int64 // in the file
}

func (p Page) String() string { return fmt.Sprintf("page %d at byte %d", p.Number, p.Offset) }

// errNoChecksums reports that the header is not that of a database with checksums.
var errNoChecksums = errors.New("the header is not that of a database with checksums")

// Verify reads a database file and returns the pages whose checksums are wrong. It does
// not look into the WAL.
func Verify(file string) (wrong []Page, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read
	size, err := pageSize(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	buffer := make([]byte, readSize)
	for offset := int64(0); ; {
		n, err := f.ReadAt(buffer, offset)
		if err != nil && !errors.Is(err, io.EOF) {
			return wrong, err
		}
		for at := 0; at < n; at += size {
			if at+size > n || !right(buffer[at:at+size]) {
				page := offset + int64(at)
				wrong = append(wrong, Page{page/int64(size) + 1, page})
			}
		}
		if offset += int64(n); n < len(buffer) {
			return wrong, nil
		}
	}
}

// mostLooks is how many pages [FirstRight] looks at.
const mostLooks = 4096

// FirstRight returns the number of the first page that ends with its checksum, counted from 1,
// or 0 if there is none. It does not need the header, but the size of the pages. Of a large file
// it looks at 4,096 pages or a few more, at equal distances. A page of nothing but zeros does not
// count.
func FirstRight(file string, size int) (page int64, err error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, err
	}
	defer f.Close() //nolint:errcheck // only read
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	buffer, pages := make([]byte, size), info.Size()/int64(size)
	for page := int64(0); page < pages; page += max(1, pages/mostLooks) {
		if _, err := f.ReadAt(buffer, page*int64(size)); err != nil {
			return 0, err
		}
		if right(buffer) && binary.LittleEndian.Uint64(buffer[size-ReservedBytes:]) != 0 {
			return page + 1, nil
		}
	}
	return 0, nil
}

// In reports whether the header of the file says that its pages have checksums, and the
// file has whole pages only. SQLite does not verify a last page that is cut.
func In(file string) (bool, error) {
	f, err := os.Open(file)
	if err != nil {
		return false, err
	}
	defer f.Close() //nolint:errcheck // only read
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	size, err := pageSize(f)
	return err == nil && info.Size()%int64(size) == 0, nil
}

// pageSize reads the size of the pages from the header.
func pageSize(f io.ReaderAt) (int, error) {
	header := make([]byte, 100)
	if _, err := f.ReadAt(header, 0); err != nil {
		return 0, errNoChecksums
	}
	size := int(binary.BigEndian.Uint16(header[16:]))
	if size == 1 { // as SQLite writes 65,536
		size = 1 << 16
	}
	if string(header[:16]) != "SQLite format 3\x00" || header[20] != ReservedBytes || size < 512 || size&(size-1) != 0 {
		return 0, errNoChecksums
	}
	return size, nil
}

// right reports whether the page ends with its checksum.
func right(page []byte) bool {
	var s1, s2 uint32
	end := len(page) - ReservedBytes
	for at := 0; at < end; at += 8 {
		s1 += binary.LittleEndian.Uint32(page[at:]) + s2
		s2 += binary.LittleEndian.Uint32(page[at+4:]) + s1
	}
	return binary.LittleEndian.Uint32(page[end:]) == s1 && binary.LittleEndian.Uint32(page[end+4:]) == s2
}
