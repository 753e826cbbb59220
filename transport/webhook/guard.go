package webhook

import (
	"errors"
	"net/netip"

	"code.dny.dev/ssrf"
)

// ErrNotPublic means that an address is loopback, private, link-local or otherwise not on
// the public internet.
var ErrNotPublic = errors.New("the address is not public")

// guard says which addresses are public. Any port is: receivers listen on more than 443, and
// TLS keeps others from taking what is sent for their own protocol.
var guard = ssrf.New(ssrf.WithAnyPort(), ssrf.WithDeniedV4Prefixes(
	// Azure's platform: it looks public, and responds only to machines inside.
	netip.MustParsePrefix("168.63.129.16/32"),
))

// refused reports whether the guard kept a connection from being made.
func refused(err error) bool {
	return errors.Is(err, ssrf.ErrProhibitedIP) || errors.Is(err, ssrf.ErrProhibitedNetwork) || errors.Is(err, ssrf.ErrInvalidHostPort)
}
