package personal

import (
	"bytes"
	"encoding/json"
	"io"
	"os"

	"github.com/muster-dev/muster/domain"
)

// lastLine returns the last finished line of a file without its newline, the size of the file and
// the size of its finished lines. It reads the end only.
func lastLine(f *os.File) (last []byte, size, whole int64, err error) {
	info, err := f.Stat()
	if err != nil {
		return nil, 0, 0, err
	}
	size = info.Size()
	var tail []byte
	const step = 4 << 10
	for from := size; from > 0; {
		n := min(step, from)
		from -= n
		more := make([]byte, n)
		if _, err := f.ReadAt(more, from); err != nil && err != io.EOF { //nolint:errorlint // ReadAt returns it as it is
			return nil, 0, 0, err
		}
		tail = append(more, tail...)
		end := bytes.LastIndexByte(tail, '\n')
		if end < 0 {
			continue
		}
		if begin := bytes.LastIndexByte(tail[:end], '\n'); begin >= 0 || from == 0 {
			return tail[begin+1 : end], size, from + int64(end) + 1, nil
		}
	}
	return nil, size, 0, nil
}

// headOf returns where the ledger ends with that last line, nil for an empty ledger. The line is
// not compared with the one before.
func headOf(last []byte) (Head, error) {
	if last == nil {
		return Head{}, nil
	}
	var l line
	if json.Unmarshal(last, &l) != nil || l.Number == 0 || l.Link == (domain.Hash{}) {
		return Head{}, ErrDamagedLedger
	}
	return Head{l.Number, l.Link}, nil
}
