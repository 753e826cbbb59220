package transport

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/rs/cors"
)

// preflightAge is how long a browser may remember what a page may send.
const preflightAge = 10 * time.Minute

// CheckOrigin returns an error unless the text is exactly what a browser sends as the
// origin of a page: scheme, host and port, in lower case, and the port only if it is not
// the scheme's own.
func CheckOrigin(text string) error {
	u, err := url.Parse(text)
	const expected = "an origin like https://app.acme.example is expected"
	switch {
	case strings.Contains(text, "*"):
		return errors.New(expected + ": each one by its name, because * is not taken")
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return errors.New(expected + ": https:// or http://, and a host")
	case u.Scheme+"://"+u.Host != text:
		return errors.New(expected + ": nothing after the host and the port, not even a slash")
	case strings.ToLower(text) != text || strings.ContainsFunc(text, func(r rune) bool { return r > '~' || r <= ' ' }):
		return errors.New(expected + ": browsers send it in lower case and in ASCII (xn--…)")
	case u.Port() == "80" && u.Scheme == "http", u.Port() == "443" && u.Scheme == "https", strings.HasSuffix(u.Host, ":"):
		return fmt.Errorf("%s: browsers leave out the port of %s", expected, u.Scheme)
	}
	return nil
}

// allowOrigins lets pages of these origins call the handler from a browser (CORS). They
// cannot send cookies, because Muster has none. Without an origin it returns the handler.
func allowOrigins(origins []string, h http.Handler) (http.Handler, error) {
	for _, o := range origins {
		if err := CheckOrigin(o); err != nil {
			return nil, fmt.Errorf("origin %q: %w", o, err)
		}
	}
	if len(origins) == 0 {
		return h, nil // an empty list would mean every origin to the library
	}
	return cors.New(cors.Options{
		AllowedOrigins: origins,
		AllowedMethods: []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete},
		AllowedHeaders: []string{
			"Authorization", "Content-Type", "Accept", "If-Match", "If-None-Match", "Idempotency-Key", "Last-Event-ID",
			"Muster-Min-Position", "Muster-On-Behalf-Of", "Muster-Reason", "X-Request-Id",
		},
		ExposedHeaders: []string{
			"ETag", "Muster-Position", "Muster-As-Of", "Idempotency-Replayed", "Link", "Retry-After", "Allow", "Accept-Patch", "WWW-Authenticate",
			"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-Request-Id",
		},
		MaxAge: int(preflightAge / time.Second),
	}).Handler(h), nil
}
