package domain

import (
	"fmt"
	"time"
)

// TokenFacts is what a token is. Of its secret only the hash is known.
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
	// Former is the secret before the last rotation, and FormerUntil how long it goes
	// on opening; zero for a token that was never rotated.
	Former      Hash
	FormerUntil time.Time
	RevokedAt   time.Time // zero: not revoked
	Stamp
}

func (t *Token) clone() Part { c := *t; return &c }

func (t *Token) revoke(r *Recorded) {
	t.RevokedAt = r.Time
	t.touch(r)
}

// TokenIssued: there is a new token.
type TokenIssued struct {
	About `json:"-"`
	Token TokenFacts `json:"token"`
}

// TokenRevoked: the token opens nothing any more.
type TokenRevoked struct {
	About   `json:"-"`
	TokenID TokenID `json:"token_id"`
}

// EventType is muster.token.issued.
func (TokenIssued) EventType() string { return "muster.token.issued" }

// EventType is muster.token.revoked.
func (TokenRevoked) EventType() string { return "muster.token.revoked" }

// IssueToken makes a token that allows no more than the actor is allowed.
type IssueToken struct {
	Meta
	Token TokenFacts
}

// CommandType is issue_token.
func (IssueToken) CommandType() string { return "issue_token" }

func (c IssueToken) target(*State) Key { return TokenKey(c.Organization, c.Token.ID) }

func (c IssueToken) needs(*State) []Key {
	keys := gainNeeds(c.Meta, c.target(nil))
	if !c.Token.Workspace.IsZero() {
		keys = append(keys, WorkspaceKey(c.Token.Workspace))
	}
	return keys
}

func (c IssueToken) decide(s *State, at time.Time) ([]Event, error) {
	if _, err := s.organization(c.Meta); err != nil {
		return nil, err
	}
	if err := s.mayGain(c.Meta); err != nil {
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

// mayIssue refuses a token that would allow more than the actor is allowed: a
// scope that it lacks, or a bond that it has and the token would not.
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
	return nil
}

// RevokeToken makes a token open nothing any more. Revoking one twice changes
// nothing.
type RevokeToken struct {
	Meta
	Token TokenID
}

// CommandType is revoke_token.
func (RevokeToken) CommandType() string { return "revoke_token" }

func (c RevokeToken) target(*State) Key  { return TokenKey(c.Organization, c.Token) }
func (c RevokeToken) needs(*State) []Key { return []Key{c.target(nil)} }

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

// owns reports whether the token is one of the person's who revokes it: everybody
// may revoke their own, within the workspace that they are bound to.
func (c RevokeToken) owns(token *Token) bool {
	person, bound := c.person(), c.Actor.Credential.Workspace
	return !person.IsZero() && token.User == person && (bound.IsZero() || token.Workspace == bound)
}
