package sqlite

import (
	"database/sql"
	"fmt"
	"time"
)

// Columns are scanned by types of our own, because database/sql turns an integer into
// text and back. All of these types scan null as the zero value.

// BytesColumn scans a BLOB into a slice, which must be as long as the BLOB.
type BytesColumn []byte

// Scan implements [database/sql.Scanner].
func (to BytesColumn) Scan(column any) error {
	switch value := column.(type) {
	case nil:
		clear(to)
		return nil
	case []byte:
		if len(value) == len(to) {
			copy(to, value)
			return nil
		}
	}
	return fmt.Errorf("%w: %T is not a BLOB of %d bytes", ErrDamaged, column, len(to))
}

// Raw scans a BLOB or text without copying it. It is valid until the next row is read.
type Raw = sql.RawBytes

// ID scans a BLOB of 16 bytes. As a pointer to where they go it needs no allocation,
// which a [BytesColumn] does.
type ID [16]byte

// Scan implements [database/sql.Scanner].
func (to *ID) Scan(column any) error { return BytesColumn(to[:]).Scan(column) }

// TimeColumn scans milliseconds since 1970; see [Time].
type TimeColumn time.Time

// Time scans milliseconds since 1970 as a time in UTC.
func Time(to *time.Time) *TimeColumn { return (*TimeColumn)(to) }

// Scan implements [database/sql.Scanner].
func (to *TimeColumn) Scan(column any) error {
	switch value := column.(type) {
	case nil:
		*to = TimeColumn{}
	case int64:
		*to = TimeColumn(time.UnixMilli(value).UTC())
	default:
		return fmt.Errorf("%w: %T is not a time", ErrDamaged, column)
	}
	return nil
}

// TextColumn scans text; see [Text].
type TextColumn[T ~string] struct{ to *T }

// Text scans text.
func Text[T ~string](to *T) TextColumn[T] { return TextColumn[T]{to} }

// Scan implements [database/sql.Scanner].
func (c TextColumn[T]) Scan(column any) error {
	switch value := column.(type) {
	case nil:
		*c.to = ""
	case string:
		*c.to = T(value)
	default:
		return fmt.Errorf("%w: %T is not text", ErrDamaged, column)
	}
	return nil
}

// NumberColumn scans an integer; see [Number].
type NumberColumn[N ~int | ~int64 | ~uint64] struct{ to *N }

// Number scans an integer.
func Number[N ~int | ~int64 | ~uint64](to *N) NumberColumn[N] { return NumberColumn[N]{to} }

// Scan implements [database/sql.Scanner].
func (c NumberColumn[N]) Scan(column any) error {
	switch value := column.(type) {
	case nil:
		*c.to = 0
	case int64:
		*c.to = N(value)
	default:
		return fmt.Errorf("%w: %T is not an integer", ErrDamaged, column)
	}
	return nil
}

// FlagColumn scans 0 or 1; see [Flag].
type FlagColumn struct{ to *bool }

// Flag scans an integer as whether it is not zero.
func Flag(to *bool) FlagColumn { return FlagColumn{to} }

// Scan implements [database/sql.Scanner].
func (c FlagColumn) Scan(column any) error {
	switch value := column.(type) {
	case nil:
		*c.to = false
	case int64:
		*c.to = value != 0
	default:
		return fmt.Errorf("%w: %T is not a flag", ErrDamaged, column)
	}
	return nil
}
