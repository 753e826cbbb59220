package auth

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/muster-dev/muster/transport/auth/authtest"
)

// An issuer rotates its keys. A token with the new key is accepted at once. One with
// the old key is accepted until the keys are fetched again, a few minutes later.
func TestIssuerRotation(t *testing.T) {
	first, second := authtest.RSAKey("first", 0), authtest.RSAKey("second", 1)
	p := authtest.NewProvider(t, first)
	s := trusting(t, p)
	x := newTenant()
	old := first.Sign(t, authtest.AccessToken, p.Claims(x.org, x.owner, nil))
	s.opens(t, old, x)

	s.clock.Add(int64(FetchPause))
	p.Publish(first, second)
	s.opens(t, second.Sign(t, authtest.AccessToken, p.Claims(x.org, x.owner, nil)), x)
	s.opens(t, old, x)

	p.Publish(second)
	s.opens(t, old, x)
	s.clock.Add(int64(keysFresh - time.Second))
	s.opens(t, old, x)
	s.clock.Add(int64(time.Second))
	s.refuses(t, old, ErrInvalidToken)
	s.opens(t, second.Sign(t, authtest.AccessToken, p.Claims(x.org, x.owner, nil)), x)
}

// A JWT that names a made-up key does not make Muster ask the issuer each time.
func TestUnknownKeysAreBounded(t *testing.T) {
	known, made := authtest.RSAKey("known", 0), authtest.RSAKey("", 1)
	p := authtest.NewProvider(t, known)
	s := trusting(t, p)
	x := newTenant()
	s.Discover(t.Context())
	if got := p.Looks.Load(); got != 1 {
		t.Fatalf("%d looks at the start", got)
	}
	var strangers sync.WaitGroup
	for range 4 {
		strangers.Go(func() {
			for range 10 {
				stranger := made
				stranger.ID = uuid.NewString()
				s.refuses(t, stranger.Sign(t, authtest.AccessToken, p.Claims(x.org, x.owner, nil)), ErrInvalidToken)
			}
		})
	}
	strangers.Wait()
	s.refuses(t, made.Sign(t, authtest.AccessToken, p.Claims(x.org, x.owner, nil)), ErrInvalidToken) // a key without a name
	if got := p.Looks.Load(); got != 1 {
		t.Errorf("%d looks", got)
	}
	s.clock.Add(int64(FetchPause))
	made.ID = "made up"
	for range 3 {
		s.refuses(t, made.Sign(t, authtest.AccessToken, p.Claims(x.org, x.owner, nil)), ErrInvalidToken)
	}
	if got := p.Looks.Load(); got != 2 {
		t.Errorf("%d looks after the pause", got)
	}
	// A wrong signature under the name of a known key does not cause a fetch.
	s.clock.Add(int64(FetchPause))
	made.ID = "known"
	s.refuses(t, made.Sign(t, authtest.AccessToken, p.Claims(x.org, x.owner, nil)), ErrInvalidToken)
	if got := p.Looks.Load(); got != 2 {
		t.Errorf("%d looks after a wrong signature", got)
	}
}

// While an issuer cannot be reached its known keys are used.
func TestIssuerOutage(t *testing.T) {
	key := authtest.RSAKey("key", 0)
	p := authtest.NewProvider(t, key)
	p.Fail(authtest.HangUp)
	s := trusting(t, p)
	x := newTenant()
	s.Discover(t.Context())
	token := key.Sign(t, authtest.AccessToken, p.Claims(x.org, x.owner, map[string]any{"exp": time.Now().Add(24 * time.Hour).Unix()}))
	s.refuses(t, token, ErrIssuerUnavailable)

	p.Fail(nil)
	s.refuses(t, token, ErrIssuerUnavailable) // it was tried a moment ago
	s.clock.Add(int64(FetchPause))
	s.opens(t, token, x)

	// Down again: known keys are used for an hour, and unknown keys cannot be fetched.
	p.Fail(authtest.HangUp)
	s.clock.Add(int64(keysLast - time.Second))
	s.opens(t, token, x)
	unknown := authtest.RSAKey("unknown", 1).Sign(t, authtest.AccessToken, p.Claims(x.org, x.owner, nil))
	s.refuses(t, unknown, ErrIssuerUnavailable)
	s.clock.Add(int64(FetchPause))
	s.refuses(t, token, ErrIssuerUnavailable)
	p.Fail(nil)
	s.clock.Add(int64(FetchPause))
	s.opens(t, token, x)
}
