package transport

import (
	"net/http"
	"strconv"

	"github.com/muster-dev/muster/transport/auth"
)

// writeAllowance writes the headers that say how many requests the bearer may still send.
func writeAllowance(h http.Header, a auth.Allowance) {
	if a.Limit == 0 {
		return
	}
	// These are the names in the contract. Header.Set would change their case.
	h["X-RateLimit-Limit"] = []string{strconv.Itoa(a.Limit)}
	h["X-RateLimit-Remaining"] = []string{strconv.Itoa(a.Remaining)}
	h["X-RateLimit-Reset"] = []string{strconv.Itoa(a.Reset)}
}

// rateHeaders document what [writeAllowance] writes.
var rateHeaders = map[string]string{
	"X-RateLimit-Limit":     "How many requests the token may make a second; when the service has a limit.",
	"X-RateLimit-Remaining": "How many of them are left now.",
	"X-RateLimit-Reset":     "In how many seconds all of them are there again.",
}
