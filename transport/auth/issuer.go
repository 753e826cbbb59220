package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	// keysFresh is how old an issuer's keys may become before they are fetched again. A
	// key that the issuer has withdrawn is accepted for that long at most.
	keysFresh = 5 * time.Minute
	// keysLast is how old they may become while the issuer cannot be reached.
	keysLast = time.Hour
	// FetchPause is the time between two fetches of an issuer's keys. Without it, a
	// stranger could make Muster flood the issuer with requests by naming keys that do
	// not exist. After an [ErrIssuerUnavailable] another try makes sense when the pause
	// is over.
	FetchPause = 5 * time.Second
	// defaultFetchPatience is how long a fetch may take.
	defaultFetchPatience = 5 * time.Second
)

// issuer is somebody whose JWTs are accepted, and the keys that they are signed with.
// Keys are fetched when a JWT needs them; no timer runs.
type issuer struct {
	url      string
	client   *http.Client
	now      func() time.Time
	logger   *slog.Logger
	patience time.Duration

	keys atomic.Pointer[keySet] // nil: none were fetched yet

	mu     sync.Mutex // held during a fetch; guards the fields below
	tried  time.Time  // when the last fetch ended
	failed error      // why it failed; nil: it did not
}

func newIssuer(url string, now func() time.Time, logger *slog.Logger) *issuer {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableKeepAlives = true // the next fetch is minutes away
	return &issuer{
		url: url, now: now, logger: logger, patience: defaultFetchPatience,
		client: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
}

// verify checks the token's signature, and returns its claims and the keys that it was
// checked with. A token that names an unknown key causes a fetch, because the key may
// be new.
func (i *issuer) verify(ctx context.Context, token *jwt.JSONWebToken) (claims jsontext.Value, keys *keySet, err error) {
	if keys, err = i.current(ctx); err != nil {
		return nil, nil, err
	}
	if claims, err = keys.verify(token); errors.Is(err, errUnknownKey) {
		if keys, err = i.newer(ctx, keys); err != nil {
			return nil, nil, err
		}
		claims, err = keys.verify(token)
	}
	return claims, keys, err
}

// current returns the keys to check signatures with now. When fresh keys have become
// old only one request waits for new ones; the others go on with the old ones.
func (i *issuer) current(ctx context.Context) (*keySet, error) {
	known := i.keys.Load()
	if known == nil {
		return i.newer(ctx, known)
	}
	age := i.now().Sub(known.fetched)
	switch {
	case age >= keysLast:
		return i.newer(ctx, known)
	case age < keysFresh || !i.mu.TryLock():
		return known, nil
	}
	defer i.mu.Unlock()
	if fresh, err := i.renew(ctx, known); err == nil {
		return fresh, nil
	}
	return known, nil
}

// newer returns keys that are newer than the known ones, or the known ones if they
// were fetched a moment ago.
func (i *issuer) newer(ctx context.Context, known *keySet) (*keySet, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.renew(ctx, known)
}

// renew is [issuer.newer] for a caller that holds the lock.
func (i *issuer) renew(ctx context.Context, known *keySet) (*keySet, error) {
	if keys := i.keys.Load(); keys != known {
		return keys, nil // another request has fetched them in the meantime
	}
	if i.now().Sub(i.tried) >= FetchPause {
		keys, err := i.fetch(ctx)
		// The pause begins when a fetch ends. Requests that waited for a slow issuer would
		// otherwise each start another slow fetch.
		i.tried = i.now()
		if err == nil {
			i.keys.Store(keys)
		} else {
			i.logger.LogAttrs(ctx, slog.LevelWarn, "the keys of an issuer could not be fetched; trying again when one of its tokens comes",
				slog.String("issuer", i.url), slog.String("cause", err.Error()))
		}
		i.failed = err
	}
	if i.failed != nil {
		return nil, fmt.Errorf("%w: %w", ErrIssuerUnavailable, i.failed)
	}
	return i.keys.Load(), nil
}
