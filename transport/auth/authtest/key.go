package authtest

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"sync"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// AccessToken is the typ of a JWT access token (RFC 9068).
const AccessToken jose.ContentType = "at+jwt"

// Key is a key that a provider signs with.
type Key struct {
	ID        string
	Algorithm jose.SignatureAlgorithm
	Signer    crypto.Signer
}

// RSAKeys returns three keys. They are the same for all tests of a process, because
// making keys is slow.
var RSAKeys = sync.OnceValue(func() (keys [3]*rsa.PrivateKey) {
	for i := range keys {
		keys[i], _ = rsa.GenerateKey(rand.Reader, 2048)
	}
	return keys
})

// RSAKey returns the n-th of [RSAKeys] under that name.
func RSAKey(id string, n int) Key { return Key{id, jose.RS256, RSAKeys()[n]} }

// Public returns the key as a provider publishes it.
func (k Key) Public() jose.JSONWebKey {
	return jose.JSONWebKey{Key: k.Signer.Public(), KeyID: k.ID, Algorithm: string(k.Algorithm), Use: "sig"}
}

// Sign makes a JWT with that typ in its header.
func (k Key) Sign(t testing.TB, typ jose.ContentType, claims map[string]any) string {
	t.Helper()
	return Sign(t, jose.SigningKey{Algorithm: k.Algorithm, Key: jose.JSONWebKey{Key: k.Signer, KeyID: k.ID}}, typ, claims)
}

// Sign makes a JWT that is signed with any key. The key may be a wrong one.
func Sign(t testing.TB, key jose.SigningKey, typ jose.ContentType, claims map[string]any) string {
	t.Helper()
	signer, err := jose.NewSigner(key, (&jose.SignerOptions{}).WithType(typ))
	if err != nil {
		t.Fatal(err)
	}
	text, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return text
}
