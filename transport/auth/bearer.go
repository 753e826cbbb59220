package auth

import (
	"time"

	"github.com/muster-dev/muster/domain"
)

// Bearer is who a token stands for. It is shared between requests: never change it.
type Bearer struct {
	// Token is the token's id; zero for the root token and for a JWT.
	Token domain.TokenID
	// Name is the token's name: "root" for the root token, the issuer's URL for a JWT.
	Name     string
	Identity Identity
	// Organization is the only organization that the token reaches; zero for the root
	// token, which reaches every one.
	Organization domain.OrganizationID
	// Actor is who the token's commands are done by. Its credential holds the token's
	// scopes, its workspace and the time when it expires.
	Actor domain.Actor

	// until is when the secret that the token came with stops working. It is set for the
	// secret from before a rotation; zero for the token's current secret.
	until time.Time
}

// Identity is what idempotency keys belong to and rates are counted for. All secrets
// of a token have the same identity. So have all JWTs of an issuer for the same user
// in the same organization. The zero identity is the root token's.
type Identity = domain.ID[identityKind]

type identityKind struct{}

// IsRoot reports whether the token is the root token.
func (b *Bearer) IsRoot() bool { return b.Organization.IsZero() }

// Workspace returns the only workspace that the token reaches; zero if it is bound to
// none.
func (b *Bearer) Workspace() domain.WorkspaceID { return b.Actor.Credential.Workspace }

// Allows reports whether the token's scopes include the scope.
func (b *Bearer) Allows(scope domain.Scope) bool { return b.Actor.Credential.Scopes.Allow(scope) }

// Reaches reports whether the token can see anything of the organization.
func (b *Bearer) Reaches(org domain.OrganizationID) bool { return b.IsRoot() || b.Organization == org }

// ReachesWorkspace reports whether the token can see the workspace, which belongs to
// the organization.
func (b *Bearer) ReachesWorkspace(org domain.OrganizationID, ws domain.WorkspaceID) bool {
	bound := b.Workspace()
	return b.Reaches(org) && (bound.IsZero() || bound == ws)
}

// expired reports whether the token, or the secret that it came with, has expired.
func (b *Bearer) expired(now time.Time) bool { return isPast(b.Ends(), now) }

// Ends returns when the token, or the secret that it came with, expires. It is zero if that
// is not known to happen.
func (b *Bearer) Ends() time.Time {
	ends := b.Actor.Credential.ExpiresAt
	if ends.IsZero() || !b.until.IsZero() && b.until.Before(ends) {
		ends = b.until
	}
	return ends
}

// isPast reports whether the time has come; the zero time never comes.
func isPast(at, now time.Time) bool { return !at.IsZero() && !now.Before(at) }

// rootBearer returns who the root token stands for: the operator.
func rootBearer() *Bearer {
	return &Bearer{
		Name:  "root",
		Actor: domain.Actor{Kind: domain.ActorSystem, ID: "root", Credential: domain.Credential{Scopes: domain.Scopes{domain.ScopeAll}}},
	}
}

// tokenBearer returns who an organization's token stands for.
func tokenBearer(t *domain.Token) *Bearer {
	b := &Bearer{
		Token: t.ID, Name: t.Name, Identity: Identity(t.ID), Organization: t.Organization,
		Actor: domain.Actor{
			Kind: domain.ActorToken, ID: t.ID.String(),
			Credential: domain.Credential{Scopes: t.Scopes, Workspace: t.Workspace, ExpiresAt: t.ExpiresAt},
		},
	}
	if !t.User.IsZero() {
		b.Actor.Kind, b.Actor.ID, b.Actor.User = domain.ActorUser, t.User.String(), t.User
	}
	return b
}
