package domain

import (
	"fmt"
	"time"
)

// MaxOverlap is how long the old secret of a token can stay valid.
const MaxOverlap = 7 * 24 * time.Hour

// TokenFacts is what an event says about a token. Only the hash of its secret is stored.
type TokenFacts struct {
	ID        TokenID     `json:"id"`
	Name      string      `json:"name"`
	Secret    Hash        `json:"secret_sha256"`
	Scopes    Scopes      `json:"scopes"`
	Workspace WorkspaceID `json:"workspace_id,omitzero"`
	User      UserID      `json:"user_id,omitzero"`
	ExpiresAt time.Time   `json:"expires_at,omitzero"`
}

// Token is a credential of an organization.
type Token struct {
	TokenFacts
	Organization OrganizationID
	// Former is the hash of the secret before the last rotation. It is valid until
	// FormerUntil. Both are zero for a token that was never rotated.
	Former      Hash
	FormerUntil time.Time
	RevokedAt   time.Time // zero: not revoked
	Stamp
}

func (t *Token) key() Key    { return TokenKey(t.Organization, t.ID) }
func (t *Token) clone() Part { c := *t; return &c }

// Token returns the organization's token, or nil if there is none.
func (s *State) Token(org OrganizationID, token TokenID) *Token {
	return PartOf[*Token](s, TokenKey(org, token))
}

// TokenIssued: the token was issued.
type TokenIssued struct {
	About `json:"-"`
	Token TokenFacts `json:"token"`
}

// TokenRotated: the token has a new secret. The old one stays valid for the overlap.
type TokenRotated struct {
	About       `json:"-"`
	TokenID     TokenID   `json:"token_id"`
	Secret      Hash      `json:"secret_sha256"`
	FormerUntil time.Time `json:"former_expires_at"`
}

// TokenRevoked: the token is no longer valid.
type TokenRevoked struct {
	About   `json:"-"`
	TokenID TokenID `json:"token_id"`
}

// EventType is muster.token.issued.
func (TokenIssued) EventType() string { return "muster.token.issued" }

// EventType is muster.token.rotated.
func (TokenRotated) EventType() string { return "muster.token.rotated" }

// EventType is muster.token.revoked.
func (TokenRevoked) EventType() string { return "muster.token.revoked" }

func (t *Token) rotate(e TokenRotated, r *Recorded) {
	t.Former, t.FormerUntil, t.Secret = t.Secret, e.FormerUntil, e.Secret
	t.touch(r)
}

func (t *Token) revoke(r *Recorded) {
	t.RevokedAt = r.Time
	t.touch(r)
}

// IssueToken issues a token. It may do no more than the actor may.
type IssueToken struct {
	Meta
	Token TokenFacts
}

// CommandType is issue_token.
func (IssueToken) CommandType() string { return "issue_token" }

func (c IssueToken) target(*State) Key { return TokenKey(c.Organization, c.Token.ID) }

func (c IssueToken) needs(keys []Key, s *State) []Key {
	keys = userNeeds(gainNeeds(append(keys, c.target(s)), c.Meta), c.Organization, c.Token.User)
	if !c.Token.Workspace.IsZero() {
		keys = append(keys, WorkspaceKey(c.Token.Workspace))
	}
	return keys
}

func (c IssueToken) decide(s *State, at time.Time) ([]Event, error) {
	if _, err := s.organization(c.Meta); err != nil {
		return nil, err
	}
	if s.Token(c.Organization, c.Token.ID) != nil {
		return nil, fmt.Errorf("token %s: %w", c.Token.ID, ErrTokenExists)
	}
	if err := checkName("/name", c.Token.Name); err != nil {
		return nil, err
	}
	if err := c.Token.Scopes.check("/scopes"); err != nil {
		return nil, err
	}
	if err := checkExpiry(c.Token.ExpiresAt, at); err != nil {
		return nil, err
	}
	if err := s.mayIssue(c.Meta, c.Token); err != nil {
		return nil, err
	}
	if !c.Token.Workspace.IsZero() {
		if _, err := s.workspace(c.Meta, c.Token.Workspace); err != nil {
			return nil, &InvalidError{"/workspace_id", "unknown_workspace", "a workspace of the organization is expected"}
		}
	}
	return []Event{TokenIssued{About{Organization: c.Organization}, c.Token}}, nil
}

// mayIssue refuses a token that could do more than the actor: one with a scope that the
// actor's own token lacks, one without a restriction that the actor's own token has, or
// one of a user whom the actor may not act as.
func (s *State) mayIssue(m Meta, token TokenFacts) error {
	own := m.Actor.Credential
	for _, scope := range token.Scopes {
		if !own.Scopes.Allow(scope) {
			return fmt.Errorf("scope %s: %w", scope, ErrScopeAboveOwn)
		}
	}
	if !own.Workspace.IsZero() && token.Workspace != own.Workspace {
		return fmt.Errorf("the actor's token is bound to workspace %s: %w", own.Workspace, ErrScopeAboveOwn)
	}
	if !own.ExpiresAt.IsZero() && (token.ExpiresAt.IsZero() || token.ExpiresAt.After(own.ExpiresAt)) {
		return fmt.Errorf("the actor's token expires at %s: %w", own.ExpiresAt.Format(time.RFC3339), ErrScopeAboveOwn)
	}
	if person := m.person(); !person.IsZero() && token.User != person {
		return fmt.Errorf("the actor is user %s: %w", person, ErrScopeAboveOwn)
	}
	if !token.User.IsZero() && token.User != m.Actor.User && !own.Scopes.Allow(ScopeImpersonate) {
		return fmt.Errorf("with a token of user %s one acts as that user, which takes the scope %s: %w", token.User, ScopeImpersonate, ErrScopeAboveOwn)
	}
	return nil
}

// RotateToken gives a token a new secret.
type RotateToken struct {
	Meta
	Token  TokenID
	Secret Hash
	// Overlap is how long the old secret stays valid; zero for not at all.
	Overlap time.Duration
}

// CommandType is rotate_token.
func (RotateToken) CommandType() string { return "rotate_token" }

func (c RotateToken) target(*State) Key { return TokenKey(c.Organization, c.Token) }

func (c RotateToken) needs(keys []Key, s *State) []Key {
	keys = gainNeeds(append(keys, c.target(s)), c.Meta)
	if token := s.Token(c.Organization, c.Token); token != nil {
		keys = userNeeds(keys, c.Organization, token.User)
	}
	return keys
}

func (c RotateToken) decide(s *State, at time.Time) ([]Event, error) {
	if _, err := s.organization(c.Meta); err != nil {
		return nil, err
	}
	token := s.Token(c.Organization, c.Token)
	if token == nil {
		return nil, fmt.Errorf("token %s: %w", c.Token, ErrUnknownToken)
	}
	// The actor gets a working secret, so the same rules apply as for issuing.
	if err := s.mayIssue(c.Meta, token.TokenFacts); err != nil {
		return nil, err
	}
	if !token.RevokedAt.IsZero() || !token.ExpiresAt.IsZero() && !at.Before(token.ExpiresAt) {
		return nil, fmt.Errorf("token %s: %w", c.Token, ErrTokenEnded)
	}
	if c.Overlap < 0 || c.Overlap > MaxOverlap {
		return nil, &InvalidError{"/overlap_seconds", "out_of_range", "an overlap of 7 days at most is expected"}
	}
	return []Event{TokenRotated{About{Organization: c.Organization}, c.Token, c.Secret, at.Add(c.Overlap)}}, nil
}

// RevokeToken makes a token invalid. Revoking it a second time changes nothing.
type RevokeToken struct {
	Meta
	Token TokenID
}

// CommandType is revoke_token.
func (RevokeToken) CommandType() string { return "revoke_token" }

func (c RevokeToken) target(*State) Key                { return TokenKey(c.Organization, c.Token) }
func (c RevokeToken) needs(keys []Key, s *State) []Key { return append(keys, c.target(s)) }

func (c RevokeToken) decide(s *State, _ time.Time) ([]Event, error) {
	if _, err := s.organization(c.Meta); err != nil {
		return nil, err
	}
	token := s.Token(c.Organization, c.Token)
	if token == nil {
		return nil, fmt.Errorf("token %s: %w", c.Token, ErrUnknownToken)
	}
	if !c.owns(token) {
		if _, err := s.organizationAuthority(c.Meta); err != nil {
			return nil, err
		}
	}
	if !token.RevokedAt.IsZero() {
		return nil, nil
	}
	return []Event{TokenRevoked{About{Organization: c.Organization}, c.Token}}, nil
}

// owns reports whether the token belongs to the person who revokes it. Everybody may
// revoke their own tokens, within the workspace that they are bound to.
func (c RevokeToken) owns(token *Token) bool {
	person, bound := c.person(), c.Actor.Credential.Workspace
	return !person.IsZero() && token.User == person && (bound.IsZero() || token.Workspace == bound)
}
