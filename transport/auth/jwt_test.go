package auth

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/transport/auth/authtest"
)

// Every algorithm whose signing key only the issuer knows is accepted, and no other.
func TestAlgorithms(t *testing.T) {
	var keys []authtest.Key
	for _, a := range []jose.SignatureAlgorithm{jose.RS256, jose.RS384, jose.RS512, jose.PS256, jose.PS384, jose.PS512} {
		keys = append(keys, authtest.Key{ID: string(a), Algorithm: a, Signer: authtest.RSAKeys()[0]})
	}
	for a, curve := range map[jose.SignatureAlgorithm]elliptic.Curve{jose.ES256: elliptic.P256(), jose.ES384: elliptic.P384(), jose.ES512: elliptic.P521()} {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, authtest.Key{ID: string(a), Algorithm: a, Signer: key})
	}
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keys = append(keys, authtest.Key{ID: "EdDSA", Algorithm: jose.EdDSA, Signer: edwards})
	if len(keys) != len(signatures) {
		t.Fatalf("%d algorithms are tested, %d accepted", len(keys), len(signatures))
	}
	p := authtest.NewProvider(t, keys...)
	s := trusting(t, p)
	x := newTenant()
	claims := p.Claims(x.org, x.owner, nil)
	for _, k := range keys {
		s.opens(t, k.Sign(t, authtest.AccessToken, claims), x)
	}
	// Without a name any key of the kind is tried.
	nameless := keys[0]
	nameless.ID = ""
	s.opens(t, nameless.Sign(t, authtest.AccessToken, claims), x)

	// A key is only accepted with the algorithm that it was published for.
	other := keys[0]
	other.Algorithm = jose.PS256
	s.refuses(t, other.Sign(t, authtest.AccessToken, claims), ErrInvalidToken)

	// A signature that uses a public key as a shared secret proves nothing.
	der, err := x509.MarshalPKIXPublicKey(keys[0].Signer.Public())
	if err != nil {
		t.Fatal(err)
	}
	jwk, err := keys[0].Public().MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range [][]byte{der, jwk} {
		for _, a := range []jose.SignatureAlgorithm{jose.HS256, jose.HS384, jose.HS512} {
			text := authtest.Sign(t, jose.SigningKey{Algorithm: a, Key: jose.JSONWebKey{Key: secret, KeyID: "RS256"}}, authtest.AccessToken, claims)
			s.refuses(t, text, ErrInvalidToken)
		}
	}
	payload := strings.Split(keys[0].Sign(t, authtest.AccessToken, claims), ".")[1]
	for _, a := range []string{"none", "None", "", "RS256"} {
		header := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"` + a + `","typ":"at+jwt","kid":"RS256"}`))
		s.refuses(t, header+"."+payload+".", ErrInvalidToken)
	}
	// Neither does a key that comes with the token.
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: authtest.RSAKeys()[1]}, (&jose.SignerOptions{EmbedJWK: true}).WithType(authtest.AccessToken))
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	s.refuses(t, text, ErrInvalidToken)
}

// The signature of a JWT is checked once for as long as the keys are used, however
// often the JWT comes.
func TestJWTsAreRemembered(t *testing.T) {
	key := authtest.RSAKey("key", 0)
	p := authtest.NewProvider(t, key)
	s := trusting(t, p)
	x := newTenant()
	token := p.Token(key, x.org, x.owner)
	s.opens(t, token, x)
	known, _ := s.issuers.bySecret.Peek(HashSecret(token))
	if found, err := s.issuers.find(t.Context(), HashSecret(token), token); err != nil || found != known.Bearer || found == nil {
		t.Errorf("%v %v", found, err)
	}
	// After another fetch of the keys the JWT is checked again.
	s.clock.Add(int64(keysFresh))
	if found, err := s.issuers.find(t.Context(), HashSecret(token), token); err != nil || found == known.Bearer {
		t.Errorf("%v %v", found, err)
	}
	for i := range maxBearers + 10 {
		s.issuers.bySecret.Add(domain.Hash{byte(i), byte(i >> 8)}, checked{})
	}
	s.opens(t, p.Token(key, x.org, x.owner), x)
	if got := s.issuers.bySecret.Len(); got != maxBearers {
		t.Errorf("%d are remembered", got)
	}
}

func FuzzJWT(f *testing.F) {
	key := authtest.RSAKey("key", 0)
	p := authtest.NewProvider(f, key)
	s := trusting(f, p)
	x := newTenant()
	good := p.Token(key, x.org, x.owner)
	owner, err := s.issuers.find(f.Context(), HashSecret(good), good)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(strings.Replace(good, ".", ".e30", 1))
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Fuzz(func(t *testing.T, text string) {
		found, err := s.issuers.find(t.Context(), HashSecret(text), text)
		if err == nil && found.Identity != owner.Identity { // base64 has more than one spelling
			t.Errorf("%q opens for %v", text, found.Actor)
		}
	})
}
