package main

import (
	"errors"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/muster-dev/muster/cmd/muster/terminal"
)

// oidcFlags defines the flags that say whose JWTs are accepted.
func (s *settings) oidcFlags(f *pflag.FlagSet) {
	o := &s.oidc
	o.OrganizationClaim, o.UserClaim, o.ScopeClaim = "organization_id", "sub", "scope"
	f.Var(issuers{&o.Issuers}, "oidc-issuer", "issuer whose JWT access tokens (RFC 9068) are accepted; may be repeated, or contain several separated by commas; by default no JWT is accepted")
	f.Var(terminal.NotEmpty(&o.Audience), "oidc-audience", "audience that a JWT must name in aud; required with --oidc-issuer")
	f.Var(claim(&o.OrganizationClaim), "oidc-organization-claim", "claim of a JWT with the organization's id")
	f.Var(claim(&o.UserClaim), "oidc-user-claim", "claim of a JWT with the user's id")
	f.Var(claim(&o.ScopeClaim), "oidc-scope-claim", "claim of a JWT with its scopes")
	terminal.InEnvironment(f, "oidc-issuer", "oidc-audience", "oidc-organization-claim", "oidc-user-claim", "oidc-scope-claim")
}

// checkOIDC returns an error unless issuers and audience are given together. Without an
// audience, a token that was issued for another service would be accepted here.
func (s *settings) checkOIDC() error {
	switch o := s.oidc; {
	case len(o.Issuers) > 0 && o.Audience == "":
		return terminal.Usage("--oidc-issuer needs --oidc-audience: the value of aud in tokens that are meant for this service")
	case len(o.Issuers) == 0 && o.Audience != "":
		return terminal.Usage("--oidc-audience has no effect without --oidc-issuer")
	}
	return nil
}

// maxIssuer is the length of the longest URL of an issuer. The API shows it as the name
// of a JWT.
const maxIssuer = 200

// claim returns a flag for the name of a claim. The name can be a URL and is not a path
// into nested claims.
func claim(text *string) terminal.Text {
	return terminal.NewText(text, "claim", func(s string) error {
		if s == "" {
			return errors.New("the name of a claim is expected")
		}
		return nil
	})
}

// issuers is the flag for the URLs of issuers. Each use of the flag adds to them.
type issuers struct{ urls *[]string }

func (i issuers) String() string { return strings.Join(*i.urls, ",") }
func (i issuers) Type() string   { return "url" }

func (i issuers) Set(text string) error {
	for one := range strings.SplitSeq(text, ",") {
		one = strings.TrimSpace(one)
		u, err := url.Parse(one)
		if err != nil || len(one) > maxIssuer || u.Host == "" || u.User != nil || strings.ContainsAny(one, "?#") || u.Scheme != "https" && (u.Scheme != "http" || !onThisMachine(u.Hostname())) {
			return errors.New("the https address of an issuer is expected, as in iss of its tokens, with at most 200 characters; http is accepted only for this machine")
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
