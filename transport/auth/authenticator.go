package auth

import (
	"context"
	"crypto/subtle"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/projections"
)

// Options configure an [Authenticator].
type Options struct {
	// Log says which partition an organization lies in.
	Log *events.Log
	// Models hold the tokens, and know who is suspended.
	Models *projections.ReadModels
	// RootToken is the text of the token that may do everything; if it is empty there is
	// no such token.
	RootToken string
	// OIDC says whose JWTs are accepted; by default none are.
	OIDC OIDC
	// Now is the clock by which tokens expire; [time.Now] by default.
	Now func() time.Time
	// Logger gets a warning when an issuer's keys cannot be fetched; [slog.Default] by
	// default.
	Logger *slog.Logger
}

// Authenticator finds out who a request comes from. It is safe for concurrent use.
type Authenticator struct {
	models *projections.ReadModels
	now    func() time.Time

	rootSecret domain.Hash // zero: there is no root token
	root       *Bearer
	tokens     *tokens
	issuers    *issuers
}

// New makes an authenticator. It fetches nothing: see [Authenticator.Discover].
func New(o Options) *Authenticator {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	a := &Authenticator{
		models: o.Models, now: o.Now, root: rootBearer(),
		tokens: newTokens(o.Log, o.Models), issuers: newIssuers(o.OIDC, o.Now, o.Logger),
	}
	if o.RootToken != "" {
		a.rootSecret = HashSecret(o.RootToken)
	}
	return a
}

// Authenticate returns who the value of an Authorization header stands for. It fails
// with [ErrMissingToken], [ErrOtherScheme], [ErrInvalidToken] or
// [ErrIssuerUnavailable], with an error of the read models, or with [events.ErrBehind] if
// they do not show yet what this node has acknowledged about tokens. It waits about two
// seconds for that, and may wait about five seconds for an issuer's keys. The end of the context does not shorten that, because
// other requests wait for the same keys.
func (a *Authenticator) Authenticate(ctx context.Context, header string) (*Bearer, error) {
	if header == "" {
		return nil, ErrMissingToken
	}
	scheme, text, ok := strings.Cut(header, " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return nil, ErrOtherScheme
	}
	secret := HashSecret(text)
	if subtle.ConstantTimeCompare(secret[:], a.rootSecret[:]) == 1 && !a.rootSecret.IsZero() {
		return a.root, nil
	}
	b, err := a.find(ctx, secret, text)
	if err != nil {
		return nil, err
	}
	if b.expired(a.now()) {
		return nil, ErrInvalidToken
	}
	return b, nil
}

// find returns who the token or the JWT with that text and hash stands for, whether
// it has expired or not.
func (a *Authenticator) find(ctx context.Context, secret domain.Hash, text string) (*Bearer, error) {
	if a.issuers.any() && isJWT(text) {
		return a.issuers.find(ctx, secret, text)
	}
	return a.tokens.find(ctx, secret, text)
}

// MayRead returns [domain.ErrNotAllowed] if the token is bound to a user who is suspended
// in the organization or no longer part of it. It is for reads only. The rules of
// commands refuse such a user themselves, because they must first recognise a command
// that is repeated.
func (a *Authenticator) MayRead(b *Bearer) error {
	return a.UserMayRead(b.Organization, b.Actor.User)
}

// UserMayRead is [Authenticator.MayRead] for a user. The zero id is a program, which may.
func (a *Authenticator) UserMayRead(org domain.OrganizationID, user domain.UserID) error {
	if user.IsZero() {
		return nil
	}
	barred, err := a.models.Barred(org, user, a.now())
	if barred {
		err = fmt.Errorf("the user is suspended in the organization, or not part of it any more: %w", domain.ErrNotAllowed)
	}
	return err
}

// Discover fetches the keys of all issuers, so that the first JWT need not wait for
// them. It takes five seconds at most. For each issuer that it cannot reach it logs a
// warning, and that issuer's JWTs are refused with [ErrIssuerUnavailable] until the
// issuer can be reached.
func (a *Authenticator) Discover(ctx context.Context) { a.issuers.discover(ctx) }
