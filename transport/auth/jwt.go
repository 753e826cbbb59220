package auth

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/transport/ids"
)

const (
	// maxJWT is how long a JWT may be, in bytes.
	maxJWT = 8 << 10
	// clockLeeway is how far an issuer's clock may be ahead of ours. It applies to nbf and
	// iat only, so it never makes a JWT last longer.
	clockLeeway = time.Minute
)

// signatures are the algorithms that a JWT may be signed with: those whose signing key
// only the issuer knows.
var signatures = []jose.SignatureAlgorithm{
	jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512,
	jose.ES256, jose.ES384, jose.ES512, jose.EdDSA,
}

// check validates a JWT as RFC 9068, section 4, demands.
func (s *issuers) check(ctx context.Context, text string) (checked, error) {
	if len(text) > maxJWT {
		return checked{}, badJWT(fmt.Sprintf("it is longer than %d bytes", maxJWT))
	}
	token, err := jwt.ParseSigned(text, signatures)
	if err != nil {
		return checked{}, badJWT("it cannot be read, or is not signed with RS, PS, ES or EdDSA")
	}
	typ, _ := token.Headers[0].ExtraHeaders[jose.HeaderType].(string)
	if !strings.EqualFold(typ, "at+jwt") && !strings.EqualFold(typ, "application/at+jwt") {
		return checked{}, badJWT("its typ is not at+jwt; an access token (RFC 9068) is expected, and not an ID token")
	}
	var named struct {
		Issuer string `json:"iss"`
	}
	err = token.UnsafeClaimsWithoutVerification(&named) // only to know whose keys to check it with
	issuer := s.byURL[named.Issuer]
	if err != nil || issuer == nil {
		return checked{}, badJWT("its issuer (iss) is none of those that this service trusts")
	}
	claims, keys, err := issuer.verify(ctx, token)
	switch {
	case errors.Is(err, errUnknownKey):
		return checked{}, badJWT("its issuer does not publish the key that it is signed with")
	case errors.Is(err, errBadSignature):
		return checked{}, badJWT("its signature is wrong")
	case err != nil:
		return checked{}, err
	}
	b, err := s.bearer(issuer, claims)
	return checked{b, issuer, keys}, err
}

// bearer returns who the claims of a JWT stand for. The signature has been checked.
func (s *issuers) bearer(i *issuer, claims jsontext.Value) (*Bearer, error) {
	var registered jwt.Claims
	var all map[string]jsontext.Value
	if errors.Join(json.Unmarshal(claims, &registered), json.Unmarshal(claims, &all)) != nil {
		return nil, badJWT("its claims cannot be read")
	}
	if err := s.checkRegistered(&registered); err != nil {
		return nil, err
	}
	org, err := idClaim[domain.OrganizationID](all, s.OrganizationClaim)
	if err != nil {
		return nil, err
	}
	user, err := idClaim[domain.UserID](all, s.UserClaim)
	if err != nil {
		return nil, err
	}
	scopes, err := scopesClaim(all, s.ScopeClaim)
	if err != nil {
		return nil, err
	}
	return &Bearer{
		Name: i.url, Identity: ids.Derived("jwt", i.url, user.String(), org.String()), Organization: org,
		Actor: domain.Actor{
			Kind: domain.ActorUser, ID: user.String(), User: user,
			Credential: domain.Credential{Scopes: scopes, ExpiresAt: registered.Expiry.Time().UTC()},
		},
	}, nil
}

// checkRegistered checks audience and times.
func (s *issuers) checkRegistered(c *jwt.Claims) error {
	now, expires := s.now(), c.Expiry.Time().UTC()
	early := func(at *jwt.NumericDate) bool { return at != nil && now.Add(clockLeeway).Before(at.Time()) }
	switch {
	case !c.Audience.Contains(s.Audience):
		return badJWT("its audience (aud) is not this service")
	case c.Expiry == nil || expires.Year() > 9999:
		return badJWT("it does not say when it expires (exp)")
	case !now.Before(expires):
		return badJWT("it has expired (exp)")
	case early(c.NotBefore) || early(c.IssuedAt):
		return badJWT("its time has not come yet (nbf, iat); do the clocks differ?")
	}
	return nil
}
