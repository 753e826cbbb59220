package auth

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/muster-dev/muster/domain"
)

// OIDC says whose JWT access tokens (RFC 9068) are accepted in addition to Muster's own
// tokens. Each JWT stands for a user of an organization, and its issuer is trusted to say
// which. The zero value accepts none.
type OIDC struct {
	// Issuers are the URLs of the issuers, exactly as their tokens name them.
	Issuers []string
	// Audience is who a token must be meant for.
	Audience string
	// OrganizationClaim and UserClaim name the claims that hold the ids of the
	// organization and of the user. ScopeClaim names the claim that holds the scopes, as a
	// text with spaces between them or as a list. Unknown scopes are ignored.
	OrganizationClaim, UserClaim, ScopeClaim string
}

// issuers are the issuers whose JWTs are accepted. They remember the JWTs that were
// checked lately. A remembered JWT is used only while its issuer's keys are the ones that
// it was checked with: see [keysFresh].
type issuers struct {
	OIDC
	byURL map[string]*issuer
	now   func() time.Time

	bySecret *lru.Cache[domain.Hash, checked]
}

// checked is who a JWT stands for, with the keys that its signature was checked with.
type checked struct {
	*Bearer
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

// discover fetches the keys of all issuers at once.
func (s *issuers) discover(ctx context.Context) {
	var all sync.WaitGroup
	for _, i := range s.byURL {
		all.Go(func() { _, _ = i.current(ctx) }) // a failure is logged there
	}
	all.Wait()
}

// find returns who the JWT with that text and hash stands for.
func (s *issuers) find(ctx context.Context, secret domain.Hash, text string) (*Bearer, error) {
	if known, ok := s.bySecret.Get(secret); ok {
		keys, err := known.issuer.current(ctx)
		if err != nil {
			return nil, err
		}
		if keys == known.keys {
			return known.Bearer, nil
		}
	}
	found, err := s.check(ctx, text)
	if err != nil {
		return nil, err
	}
	s.bySecret.Add(secret, found)
	return found.Bearer, nil
}

// isJWT reports whether the text could be a JWT. Muster's own tokens have no dots.
func isJWT(text string) bool { return strings.Count(text, ".") == 2 }
