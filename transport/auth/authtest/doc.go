// Package authtest is an OpenID provider for tests: an issuer of JWTs whose keys and
// whose failures the test controls.
//
//	key := authtest.RSAKey("key", 0)
//	provider := authtest.NewProvider(t, key)
//	token := provider.Token(key, org, user)
package authtest
