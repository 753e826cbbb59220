package domain

import (
	"encoding/hex"
	"fmt"
)

// Hash is a SHA-256.
type Hash [32]byte

// IsZero reports whether there is no hash.
func (h Hash) IsZero() bool { return h == Hash{} }

// MarshalText returns 64 hexadecimal digits in lower case.
func (h Hash) MarshalText() ([]byte, error) {
	return hex.AppendEncode(make([]byte, 0, 2*len(h)), h[:]), nil
}

// UnmarshalText reads 64 hexadecimal digits, in either case.
func (h *Hash) UnmarshalText(text []byte) error {
	if len(text) != 2*len(h) {
		return fmt.Errorf("%q is not a SHA-256: 64 hexadecimal digits are expected", shorten(text))
	}
	if _, err := hex.Decode(h[:], text); err != nil {
		return fmt.Errorf("%q is not a SHA-256: %w", shorten(text), err)
	}
	return nil
}
