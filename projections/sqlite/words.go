package sqlite

import (
	"strings"
	"time"
)

// WordsColumn scans a list of words; see [Words].
type WordsColumn[T ~string] struct{ to *[]T }

// Words scans a list of words with spaces between them. Null is scanned as nil, and an
// empty list as an empty list that is not nil.
func Words[T ~string](to *[]T) WordsColumn[T] { return WordsColumn[T]{to} }

// Scan implements [Column].
func (c WordsColumn[T]) Scan(v Value) error {
	b, ok := v.Text()
	switch {
	case v.IsNull():
		*c.to = nil
	case !ok:
		return isNo(v, "a list")
	default:
		*c.to = SplitWords[T](string(b))
	}
	return nil
}

// SplitWords returns the words of a text with spaces between them. It is never nil.
func SplitWords[T ~string](text string) []T {
	fields := strings.Fields(text)
	words := make([]T, len(fields))
	for i, field := range fields {
		words[i] = T(field)
	}
	return words
}

// JoinWords returns the words with a space between each two.
func JoinWords[T ~string](words []T) string {
	var b strings.Builder
	for i, word := range words {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(string(word))
	}
	return b.String()
}

// WordsOrNull returns the words as an argument of a statement. Nil becomes null.
func WordsOrNull[T ~string](words []T) any {
	if words == nil {
		return nil
	}
	return JoinWords(words)
}

// TimeOrNull returns the time as an argument of a statement. The zero time becomes null.
func TimeOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}
