package main

import (
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// oidcFlags are the flags that say whose JWTs are taken.
func (s *settings) oidcFlags(f *pflag.FlagSet) {
	o := &s.oidc
	o.OrganizationClaim, o.UserClaim, o.ScopeClaim = "organization_id", "sub", "scope"
	f.Var(issuers{&o.Issuers}, "oidc-issuer", "issuer whose JWT access tokens (RFC 9068) open, too; may be given several times, or with commas; none: no JWT opens")
	f.StringVar(&o.Audience, "oidc-audience", "", "audience that a JWT must be meant for; needed with --oidc-issuer")
	f.Var(claim(&o.OrganizationClaim), "oidc-organization-claim", "claim of a JWT with the organization's id")
	f.Var(claim(&o.UserClaim), "oidc-user-claim", "claim of a JWT with the user's id")
	f.Var(claim(&o.ScopeClaim), "oidc-scope-claim", "claim of a JWT with its scopes")
	inEnvironment(f, "oidc-issuer", "oidc-audience", "oidc-organization-claim", "oidc-user-claim", "oidc-scope-claim")
}

// checkOIDC demands issuers and audience together: without an audience a token that
// was meant for another service would open this one.
func (s *settings) checkOIDC() error {
	switch o := s.oidc; {
	case len(o.Issuers) > 0 && o.Audience == "":
		return usage("--oidc-issuer needs --oidc-audience: what the issuer's tokens name in aud when they are meant for this service")
	case len(o.Issuers) == 0 && o.Audience != "":
		return usage("--oidc-audience is of no use without --oidc-issuer")
	}
	return nil
}

// maxIssuer is how long an issuer's URL may be: it is the name by which the API
// shows JWTs.
const maxIssuer = 200

// claim is the flag for the name of a claim, which can be a URL and is not a path.
func claim(text *string) value {
	return value{text, "claim", func(s string) error {
		if s == "" {
			return errors.New("the name of a claim is expected")
		}
		return nil
	}}
}

// issuers is the flag for URLs of issuers.
type issuers struct{ urls *[]string }

func (i issuers) String() string { return strings.Join(*i.urls, ",") }
func (i issuers) Type() string   { return "url" }

func (i issuers) Set(text string) error {
	for one := range strings.SplitSeq(text, ",") {
		one = strings.TrimSpace(one)
		u, err := url.Parse(one)
		if err != nil || len(one) > maxIssuer || u.Host == "" || u.User != nil || strings.ContainsAny(one, "?#") || u.Scheme != "https" && (u.Scheme != "http" || !onThisMachine(u.Hostname())) {
			return errors.New("the https address of an issuer is expected, of at most 200 characters, as its tokens name it in iss; http only on this machine")
		}
		if !slices.Contains(*i.urls, one) {
			*i.urls = append(*i.urls, one)
		}
	}
	return nil
}

func onThisMachine(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}
