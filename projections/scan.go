package projections

import (
	"fmt"
	"strings"
	"time"

	"github.com/muster-dev/muster/domain"
)

// Columns are scanned by types of our own: database/sql turns an integer into
// text and back on its way, and knows no ids. To all of them null is the zero
// value.

// bytesColumn scans a BLOB of a fixed length into what the slice stands on.
type bytesColumn []byte

func (to bytesColumn) Scan(column any) error {
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
	return fmt.Errorf("%T is not a BLOB of %d bytes", column, len(to))
}

func scanID[Kind any](to *domain.ID[Kind]) bytesColumn { return to[:] }
func scanEvent(to *domain.EventID) bytesColumn         { return to[:] }
func scanHash(to *domain.Hash) bytesColumn             { return to[:] }

type timeColumn time.Time

func (to *timeColumn) Scan(column any) error {
	switch value := column.(type) {
	case nil:
		*to = timeColumn{}
	case int64:
		*to = timeColumn(time.UnixMilli(value).UTC())
	default:
		return fmt.Errorf("%T is not a time", column)
	}
	return nil
}

func scanTime(to *time.Time) *timeColumn { return (*timeColumn)(to) }

type textColumn[T ~string] struct{ to *T }

func (c textColumn[T]) Scan(column any) error {
	switch value := column.(type) {
	case nil:
		*c.to = ""
	case string:
		*c.to = T(value)
	default:
		return fmt.Errorf("%T is not text", column)
	}
	return nil
}

func scanText[T ~string](to *T) textColumn[T] { return textColumn[T]{to} }

type numberColumn[N ~int | ~int64 | ~uint64] struct{ to *N }

func (c numberColumn[N]) Scan(column any) error {
	switch value := column.(type) {
	case nil:
		*c.to = 0
	case int64:
		*c.to = N(value)
	default:
		return fmt.Errorf("%T is not an integer", column)
	}
	return nil
}

func scanNumber[N ~int | ~int64 | ~uint64](to *N) numberColumn[N] { return numberColumn[N]{to} }

type flagColumn struct{ to *bool }

func (c flagColumn) Scan(column any) error {
	switch value := column.(type) {
	case nil:
		*c.to = false
	case int64:
		*c.to = value != 0
	default:
		return fmt.Errorf("%T is not a flag", column)
	}
	return nil
}

func scanFlag(to *bool) flagColumn { return flagColumn{to} }

// wordsColumn tells no list from an empty one.
type wordsColumn[T ~string] struct{ to *[]T }

func (c wordsColumn[T]) Scan(column any) error {
	switch value := column.(type) {
	case nil:
		*c.to = nil
	case string:
		*c.to = splitWords[T](value)
	default:
		return fmt.Errorf("%T is not a list", column)
	}
	return nil
}

func scanWords[T ~string](to *[]T) wordsColumn[T] { return wordsColumn[T]{to} }

// splitWords reads a list of words with spaces between them; it is never nil.
func splitWords[T ~string](text string) []T {
	fields := strings.Fields(text)
	words := make([]T, len(fields))
	for i, field := range fields {
		words[i] = T(field)
	}
	return words
}

// joinWords is the other way.
func joinWords[T ~string](words []T) string {
	var b strings.Builder
	for i, word := range words {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(string(word))
	}
	return b.String()
}

// The other way: arguments of statements. Zero ids, hashes and times become null,
// and so does no list, other than an empty one.

func wordsOrNull[T ~string](words []T) any {
	if words == nil {
		return nil
	}
	return joinWords(words)
}

func hashOrNull(h domain.Hash) any {
	if h.IsZero() {
		return nil
	}
	return h[:]
}

func idOrNull[Kind any](id domain.ID[Kind]) any {
	if id.IsZero() {
		return nil
	}
	return id[:]
}

func timeOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}
