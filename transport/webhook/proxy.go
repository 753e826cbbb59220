package webhook

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// ParseProxy reads the URL of a proxy: http, https or socks5, a host, and optionally a port,
// a user and a password.
func ParseProxy(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	const expected = "a proxy like http://proxy.acme.example:3128 is expected"
	switch {
	case err != nil || u.Hostname() == "" || strings.HasSuffix(u.Host, ":"):
		return nil, errors.New(expected)
	case u.Scheme != "http" && u.Scheme != "https" && u.Scheme != "socks5":
		return nil, errors.New(expected + ": http://, https:// or socks5://")
	case strings.Trim(u.Path, "/") != "" || strings.ContainsAny(text, "?#"):
		return nil, errors.New(expected + ": nothing after the host and the port")
	}
	u.Path = ""
	return u, nil
}

// errProxy is the status with which a proxy refused a connection.
type errProxy int

func (e errProxy) Error() string {
	return fmt.Sprintf("the proxy that Muster sends webhooks through made no connection: it answered %d", int(e))
}

// checkProxy tells a response of the proxy apart from one of the receiver.
func checkProxy(_ context.Context, _ *url.URL, _ *http.Request, answer *http.Response) error {
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	return errProxy(answer.StatusCode)
}

// agent returns the header User-Agent of a version.
func agent(version string) string {
	token := strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' || strings.ContainsRune(`()<>@,;:\"/[]?={}`, r) {
			return '-'
		}
		return r
	}, version)
	if token == "" {
		return "Muster"
	}
	return "Muster/" + token
}
