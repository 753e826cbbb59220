package projections

import (
	"context"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections/sqlite"
)

func (p *projector) tokenIssued(e domain.TokenIssued, r *domain.Recorded, key int64) error {
	organization, err := p.organizationOf(e.Organization)
	if err != nil {
		return err
	}
	at, t := r.Time.UnixMilli(), &e.Token
	_, err = p.Exec(`
		INSERT INTO tokens (key, id, organization, name, secret, scopes, workspace, user, issuer, expires_at, created_at, updated_at, version)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		key, t.ID[:], organization, t.Name, t.Secret[:], sqlite.JoinWords(t.Scopes), idOrNull(t.Workspace), idOrNull(t.User), idOrNull(r.Person()),
		sqlite.TimeOrNull(t.ExpiresAt), at, at, int64(r.Number))
	return err
}

func (p *projector) tokenRevoked(e domain.TokenRevoked, r *domain.Recorded, partition int) error {
	at := r.Time.UnixMilli()
	p.revoked[partition] = r.Number
	return p.Change(`UPDATE tokens SET revoked_at = ?, updated_at = ?, version = ? WHERE id = ?`,
		at, at, int64(r.Number), e.TokenID[:])
}

// tokenRotated also counts as a revocation, because rotating a token revokes the former
// secret, either now or once the overlap ends.
func (p *projector) tokenRotated(e domain.TokenRotated, r *domain.Recorded, partition int) error {
	p.revoked[partition] = r.Number
	return p.Change(`UPDATE tokens SET former = secret, former_until = ?, secret = ?, updated_at = ?, version = ? WHERE id = ?`,
		e.FormerUntil.UnixMilli(), e.Secret[:], r.Time.UnixMilli(), int64(r.Number), e.TokenID[:])
}

const tokenColumns = `t.key, t.id, t.name, t.secret, t.former, t.former_until, t.scopes, t.workspace, t.user,
	t.expires_at, t.revoked_at, t.created_at, t.updated_at, t.version`

type tokenRow struct {
	key   int64
	token domain.Token // whose organization is not scanned
}

func (r *tokenRow) Dest() []any {
	t := &r.token
	return []any{
		sqlite.Number(&r.key), scanID(&t.ID), sqlite.Text(&t.Name), scanHash(&t.Secret),
		scanHash(&t.Former), sqlite.Time(&t.FormerUntil), sqlite.Words((*[]domain.Scope)(&t.Scopes)),
		scanID(&t.Workspace), scanID(&t.User), sqlite.Time(&t.ExpiresAt), sqlite.Time(&t.RevokedAt),
		sqlite.Time(&t.CreatedAt), sqlite.Time(&t.UpdatedAt), sqlite.Number(&t.Version),
	}
}

func (r *tokenRow) Item() domain.Token  { return r.token }
func (r *tokenRow) Place() sqlite.Place { return sqlite.Place{N: [3]int64{r.key}} }

func (c conn) token(org domain.OrganizationID, id domain.TokenID) (*domain.Token, error) {
	r := tokenRow{token: domain.Token{Organization: org}}
	err := c.Row(r.Dest(), `
		SELECT `+tokenColumns+`
		FROM tokens t JOIN organizations o ON o.key = t.organization
		WHERE t.id = +?2 AND o.id = +?1`, org[:], id[:])
	return &r.token, err
}

// Token returns the organization's token, even if it is revoked or expired. The error is
// [ErrNotFound] if there is none.
func (m *ReadModels) Token(org domain.OrganizationID, id domain.TokenID) (domain.Token, error) {
	var token *domain.Token
	err := m.read(func(c conn) (err error) {
		token, err = c.token(org, id)
		return err
	})
	if err != nil {
		return domain.Token{}, err
	}
	return *token, nil
}

// TokenBySecret returns the token whose current secret, or whose secret before the last
// rotation, has that hash, even if the token is revoked or expired. The error is
// [ErrNotFound] if there is none.
func (m *ReadModels) TokenBySecret(secret domain.Hash) (domain.Token, error) {
	var r tokenRow
	err := m.read(func(c conn) error {
		return c.Row(append(r.Dest(), scanID(&r.token.Organization)), `
			SELECT `+tokenColumns+`, o.id
			FROM tokens t JOIN organizations o ON o.key = t.organization
			WHERE t.secret = +?1 OR t.former = +?1`, secret[:])
	})
	if err != nil {
		return domain.Token{}, err
	}
	return r.Item(), nil
}

// authorizer finds a membership for each reason that [ReadModels.Authorizer] has, in the
// order of the reasons. A role's key is 1 if it is that of owners.
const authorizer = `
	SELECT coalesce(
		(SELECT m.id FROM people p JOIN memberships m ON m.workspace = w.key AND m.person = p.key
			WHERE p.organization = w.organization AND p.user = t.issuer AND m.joined),
		(SELECT m.id FROM people p JOIN memberships m ON m.workspace = w.key AND m.person = p.key
			WHERE p.organization = w.organization AND p.user = t.user AND m.joined),
		(SELECT m.id FROM memberships m CROSS JOIN people p ON p.key = m.person
			WHERE m.workspace = w.key AND m.role = 1 AND ` + active + ` AND ` + notSuspended + ` ORDER BY m.key LIMIT 1),
		(SELECT m.id FROM memberships m WHERE m.workspace = w.key AND m.role = 1 AND m.joined ORDER BY m.key LIMIT 1),
		(SELECT m.id FROM memberships m WHERE m.workspace = w.key AND m.joined ORDER BY m.key LIMIT 1))
	FROM tokens t
	JOIN organizations o ON o.key = t.organization
	JOIN workspaces w ON w.id = t.workspace
	WHERE t.id = +?2 AND o.id = +?1`

// Authorizer returns the membership by which a token was authorized in the workspace that
// it is bound to. That is the membership of the first of these who has one, whatever its
// state, unless it is an invitation that was never accepted:
//
//  1. the user who issued the token,
//  2. the user that the token is bound to,
//  3. the oldest owner of the workspace who has access at that time,
//  4. the oldest owner, and then the oldest member, of those who are left.
//
// The oldest is the one whose membership was created first. Every workspace has a first
// member, so the error is [ErrNotFound] only if there is no such token, or if it is not
// bound to a workspace.
func (m *ReadModels) Authorizer(org domain.OrganizationID, id domain.TokenID, at time.Time) (member domain.MembershipID, err error) {
	err = m.read(func(c conn) error {
		return c.Row([]any{scanID(&member)}, authorizer, org[:], id[:], at.UnixMilli())
	})
	return member, err
}

// Tokens lists the organization's tokens, revoked and expired ones included, the
// oldest first.
func (m *ReadModels) Tokens(ctx context.Context, org domain.OrganizationID, p Page) (list List[domain.Token], err error) {
	err = m.list(ctx, func(c conn) error {
		organization, err := c.organizationKey(org)
		if err != nil {
			return err
		}
		from, err := sqlite.ReadCursor(p, "tokens", organization, sqlite.NoFilter{})
		if err != nil {
			return err
		}
		row := &tokenRow{token: domain.Token{Organization: org}}
		list, err = sqlite.ReadPage(ctx, c.Conn, from, p.Limit(), row, `
			SELECT `+tokenColumns+`
			FROM tokens t
			WHERE t.organization = +? AND t.key > +?
			ORDER BY t.key LIMIT +?`, organization, from.Last.N[0])
		return err
	})
	return list, err
}
