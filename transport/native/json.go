package native

import (
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/muster-dev/muster/domain"
)

func appendText(b []byte, text string) []byte {
	if isPlain(text) {
		return append(append(append(b, '"'), text...), '"')
	}
	b, _ = jsontext.AppendQuote(b, text) // invalid UTF-8 becomes U+FFFD, which is not an error here
	return b
}

// isPlain reports whether the text is in JSON as it is, as nearly every text is. It is
// cheaper to see that than to look for what must be escaped.
func isPlain(text string) bool {
	for i := range len(text) {
		if c := text[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

func appendID[Kind any](b []byte, id domain.ID[Kind]) []byte {
	b, _ = id.AppendText(append(b, '"'))
	return append(b, '"')
}

func appendUint(b []byte, n uint64) []byte { return strconv.AppendUint(b, n, 10) }

// appendList appends a JSON array.
func appendList[T any](b []byte, items []T, appendItem func([]byte, *T) []byte) []byte {
	b = append(b, '[')
	for i := range items {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendItem(b, &items[i])
	}
	return append(b, ']')
}

func appendPermissions(b []byte, permissions []domain.Permission) []byte {
	return appendList(b, permissions, func(b []byte, p *domain.Permission) []byte { return appendText(b, string(*p)) })
}

// orNull returns the text, or nil if it is empty.
func orNull(text *string) *string {
	if *text == "" {
		return nil
	}
	return text
}

// idOrNull returns a pointer to the id, or nil if the id is zero.
func idOrNull[Kind any](id domain.ID[Kind]) *domain.ID[Kind] {
	if id.IsZero() {
		return nil
	}
	return &id
}

// milliseconds returns the time as it is stored: in UTC and in whole milliseconds.
func milliseconds(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }
