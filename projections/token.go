package projections

import "github.com/muster-dev/muster/domain"

func (p *projector) tokenIssued(e domain.TokenIssued, r *domain.Recorded, key int64) error {
	organization, err := p.organizationOf(e.Organization)
	if err != nil {
		return err
	}
	at, t := r.Time.UnixMilli(), &e.Token
	_, err = p.exec(`
		INSERT INTO tokens (key, id, organization, name, secret, scopes, workspace, user, expires_at, created_at, updated_at, version)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		key, t.ID[:], organization, t.Name, t.Secret[:], joinWords(t.Scopes), idOrNull(t.Workspace), idOrNull(t.User),
		timeOrNull(t.ExpiresAt), at, at, int64(r.Number))
	return err
}

func (p *projector) tokenRevoked(e domain.TokenRevoked, r *domain.Recorded, partition int) error {
	at := r.Time.UnixMilli()
	p.revoked[partition] = r.Number
	return p.change(`UPDATE tokens SET revoked_at = ?, updated_at = ?, version = ? WHERE id = ?`,
		at, at, int64(r.Number), e.TokenID[:])
}

// A rotation is a revocation of the former secret, be it later.
func (p *projector) tokenRotated(e domain.TokenRotated, r *domain.Recorded, partition int) error {
	p.revoked[partition] = r.Number
	return p.change(`UPDATE tokens SET former = secret, former_until = ?, secret = ?, updated_at = ?, version = ? WHERE id = ?`,
		e.FormerUntil.UnixMilli(), e.Secret[:], r.Time.UnixMilli(), int64(r.Number), e.TokenID[:])
}

const tokenColumns = `t.key, t.id, t.name, t.secret, t.former, t.former_until, t.scopes, t.workspace, t.user,
	t.expires_at, t.revoked_at, t.created_at, t.updated_at, t.version`

type tokenRow struct {
	key   int64
	token domain.Token // of which the organization is not scanned
}

func (r *tokenRow) dest() []any {
	t := &r.token
	return []any{
		scanNumber(&r.key), scanID(&t.ID), scanText(&t.Name), scanHash(&t.Secret),
		scanHash(&t.Former), scanTime(&t.FormerUntil), scanWords((*[]domain.Scope)(&t.Scopes)),
		scanID(&t.Workspace), scanID(&t.User), scanTime(&t.ExpiresAt), scanTime(&t.RevokedAt),
		scanTime(&t.CreatedAt), scanTime(&t.UpdatedAt), scanNumber(&t.Version),
	}
}

func (r *tokenRow) item() domain.Token { return r.token }
func (r *tokenRow) place() mark        { return mark{N: [3]int64{r.key}} }

func (c *conn) token(org domain.OrganizationID, id domain.TokenID) (*domain.Token, error) {
	r := tokenRow{token: domain.Token{Organization: org}}
	err := c.row(r.dest(), `
		SELECT `+tokenColumns+`
		FROM tokens t JOIN organizations o ON o.key = t.organization
		WHERE t.id = +?2 AND o.id = +?1`, org[:], id[:])
	return &r.token, err
}

// Token answers the organization's token, be it revoked or expired, or
// [ErrNotFound].
func (m *ReadModels) Token(org domain.OrganizationID, id domain.TokenID) (domain.Token, error) {
	var token *domain.Token
	err := m.read(func(c *conn) (err error) {
		token, err = c.token(org, id)
		return err
	})
	if err != nil {
		return domain.Token{}, err
	}
	return *token, nil
}

// TokenBySecret answers the token whose secret, or the one before its last
// rotation, has that hash, be it revoked or expired, or [ErrNotFound].
func (m *ReadModels) TokenBySecret(secret domain.Hash) (domain.Token, error) {
	var r tokenRow
	err := m.read(func(c *conn) error {
		return c.row(append(r.dest(), scanID(&r.token.Organization)), `
			SELECT `+tokenColumns+`, o.id
			FROM tokens t JOIN organizations o ON o.key = t.organization
			WHERE t.secret = +?1 OR t.former = +?1`, secret[:])
	})
	if err != nil {
		return domain.Token{}, err
	}
	return r.item(), nil
}

// Tokens lists the organization's tokens, revoked and expired ones included, the
// oldest first.
func (m *ReadModels) Tokens(org domain.OrganizationID, p Page) (list List[domain.Token], err error) {
	err = m.read(func(c *conn) error {
		organization, err := c.organizationKey(org)
		if err != nil {
			return err
		}
		at, err := start(p, "tokens", organization, noFilter{})
		if err != nil {
			return err
		}
		row := &tokenRow{token: domain.Token{Organization: org}}
		list, err = page(c, at, p.size(), row, `
			SELECT `+tokenColumns+`
			FROM tokens t
			WHERE t.organization = +? AND t.key > +?
			ORDER BY t.key LIMIT +?`, organization, at.Last.N[0])
		return err
	})
	return list, err
}
