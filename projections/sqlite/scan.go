package sqlite

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Column is where a column of a row goes.
type Column interface {
	// Scan copies the value. Its bytes are valid only during the call.
	Scan(v Value) error
}

// All columns of this package scan null as the zero value.

// target is where one column of a row goes, or several that follow each other.
type target struct {
	column  Column
	columns Columns
}

// appendTargets appends where the elements of dest go: each is a [Column], [Columns], or a
// pointer to an int, int64, string, []byte or any.
func appendTargets(targets []target, dest []any) ([]target, error) {
	for _, to := range dest {
		switch to := to.(type) {
		case Column:
			targets = append(targets, target{column: to})
		case Columns:
			targets = append(targets, target{columns: to})
		default:
			column := plain(to)
			if column == nil {
				return targets, fmt.Errorf("%T is no column", to)
			}
			targets = append(targets, target{column: column})
		}
	}
	return targets, nil
}

// scan scans the row.
func (v *Values) scan(targets []target) error {
	for i := range targets {
		if t := &targets[i]; t.column != nil {
			v.Scan(t.column)
		} else {
			t.columns.ScanColumns(v)
		}
		if v.err != nil {
			return v.err
		}
	}
	return nil
}

var errTooFew = errors.New("the statement has fewer columns than are scanned")

// plain returns the column for a pointer to a plain type, or nil.
func plain(to any) Column {
	switch to := to.(type) {
	case *int:
		return Number(to)
	case *int64:
		return Number(to)
	case *string:
		return Text(to)
	case *[]byte:
		return anyBytes{to}
	case *any:
		return anyColumn{to}
	default:
		return nil
	}
}

// anyBytes scans a copy of a BLOB of any length.
type anyBytes struct{ to *[]byte }

func (c anyBytes) Scan(v Value) error {
	b, ok := v.Bytes()
	if !ok && !v.IsNull() {
		return isNo(v, "a BLOB")
	}
	*c.to = slices.Clone(b)
	return nil
}

// anyColumn scans [Value.Any].
type anyColumn struct{ to *any }

func (c anyColumn) Scan(v Value) error {
	*c.to = v.Any()
	return nil
}

func isNo(v Value, what string) error { return fmt.Errorf("%w: %s is not %s", ErrDamaged, v, what) }

// BytesColumn scans a BLOB into a slice, which must be as long as the BLOB.
type BytesColumn []byte

// Scan implements [Column].
func (to BytesColumn) Scan(v Value) error {
	b, ok := v.Bytes()
	switch {
	case v.IsNull():
		clear(to)
	case !ok || len(b) != len(to):
		return isNo(v, fmt.Sprintf("a BLOB of %d bytes", len(to)))
	default:
		copy(to, b)
	}
	return nil
}

// Raw scans a BLOB or text without copying it. It is valid until the next row is read.
type Raw []byte

// Scan implements [Column].
func (to *Raw) Scan(v Value) error {
	*to = v.bytes
	return nil
}

// ID scans a BLOB of 16 bytes. As a pointer to where they go it needs no allocation,
// which a [BytesColumn] does.
type ID [16]byte

// Scan implements [Column].
func (to *ID) Scan(v Value) error {
	if b, ok := v.Bytes(); ok && len(b) == len(to) {
		*to = ID(b)
		return nil
	}
	return BytesColumn(to[:]).Scan(v)
}

// TimeColumn scans milliseconds since 1970; see [Time].
type TimeColumn time.Time

// Time scans milliseconds since 1970 as a time in UTC.
func Time(to *time.Time) *TimeColumn { return (*TimeColumn)(to) }

// Scan implements [Column].
func (to *TimeColumn) Scan(v Value) error {
	n, ok := v.Number()
	switch {
	case ok:
		*to = TimeColumn(time.UnixMilli(n).UTC())
	case v.IsNull():
		*to = TimeColumn{}
	default:
		return isNo(v, "a time")
	}
	return nil
}

// TextColumn scans text; see [Text].
type TextColumn[T ~string] struct{ to *T }

// Text scans text. Texts that repeat that of the row before are not copied again.
func Text[T ~string](to *T) TextColumn[T] { return TextColumn[T]{to} }

// Scan implements [Column].
func (c TextColumn[T]) Scan(v Value) error {
	b, ok := v.Text()
	switch {
	case v.IsNull():
		*c.to = ""
	case !ok:
		return isNo(v, "text")
	case string(*c.to) != string(b):
		*c.to = T(b)
	}
	return nil
}

// NumberColumn scans an integer; see [Number].
type NumberColumn[N ~int | ~int64 | ~uint64] struct{ to *N }

// Number scans an integer.
func Number[N ~int | ~int64 | ~uint64](to *N) NumberColumn[N] { return NumberColumn[N]{to} }

// Scan implements [Column].
func (c NumberColumn[N]) Scan(v Value) error {
	n, ok := v.Number()
	if !ok && !v.IsNull() {
		return isNo(v, "an integer")
	}
	*c.to = N(n)
	return nil
}

// FlagColumn scans 0 or 1; see [Flag].
type FlagColumn struct{ to *bool }

// Flag scans an integer as whether it is not zero.
func Flag(to *bool) FlagColumn { return FlagColumn{to} }

// Scan implements [Column].
func (c FlagColumn) Scan(v Value) error {
	n, ok := v.Number()
	if !ok && !v.IsNull() {
		return isNo(v, "a flag")
	}
	*c.to = n != 0
	return nil
}
