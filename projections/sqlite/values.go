package sqlite

// #include "statement.h"
import "C"

import (
	"encoding/binary"
	"time"
)

// Columns are where several columns of a row go that follow each other. They take the place
// of as many [Column] elements, and cost a fraction of what those do.
type Columns interface {
	// ScanColumns takes the values of its columns, in their order.
	ScanColumns(v *Values)
}

// Values are the values of a row that have not been scanned yet. Each method takes the next
// one and returns null as the zero value. The first value that is of another type ends the
// scan with an error.
type Values struct {
	block []byte // as muster_run has written it
	err   error
}

// next takes the next value.
func (v *Values) next() (value Value) {
	if len(v.block) == 0 {
		v.fail(errTooFew)
		return Value{kind: C.NOTHING}
	}
	value, v.block = nextValue(v.block)
	return value
}

func (v *Values) fail(err error) {
	if v.err == nil {
		v.err = err
	}
}

// Scan takes the next value and scans it into the column.
func (v *Values) Scan(to Column) {
	if err := to.Scan(v.next()); err != nil {
		v.fail(err)
	}
}

// number takes an integer if the next value is one, and reports whether it is.
func (v *Values) number() (int64, bool) {
	if b := v.block; len(b) >= 9 && b[0] == C.NUMBER {
		v.block = b[9:]
		return int64(binary.NativeEndian.Uint64(b[1:9])), true //nolint:gosec // the same bits
	}
	return 0, false
}

// Null takes the next value if it is null, and reports whether it is.
func (v *Values) Null() bool {
	if b := v.block; len(b) > 0 && b[0] == C.NOTHING {
		v.block = b[1:]
		return true
	}
	return false
}

// refuse takes the next value, which is an error unless it is null.
func (v *Values) refuse(what string) {
	if v.Null() {
		return
	}
	if value := v.next(); !value.IsNull() {
		v.fail(isNo(value, what))
	}
}

// Number takes an integer.
func (v *Values) Number() int64 {
	n, ok := v.number()
	if !ok {
		v.refuse("an integer")
	}
	return n
}

// Flag takes an integer and returns whether it is not zero.
func (v *Values) Flag() bool { return v.Number() != 0 }

// Time takes milliseconds since 1970 and returns the time in UTC.
func (v *Values) Time() time.Time {
	n, ok := v.number()
	if !ok {
		v.refuse("a time")
		return time.Time{}
	}
	return time.UnixMilli(n).UTC()
}

// ID takes a BLOB of 16 bytes.
func (v *Values) ID() (id ID) {
	const size = 1 + 4 + len(id)
	if b := v.block; len(b) >= size && b[0] == C.BYTES && binary.NativeEndian.Uint32(b[1:5]) == uint32(len(id)) {
		v.block = b[size:]
		return ID(b[5:size])
	}
	v.refuse("a BLOB of 16 bytes")
	return id
}

// TakeText takes a text. One that is there already, from the row before, is not copied
// again.
func TakeText[T ~string](v *Values, to *T) {
	if b := v.block; len(b) >= 5 && b[0] == C.TEXT {
		if end := 5 + int(binary.NativeEndian.Uint32(b[1:5])); end <= len(b) {
			if text := b[5:end]; string(*to) != string(text) {
				*to = T(text)
			}
			v.block = b[end:]
			return
		}
	}
	value := v.next()
	switch b, ok := value.Text(); {
	case value.IsNull():
		*to = ""
	case !ok:
		v.fail(isNo(value, "text"))
	case string(*to) != string(b):
		*to = T(b)
	}
}
