package transport

import (
	"context"
	"crypto/subtle"
	"fmt"
	"strings"
	"time"

	"github.com/muster-dev/muster/domain"
)

// bearer is who a token stands for. It is shared between requests and never
// changes.
type bearer struct {
	token        domain.TokenID // zero: the root token, or a JWT
	name         string
	identity     identity
	organization domain.OrganizationID // zero: the root token, every organization
	credential   domain.Credential
	until        time.Time // when the secret that the token came with, a former one, opens nothing any more; zero: the token's own
	actor        domain.Actor
}

// identity is what idempotency keys belong to and rates are bounded for: a token
// with whatever secret, or of an issuer's JWTs those that stand for the same user in
// the same organization. The zero identity is the root token's.
type identity = domain.ID[identityKind]

type identityKind struct{}

func (b *bearer) isRoot() bool { return b.organization.IsZero() }

// reaches reports whether the token can see anything of the organization.
func (b *bearer) reaches(org domain.OrganizationID) bool { return b.isRoot() || b.organization == org }

// reachesWorkspace reports whether the token can see the workspace of the
// organization.
func (b *bearer) reachesWorkspace(org domain.OrganizationID, ws domain.WorkspaceID) bool {
	return b.reaches(org) && (b.credential.Workspace.IsZero() || b.credential.Workspace == ws)
}

// rootBearer is the operator.
func rootBearer() *bearer {
	all := domain.Credential{Scopes: domain.Scopes{domain.ScopeAll}}
	return &bearer{
		name: "root", credential: all,
		actor: domain.Actor{Kind: domain.ActorSystem, ID: "root", Credential: all},
	}
}

// bearerOf is who an organization's token stands for.
func bearerOf(t *domain.Token) *bearer {
	b := &bearer{
		token: t.ID, name: t.Name, identity: identity(t.ID), organization: t.Organization,
		credential: domain.Credential{Scopes: t.Scopes, Workspace: t.Workspace, ExpiresAt: t.ExpiresAt},
	}
	b.actor = domain.Actor{Kind: domain.ActorToken, ID: t.ID.String(), Credential: b.credential}
	if !t.User.IsZero() {
		b.actor.Kind, b.actor.ID, b.actor.User = domain.ActorUser, t.User.String(), t.User
	}
	return b
}

// authenticate answers who the value of an Authorization header stands for.
func (a *API) authenticate(ctx context.Context, header string) (*bearer, error) {
	if header == "" {
		return nil, missingToken.problem("send Authorization: Bearer TOKEN").with("WWW-Authenticate", "Bearer")
	}
	scheme, text, ok := strings.Cut(header, " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return nil, invalidToken.problem("Authorization: Bearer TOKEN is expected").with("WWW-Authenticate", "Bearer")
	}
	secret := hashToken(text)
	if subtle.ConstantTimeCompare(secret[:], a.rootSecret[:]) == 1 && !a.rootSecret.IsZero() {
		return a.root, nil
	}
	var b *bearer
	var err error
	if a.issuers.any() && isJWT(text) {
		b, err = a.issuers.find(ctx, secret, text)
	} else {
		b, err = a.bearers.find(secret, text)
	}
	if err != nil {
		return nil, err
	}
	for _, end := range [...]time.Time{b.credential.ExpiresAt, b.until} {
		if !end.IsZero() && !a.now().Before(end) {
			return nil, badToken()
		}
	}
	return b, nil
}

// mayRead refuses the token of a user who is kept from the organization. What such a
// user writes is for the domain to refuse: it knows the answers that were given
// before.
func (a *API) mayRead(who *bearer) error {
	if who.actor.User.IsZero() {
		return nil
	}
	barred, err := a.models.Barred(who.organization, who.actor.User, a.now())
	if barred {
		err = fmt.Errorf("the token's user is suspended in the organization, or not part of it any more: %w", domain.ErrNotAllowed)
	}
	return err
}

func badToken() *Problem {
	return invalidToken.problem("the token is unknown, expired or revoked").
		with("WWW-Authenticate", `Bearer error="invalid_token"`)
}
