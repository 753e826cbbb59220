package auth

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/goleak"

	"github.com/muster-dev/muster/transport/auth/authtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// trust is an authenticator that accepts the JWTs of some providers. Its time changes
// with the clock only. It has no tokens of its own.
type trust struct {
	*Authenticator
	clock atomic.Int64 // added to the time at which it was made
}

func trusting(t testing.TB, providers ...*authtest.Provider) *trust {
	t.Helper()
	begun, s := time.Now(), new(trust)
	o := OIDC{Audience: authtest.Audience, OrganizationClaim: "organization_id", UserClaim: "sub", ScopeClaim: "scope"}
	for _, p := range providers {
		o.Issuers = append(o.Issuers, p.URL)
	}
	s.Authenticator = New(Options{OIDC: o, Now: func() time.Time { return begun.Add(time.Duration(s.clock.Load())) }})
	return s
}

// tenant is an organization with an owner.
type tenant struct{ org, owner string }

func newTenant() tenant { return tenant{uuid.NewString(), uuid.NewString()} }

// opens demands that the token stands for the tenant's owner.
func (s *trust) opens(t testing.TB, token string, x tenant) {
	t.Helper()
	b, err := s.Authenticate(t.Context(), "Bearer "+token)
	if err != nil {
		t.Fatal(err)
	}
	if b.Organization.String() != x.org || b.Actor.User.String() != x.owner || b.IsRoot() {
		t.Fatalf("the token stands for %+v, want %+v", b, x)
	}
}

// refuses demands that the token is refused with that error.
func (s *trust) refuses(t testing.TB, token string, want error) {
	t.Helper()
	if b, err := s.Authenticate(t.Context(), "Bearer "+token); !errors.Is(err, want) || b != nil {
		t.Errorf("%v, %v; want %v", b, err, want)
	}
}
