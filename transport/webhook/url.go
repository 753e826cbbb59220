package webhook

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"github.com/muster-dev/muster/domain"
)

// CheckURL returns an error that says what to do, unless webhooks can be sent to the URL: an
// absolute https URL with a host that is a public name with a dot, or a public address in
// its usual form. It has no user or password, which would be shown to everyone who may read
// the subscription, and no fragment, which is never sent. With allowPrivate, http, names
// without a dot and addresses that are not public are taken as well.
//
// CheckURL resolves no name. What a name leads to is checked for each connection.
func CheckURL(text string, allowPrivate bool) error {
	_, err := parseURL(text, allowPrivate)
	return err
}

func parseURL(text string, allowPrivate bool) (*url.URL, error) {
	if len(text) > domain.MaxURL {
		return nil, fmt.Errorf("the URL has %d characters, and at most %d are taken", len(text), domain.MaxURL)
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' || r == '\\' }) {
		return nil, errors.New("the URL may only have ASCII characters, without spaces and backslashes: write a host as xn--… and escape the rest (%20)")
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, errors.New("a URL like https://app.acme.example/hooks is expected")
	case u.Scheme == "http" && !allowPrivate:
		return nil, errors.New("the URL has to begin with https://, because events are not sent without encryption")
	case u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.Opaque != "":
		return nil, errors.New("an absolute URL like https://app.acme.example/hooks is expected")
	case u.User != nil:
		return nil, errors.New("the URL may not have a user or a password: requests are signed, and a secret of your own can be part of the path")
	case strings.Contains(text, "#"):
		return nil, errors.New("the URL may not have a fragment (#…), because it is never sent")
	}
	if strings.HasSuffix(u.Host, ":") {
		return nil, errors.New("the URL's port is missing after the colon")
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return nil, errors.New("the URL's port has to be a number from 1 to 65535")
		}
	}
	if err := checkHost(u.Hostname(), allowPrivate); err != nil {
		return nil, err
	}
	return u, nil
}

// checkHost returns an error unless the host is a name, or an address, that may be public.
func checkHost(host string, allowPrivate bool) error {
	if addr, err := netip.ParseAddr(host); err == nil {
		switch {
		case addr.Zone() != "":
			return errors.New("the URL's address may not have a zone (%…)")
		case !allowPrivate && guard.SafeAddr(addr) != nil:
			return fmt.Errorf("the URL's host cannot be used: %w", ErrNotPublic)
		}
		return nil
	}
	if len(host) > 253 {
		return errors.New("the URL's host is too long: a name has at most 253 characters")
	}
	labels := strings.Split(strings.ToLower(host), ".")
	last := labels[len(labels)-1]
	if last == "" {
		return errors.New("the URL's host may not be empty or end with a dot")
	}
	if numeric(last) {
		return errors.New("the URL's host looks like a number: write an IPv4 address as four decimal numbers without leading zeros, like 192.0.2.10")
	}
	for _, label := range labels {
		if !isLabel(label) {
			return errors.New("the URL's host is not a name like app.acme.example")
		}
	}
	if allowPrivate {
		return nil
	}
	if len(labels) == 1 {
		return errors.New("the URL's host is not a public name: a name with a dot, like app.acme.example, is expected")
	}
	switch last {
	case "localhost", "local", "internal":
		return fmt.Errorf("the URL's host cannot be used: names that end with .%s lead to addresses that are not public: %w", last, ErrNotPublic)
	}
	return nil
}

// numeric reports whether a host that ends with the label is an IPv4 address for some
// programs, like 127.1, 2130706433 and 0x7f.1 (WHATWG URL, "ends in a number").
func numeric(label string) bool {
	digits, hex := strings.CutPrefix(label, "0x")
	if !hex {
		return strings.Trim(label, "0123456789") == ""
	}
	return strings.Trim(digits, "0123456789abcdef") == ""
}

// isLabel reports whether the text can be a part of a name: letters, digits, hyphens and
// underscores, at most 63 of them, and no hyphen at the ends.
func isLabel(s string) bool {
	return s != "" && len(s) <= 63 && s[0] != '-' && s[len(s)-1] != '-' &&
		!strings.ContainsFunc(s, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_'
		})
}
