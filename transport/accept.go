package transport

import (
	"strings"

	"github.com/munnerz/goautoneg"
)

// Prefers reports whether the Accept header of the request prefers one media type to
// another, by the quality of the most specific range that matches each (RFC 9110, 12.5.1).
// It prefers none if there is no such header.
func (c *Call) Prefers(media, other string) bool {
	accept := goautoneg.ParseAccept(strings.ToLower(strings.Join(c.r.Header["Accept"], ",")))
	return quality(accept, media) > quality(accept, other)
}

// quality returns the quality that the ranges of an Accept header give a media type.
func quality(ranges []goautoneg.Accept, media string) (q float64) {
	main, sub, _ := strings.Cut(media, "/")
	best := -1
	for _, r := range ranges {
		specific := -1
		switch {
		case r.Type == main && r.SubType == sub:
			specific = 2
		case r.Type == main && r.SubType == "*":
			specific = 1
		case r.Type == "*" && r.SubType == "*":
			specific = 0
		}
		if specific > best {
			best, q = specific, r.Q
		}
	}
	return q
}
