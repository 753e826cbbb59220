package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	// keysFresh is for how long an issuer's keys count without another look. So long
	// does one that the issuer has taken back open at most.
	keysFresh = 5 * time.Minute
	// keysLast is for how long they count when the issuer cannot be reached.
	keysLast = time.Hour
	// fetchPause lies between two looks, whoever asks for them: a stranger who makes up
	// keys does not make us a nuisance to the issuer.
	fetchPause = 5 * time.Second
	// defaultFetchPatience is how long a look may take.
	defaultFetchPatience = 5 * time.Second
	// maxIssuerDocument is the size in bytes up to which an issuer's documents are read.
	maxIssuerDocument = 1 << 20
)

var (
	errUnknownKey   = errors.New("the issuer does not publish such a key")
	errBadSignature = errors.New("the signature is wrong")
)

// issuer is somebody whose JWTs are taken, and the keys that they are signed with.
// Keys are fetched when they are needed, and never by a clock of their own.
type issuer struct {
	url      string
	client   *http.Client
	now      func() time.Time
	logger   *slog.Logger
	patience time.Duration

	keys atomic.Pointer[keySet] // nil: none yet

	mu     sync.Mutex // held while keys are fetched
	tried  time.Time  // when that ended last
	failed error      // why it came to nothing; nil: it did not
}

// keySet is what an issuer published at a moment. It never changes.
type keySet struct {
	keys    []jose.JSONWebKey
	fetched time.Time
}

func newIssuer(url string, now func() time.Time, logger *slog.Logger) *issuer {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.DisableKeepAlives = true // the next look is minutes away
	return &issuer{
		url: url, now: now, logger: logger, patience: defaultFetchPatience,
		client: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
}

// open checks the token's signature and answers its claims, with the keys that it
// was checked with. A key that is not known yet may be new.
func (i *issuer) open(ctx context.Context, token *jwt.JSONWebToken) (claims jsontext.Value, keys *keySet, err error) {
	if keys, err = i.current(ctx); err != nil {
		return nil, nil, err
	}
	if claims, err = keys.open(token); errors.Is(err, errUnknownKey) {
		if keys, err = i.newer(ctx, keys); err != nil {
			return nil, nil, err
		}
		claims, err = keys.open(token)
	}
	return claims, keys, err
}

// current answers the keys that count now. When it is time to look again only one
// request waits for it.
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

// newer answers newer keys than those that are known, or the same when the issuer
// was asked a moment ago.
func (i *issuer) newer(ctx context.Context, known *keySet) (*keySet, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.renew(ctx, known)
}

// renew is [issuer.newer] for who holds the lock.
func (i *issuer) renew(ctx context.Context, known *keySet) (*keySet, error) {
	if keys := i.keys.Load(); keys != known {
		return keys, nil // somebody else has looked meanwhile
	}
	if i.now().Sub(i.tried) >= fetchPause {
		keys, err := i.fetch(ctx)
		i.tried = i.now() // and not when it began: who waits for a slow issuer does not begin anew
		if err == nil {
			i.keys.Store(keys)
		} else {
			i.logger.LogAttrs(ctx, slog.LevelWarn, "the keys of an issuer could not be fetched; trying again when one of its tokens comes",
				slog.String("issuer", i.url), slog.String("cause", err.Error()))
		}
		i.failed = err
	}
	if i.failed != nil {
		p := issuerUnavailable.problem("the token cannot be checked, because its issuer's keys cannot be fetched; try again").with("Retry-After", "5")
		p.cause = i.failed
		return nil, p
	}
	return i.keys.Load(), nil
}

// fetch reads the issuer's keys, from where its discovery document (OpenID Connect
// Discovery 1.0) says. That somebody who waits for it leaves does not end it: it is
// for all.
func (i *issuer) fetch(ctx context.Context) (*keySet, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), i.patience)
	defer cancel()
	set := &keySet{fetched: i.now()}
	var discovered struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	if err := i.get(ctx, strings.TrimSuffix(i.url, "/")+"/.well-known/openid-configuration", &discovered); err != nil {
		return nil, err
	}
	if discovered.Issuer != i.url {
		return nil, fmt.Errorf("the issuer at this address calls itself %.200q: --oidc-issuer must be that, to the letter", discovered.Issuer)
	}
	if strings.HasPrefix(i.url, "https:") && !strings.HasPrefix(discovered.Keys, "https:") {
		return nil, fmt.Errorf("the discovery document's jwks_uri is %.200q: https is expected", discovered.Keys)
	}
	var published struct {
		Keys *[]jsontext.Value `json:"keys"`
	}
	if err := i.get(ctx, discovered.Keys, &published); err != nil {
		return nil, err
	}
	if published.Keys == nil {
		return nil, fmt.Errorf("%s holds no keys", discovered.Keys)
	}
	for _, text := range *published.Keys {
		var key jose.JSONWebKey
		// Keys of a kind that we do not know are none of ours (RFC 7517, 5).
		if key.UnmarshalJSON(text) == nil && (key.Use == "" || key.Use == "sig") {
			set.keys = append(set.keys, key)
		}
	}
	return set, nil
}

func (i *issuer) get(ctx context.Context, url string, document any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := i.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close() //nolint:errcheck // it was only read
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", url, response.Status)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxIssuerDocument+1))
	if err != nil {
		return fmt.Errorf("reading %s: %w", url, err)
	}
	if len(body) > maxIssuerDocument {
		return fmt.Errorf("%s is larger than %d bytes", url, maxIssuerDocument)
	}
	if err := json.Unmarshal(body, document); err != nil {
		return fmt.Errorf("reading %s: %w", url, err)
	}
	return nil
}

// open answers the claims of a token that is signed with one of the keys.
func (s *keySet) open(token *jwt.JSONWebToken) (claims jsontext.Value, err error) {
	header := token.Headers[0]
	err = errUnknownKey
	for i := range s.keys {
		key := &s.keys[i]
		if header.KeyID != "" && key.KeyID != header.KeyID || key.Algorithm != "" && key.Algorithm != header.Algorithm {
			continue
		}
		if token.Claims(key.Key, &claims) == nil {
			return claims, nil
		}
		if header.KeyID != "" {
			err = errBadSignature
		}
	}
	return nil, err
}
