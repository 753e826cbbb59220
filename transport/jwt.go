package transport

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/transport/ids"
)

// OIDC says whose JWT access tokens (RFC 9068) are taken beside Muster's own tokens.
// Each stands for a user of an organization, and its issuer is trusted to say whom.
type OIDC struct {
	// Issuers are the URLs of their issuers, to the letter as tokens name them; none:
	// no JWT is taken.
	Issuers []string
	// Audience is whom a token must be meant for.
	Audience string
	// OrganizationClaim and UserClaim name the claims with the ids of the organization
	// and the user, ScopeClaim that with the scopes: a text with spaces between them,
	// or a list. Scopes that Muster does not know count for nothing.
	OrganizationClaim, UserClaim, ScopeClaim string
}

const (
	// maxJWT is how long a JWT may be, in bytes.
	maxJWT = 8 << 10
	// clockLeeway is how far an issuer's clock may be ahead of ours. Nothing opens
	// longer for it.
	clockLeeway = time.Minute
)

// signatures are the algorithms that a JWT may be signed with: those with a key that
// its issuer keeps to itself.
var signatures = []jose.SignatureAlgorithm{
	jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512,
	jose.ES256, jose.ES384, jose.ES512, jose.EdDSA,
}

// issuers are those whose JWTs are taken. They remember the JWTs that were checked
// lately. What is remembered counts only as long as the keys that it was checked with
// are its issuer's current ones: see [keysFresh].
type issuers struct {
	OIDC
	byURL map[string]*issuer
	now   func() time.Time

	bySecret *lru.Cache[domain.Hash, checked]
}

type checked struct {
	*bearer
	issuer *issuer
	keys   *keySet
}

func newIssuers(o OIDC, now func() time.Time, logger *slog.Logger) *issuers {
	s := &issuers{OIDC: o, byURL: make(map[string]*issuer), now: now, bySecret: newMemory[domain.Hash, checked](maxBearers)}
	for _, url := range o.Issuers {
		s.byURL[url] = newIssuer(url, now, logger)
	}
	return s
}

func (s *issuers) any() bool { return len(s.byURL) > 0 }

// Discover fetches the keys of the issuers, so that the first JWT need not wait for
// them. It logs a warning for each that it cannot reach within five seconds; the
// issuer's JWTs are then 503 until it can be.
func (a *API) Discover(ctx context.Context) {
	var all sync.WaitGroup
	for _, i := range a.issuers.byURL {
		all.Go(func() { _, _ = i.current(ctx) })
	}
	all.Wait()
}

// isJWT reports whether the text could be a JWT: no token of Muster's own has dots.
func isJWT(text string) bool { return strings.Count(text, ".") == 2 }

// find answers who the JWT with that text and hash stands for.
func (s *issuers) find(ctx context.Context, secret domain.Hash, text string) (*bearer, error) {
	if known, ok := s.bySecret.Get(secret); ok {
		keys, err := known.issuer.current(ctx)
		if err != nil {
			return nil, err
		}
		if keys == known.keys {
			return known.bearer, nil
		}
	}
	found, err := s.check(ctx, text)
	if err != nil {
		return nil, err
	}
	s.bySecret.Add(secret, found)
	return found.bearer, nil
}

// check holds a JWT against RFC 9068, 4.
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
	claims, keys, err := issuer.open(ctx, token)
	switch {
	case errors.Is(err, errUnknownKey):
		return checked{}, badJWT("its issuer does not publish the key that it is signed with")
	case errors.Is(err, errBadSignature):
		return checked{}, badJWT("its signature is wrong")
	case err != nil:
		return checked{}, err
	}
	b, err := s.bearerOf(issuer, claims)
	return checked{b, issuer, keys}, err
}

// bearerOf is who the claims of a JWT, with a signature that is right, stand for.
func (s *issuers) bearerOf(i *issuer, claims jsontext.Value) (*bearer, error) {
	var registered jwt.Claims
	var all map[string]jsontext.Value
	if errors.Join(json.Unmarshal(claims, &registered), json.Unmarshal(claims, &all)) != nil {
		return nil, badJWT("its claims cannot be read")
	}
	now, expires := s.now(), registered.Expiry.Time().UTC()
	early := func(at *jwt.NumericDate) bool { return at != nil && now.Add(clockLeeway).Before(at.Time()) }
	switch {
	case !registered.Audience.Contains(s.Audience):
		return nil, badJWT("its audience (aud) is not this service")
	case registered.Expiry == nil || expires.Year() > 9999:
		return nil, badJWT("it does not say when it expires (exp)")
	case !now.Before(expires):
		return nil, badJWT("it has expired (exp)")
	case early(registered.NotBefore) || early(registered.IssuedAt):
		return nil, badJWT("its time has not come yet (nbf, iat); do the clocks differ?")
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
	credential := domain.Credential{Scopes: scopes, ExpiresAt: expires}
	return &bearer{
		name: i.url, identity: ids.Derived("jwt", i.url, user.String(), org.String()), organization: org, credential: credential,
		actor: domain.Actor{Kind: domain.ActorUser, ID: user.String(), User: user, Credential: credential},
	}, nil
}

// idClaim reads a claim that names somebody. The nil UUID is nobody, and would make
// a root token of the JWT, or a program's.
func idClaim[ID interface{ ~[16]byte }](all map[string]jsontext.Value, name string) (ID, error) {
	var id domain.ID[struct{}]
	if err := json.Unmarshal(all[name], &id); err != nil || id.IsZero() {
		return ID{}, badJWT("its claim " + name + " must be a UUID, and not the nil one")
	}
	return ID(id), nil
}

// scopesClaim reads the claim with the scopes; without it there are none.
func scopesClaim(all map[string]jsontext.Value, name string) (domain.Scopes, error) {
	claim, ok := all[name]
	var words []string
	if ok && json.Unmarshal(claim, &words) != nil {
		var text string
		if json.Unmarshal(claim, &text) != nil {
			return nil, badJWT("its claim " + name + " must be a text with spaces between the scopes, or a list of scopes")
		}
		words = strings.Fields(text)
	}
	scopes := domain.Scopes{}
	for _, word := range words {
		// Scopes that do not exist are meant for others, like openid.
		if scope := domain.Scope(word); scope.Valid() && !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	return scopes, nil
}

// badJWT refuses a JWT and says why: whoever brings it has got it from the issuer,
// or made it up and learns nothing.
func badJWT(why string) *Problem {
	return invalidToken.problem("the JWT opens nothing: "+why).with("WWW-Authenticate", `Bearer error="invalid_token"`)
}
