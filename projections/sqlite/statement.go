package sqlite

// #cgo darwin LDFLAGS: -Wl,-undefined,dynamic_lookup
// #cgo noescape muster_run
// #cgo nocallback muster_run
// #include <stdlib.h>
// #include "statement.h"
import "C"

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"syscall"
	"unsafe"
)

// statement is one that a connection has prepared.
type statement struct {
	conn    *Conn
	handle  *C.sqlite3_stmt
	outcome C.struct_outcome // of the last call
}

// how says how a call runs a statement.
type how C.int

const (
	begin  how = C.BIND              // with the arguments
	resume how = 0                   // where the last call stopped
	finish how = C.FINISH            // and end it, whether or not there are more rows
	commit how = C.FINISH | C.COMMIT // write what the commit writes many frames at once
	move   how = C.FINISH | C.MOVE   // write the pages of a WAL that is moved in pieces
)

// run runs the statement, writes up to so many rows into the buffer, and makes the buffer
// larger if a row needs it. The arguments are a block as [appendArguments] makes it.
func (s *statement) run(h how, most int, arguments []byte, count int, buffer *[]byte) error {
	if len(*buffer) == 0 {
		*buffer = make([]byte, smallBuffer)
	}
	for {
		code := C.muster_run(s.conn.db, s.handle, C.int(h), C.int(most), (*C.uchar)(unsafe.SliceData(arguments)), C.int(count),
			(*C.uchar)(unsafe.SliceData(*buffer)), C.int(len(*buffer)), &s.outcome)
		switch {
		case code != 0:
			return s.conn.failed(code)
		case s.outcome.wanted == 0 || s.outcome.rows > 0:
			return nil
		}
		// Not even one row had room. A statement that had to end begins again.
		*buffer = make([]byte, max(int(s.outcome.wanted), 2*len(*buffer)))
		if h&finish == 0 {
			h = resume
		}
	}
}

// Sizes of buffers for rows. A page of a list has room in a large one.
const (
	smallBuffer = 1 << 10
	largeBuffer = 1 << 15
)

var errArgument = errors.New("an argument of a statement has a type that SQLite has no value for")

// appendArguments appends the arguments as muster_run expects them.
func appendArguments(b []byte, args []any) ([]byte, error) {
	for _, arg := range args {
		switch arg := arg.(type) {
		case nil:
			b = append(b, C.NOTHING)
		case int:
			b = appendNumber(b, int64(arg))
		case int64:
			b = appendNumber(b, arg)
		case bool:
			n := int64(0)
			if arg {
				n = 1
			}
			b = appendNumber(b, n)
		case string:
			b = append(binary.NativeEndian.AppendUint32(append(b, C.TEXT), uint32(len(arg))), arg...) //nolint:gosec // far below 2^32
		case []byte:
			if arg == nil {
				b = append(b, C.NOTHING)
				continue
			}
			b = append(binary.NativeEndian.AppendUint32(append(b, C.BYTES), uint32(len(arg))), arg...) //nolint:gosec // far below 2^32
		default:
			return b, errArgument
		}
	}
	return b, nil
}

func appendNumber(b []byte, n int64) []byte {
	return binary.NativeEndian.AppendUint64(append(b, C.NUMBER), uint64(n)) //nolint:gosec // the same bits
}

// Value is a column of a row, as SQLite has stored it.
type Value struct {
	kind   byte
	number int64  // of an integer
	bytes  []byte // of text and a BLOB; valid until the next row is read
}

// nextValue returns the first value of the block that muster_run has written, and the rest.
func nextValue(b []byte) (Value, []byte) {
	v, b := Value{kind: b[0]}, b[1:]
	switch v.kind {
	case C.NUMBER, C.FRACTION:
		v.number = int64(binary.NativeEndian.Uint64(b)) //nolint:gosec // the same bits
		return v, b[8:]
	case C.TEXT, C.BYTES:
		end := 4 + int(binary.NativeEndian.Uint32(b))
		v.bytes = b[4:end:end]
		return v, b[end:]
	default:
		return v, b
	}
}

// IsNull reports whether the value is null.
func (v Value) IsNull() bool { return v.kind == C.NOTHING }

// Number returns the value of an integer, and whether it is one.
func (v Value) Number() (int64, bool) { return v.number, v.kind == C.NUMBER }

// Text returns the bytes of a text, and whether it is one. They are valid until the next row
// is read.
func (v Value) Text() ([]byte, bool) { return v.bytes, v.kind == C.TEXT }

// Bytes returns the bytes of a BLOB, and whether it is one. They are valid until the next row
// is read.
func (v Value) Bytes() ([]byte, bool) { return v.bytes, v.kind == C.BYTES }

// Any returns the value as an int64, float64, string or []byte, or nil if it is null.
func (v Value) Any() any {
	switch v.kind {
	case C.NUMBER:
		return v.number
	case C.FRACTION:
		return math.Float64frombits(uint64(v.number)) //nolint:gosec // the same bits
	case C.TEXT:
		return string(v.bytes)
	case C.BYTES:
		return slices.Clone(v.bytes)
	default:
		return nil
	}
}

// String returns what the value is, for errors. It does not show texts and BLOBs, which may
// be personal.
func (v Value) String() string {
	switch v.kind {
	case C.NUMBER:
		return fmt.Sprintf("the integer %d", v.number)
	case C.FRACTION:
		return "a fraction"
	case C.TEXT:
		return fmt.Sprintf("a text of %d bytes", len(v.bytes))
	case C.BYTES:
		return fmt.Sprintf("a BLOB of %d bytes", len(v.bytes))
	default:
		return "null"
	}
}

// Error is what SQLite reports.
type Error struct {
	Code    int // SQLite's extended code
	message string
}

func (e Error) Error() string { return e.message }

// primary is the code without its extension.
func (e Error) primary() int { return e.Code & 0xff }

// The codes of SQLite's errors that this package treats differently from others.
const (
	codeBusy      = 5
	codeLocked    = 6
	codeNoMemory  = 7
	codeReadOnly  = 8
	codeInterrupt = 9
	codeIO        = 10
	codeCorrupt   = 11
	codeFull      = 13
	codeCantOpen  = 14
	codeProtocol  = 15
	codeNotADB    = 26

	codeChecksum = codeIO | 32<<8 // SQLITE_IOERR_DATA
)

// failed returns the error of the connection's last call.
func (c *Conn) failed(code C.int) error {
	message := C.GoString(C.muster_message(c.db, code))
	// SQLite says only that the disk failed. The system knows why.
	if cause := C.muster_cause(c.db, code); cause != 0 {
		message += ": " + syscall.Errno(cause).Error()
	}
	return Error{int(code), message}
}

// Flags of sqlite3_open_v2.
const (
	openReadOnly  = 0x1
	openReadWrite = 0x2
	openCreate    = 0x4
	openURI       = 0x40
	openNoMutex   = 0x8000 // a connection is never used by two goroutines at once
)

// busyTimeout is how many milliseconds a statement waits for another connection.
const busyTimeout = 10_000

// connect opens a connection.
func connect(name string, flags int, vfs string, reserve int) (*Conn, error) {
	file, system := C.CString(name), C.CString(vfs)
	defer C.free(unsafe.Pointer(file))
	defer C.free(unsafe.Pointer(system))
	c := &Conn{statements: make(map[string]*statement)}
	if code := C.muster_open(file, C.int(flags), system, C.int(reserve), busyTimeout, &c.db); code != 0 {
		return nil, errors.Join(c.failed(code), c.close())
	}
	return c, nil
}

// close finalizes all statements and closes the connection.
func (c *Conn) close() error {
	for _, s := range c.statements {
		C.muster_finalize(s.handle) // what it returns is the error of its last run
	}
	clear(c.statements)
	code := C.muster_close(c.db)
	if code != 0 {
		return c.failed(code)
	}
	c.db = nil
	return nil
}

// prepare prepares the statement.
func (c *Conn) prepare(text string) (*statement, error) {
	source := C.CString(text)
	defer C.free(unsafe.Pointer(source))
	s := &statement{conn: c}
	if code := C.muster_prepare(c.db, source, C.int(len(text)), &s.handle); code != 0 {
		return nil, c.failed(code)
	}
	return s, nil
}

// script runs statements without arguments and without rows.
func (c *Conn) script(text string) error {
	source := C.CString(text)
	defer C.free(unsafe.Pointer(source))
	if code := C.muster_script(c.db, source); code != 0 {
		return c.failed(code)
	}
	return nil
}

// columns returns the number of columns that the statement returns.
func (s *statement) columns() int { return int(C.muster_columns(s.handle)) }

// interrupt ends the statement that the connection is running. It is the only method that
// another goroutine may call.
func (c *Conn) interrupt() { C.muster_interrupt(c.db) }

// end ends a statement that may have more rows.
func (s *statement) end() {
	const none = -1
	_ = s.run(finish, none, nil, 0, &s.conn.row) // nothing runs that could fail
}
