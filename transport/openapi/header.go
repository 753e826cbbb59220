package openapi

import (
	"maps"
	"math"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
)

// sharedHeaders returns the headers that many answers have in common.
func sharedHeaders(rates map[string]string) map[string]*huma.Header {
	headers := make(map[string]*huma.Header)
	none, most := 0.0, float64(math.MaxInt32)
	number := func() *huma.Schema {
		return &huma.Schema{Type: huma.TypeInteger, Format: "int32", Minimum: &none, Maximum: &most}
	}
	for name, text := range rates {
		headers[name] = &huma.Header{Description: text, Schema: number(), Example: 100}
	}
	headers["Retry-After"] = &huma.Header{Description: "In how many seconds another try makes sense.", Schema: number(), Example: 1}
	headers["WWW-Authenticate"] = &huma.Header{
		Description: "How to say who asks (RFC 6750).", Schema: Text("challenge"), Example: `Bearer error="invalid_token"`,
	}
	return headers
}

// errorHeaders returns the headers that come with an error of the status.
func (d *Document) errorHeaders(status int) map[string]*huma.Param {
	headers := make(map[string]*huma.Param)
	switch status {
	case http.StatusUnauthorized: // only the bearer of a known token has a rate
		headers["WWW-Authenticate"] = sharedHeader("WWW-Authenticate")
		return headers
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		headers["Retry-After"] = sharedHeader("Retry-After")
	}
	return d.withRateHeaders(headers)
}

// withRateHeaders returns the headers, together with those of every answer to a request
// with a token.
func (d *Document) withRateHeaders(headers map[string]*huma.Param) map[string]*huma.Param {
	all := maps.Clone(headers)
	if all == nil {
		all = make(map[string]*huma.Param)
	}
	for name := range d.options.RateHeaders {
		all[name] = sharedHeader(name)
	}
	return all
}

func sharedHeader(name string) *huma.Param {
	return &huma.Param{Ref: "#/components/headers/" + name}
}
