package domain

import (
	"fmt"
	"time"
)

// MaxOverlap is how long the former secret of a token can go on opening.
const MaxOverlap = 7 * 24 * time.Hour

// TokenRotated: the token has another secret. The former one opens as much as it
// for a while.
type TokenRotated struct {
	About       `json:"-"`
	TokenID     TokenID   `json:"token_id"`
	Secret      Hash      `json:"secret_sha256"`
	FormerUntil time.Time `json:"former_expires_at"`
}

// EventType is muster.token.rotated.
func (TokenRotated) EventType() string { return "muster.token.rotated" }

func (t *Token) rotate(e TokenRotated, r *Recorded) {
	t.Former, t.FormerUntil, t.Secret = t.Secret, e.FormerUntil, e.Secret
	t.touch(r)
}

// RotateToken gives a token another secret.
type RotateToken struct {
	Meta
	Token  TokenID
	Secret Hash
	// Overlap is how long the former secret goes on opening; zero: not at all.
	Overlap time.Duration
}

// CommandType is rotate_token.
func (RotateToken) CommandType() string { return "rotate_token" }

func (c RotateToken) target(*State) Key  { return TokenKey(c.Organization, c.Token) }
func (c RotateToken) needs(*State) []Key { return gainNeeds(c.Meta, c.target(nil)) }

func (c RotateToken) decide(s *State, at time.Time) ([]Event, error) {
	if _, err := s.organization(c.Meta); err != nil {
		return nil, err
	}
	if err := s.mayGain(c.Meta); err != nil {
		return nil, err
	}
	token := s.Token(c.Organization, c.Token)
	if token == nil {
		return nil, fmt.Errorf("token %s: %w", c.Token, ErrUnknownToken)
	}
	// Whoever gets the secret has the token: as if they issued it.
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
