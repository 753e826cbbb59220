package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// maxIssuerDocument is the length of the longest document that an issuer may send, in
// bytes.
const maxIssuerDocument = 1 << 20

var (
	errUnknownKey   = errors.New("the issuer does not publish such a key")
	errBadSignature = errors.New("the signature is wrong")
)

// keySet holds the keys that an issuer published at one moment. It never changes.
type keySet struct {
	keys    []jose.JSONWebKey
	fetched time.Time
}

// verify returns the claims of a token that is signed with one of the keys. It fails with
// errBadSignature if the token names one of the keys and does not fit it. It fails with
// errUnknownKey if the token names another key, or names none and fits none.
func (s *keySet) verify(token *jwt.JSONWebToken) (claims jsontext.Value, err error) {
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

// fetch reads the issuer's keys from the address in its discovery document (OpenID
// Connect Discovery 1.0). The keys serve all requests, so the fetch goes on when the
// request that caused it ends.
func (i *issuer) fetch(ctx context.Context) (*keySet, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), i.patience)
	defer cancel()
	set := &keySet{fetched: i.now()}
	address, err := i.discover(ctx)
	if err != nil {
		return nil, err
	}
	var published struct {
		Keys *[]jsontext.Value `json:"keys"`
	}
	if err := i.get(ctx, address, &published); err != nil {
		return nil, err
	}
	if published.Keys == nil {
		return nil, fmt.Errorf("%s holds no keys", address)
	}
	for _, text := range *published.Keys {
		var key jose.JSONWebKey
		// Keys of an unknown kind are to be ignored (RFC 7517, section 5).
		if key.UnmarshalJSON(text) == nil && (key.Use == "" || key.Use == "sig") {
			set.keys = append(set.keys, key)
		}
	}
	return set, nil
}

// discover returns the address of the issuer's keys.
func (i *issuer) discover(ctx context.Context) (string, error) {
	var found struct {
		Issuer string `json:"issuer"`
		Keys   string `json:"jwks_uri"`
	}
	if err := i.get(ctx, strings.TrimSuffix(i.url, "/")+"/.well-known/openid-configuration", &found); err != nil {
		return "", err
	}
	if found.Issuer != i.url {
		return "", fmt.Errorf("the issuer at this address calls itself %.200q: --oidc-issuer must be that, to the letter", found.Issuer)
	}
	if strings.HasPrefix(i.url, "https:") && !strings.HasPrefix(found.Keys, "https:") {
		return "", fmt.Errorf("the discovery document's jwks_uri is %.200q: https is expected", found.Keys)
	}
	return found.Keys, nil
}

// get reads a JSON document.
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
