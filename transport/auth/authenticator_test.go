package auth

import (
	"errors"
	"testing"
	"time"

	"github.com/muster-dev/muster/domain"
)

func TestAuthenticate(t *testing.T) {
	const text = "the root token of the tests"
	a := New(Options{RootToken: text})
	for header, want := range map[string]error{
		"":                     ErrMissingToken,
		text:                   ErrOtherScheme,
		"Bearer":               ErrOtherScheme,
		"Basic " + text:        ErrOtherScheme,
		"Bearer ":              ErrInvalidToken,
		"Bearer " + text + "x": ErrInvalidToken,
		"Bearer  " + text:      ErrInvalidToken,
		"Bearer tot_0":         ErrInvalidToken,
		"Bearer a.b.c":         ErrInvalidToken, // no issuer is trusted
		"Bearer " + text:       nil,
		"bearer " + text:       nil,
		"BEARER " + text:       nil,
	} {
		b, err := a.Authenticate(t.Context(), header)
		if !errors.Is(err, want) || (err == nil) != (b != nil) || b != nil && !b.IsRoot() {
			t.Errorf("%q: %v, %v; want %v", header, b, err, want)
		}
	}
	// Without a root token no text is accepted as one.
	for _, text := range []string{"", text, "\x00"} {
		if b, err := New(Options{}).Authenticate(t.Context(), "Bearer "+text); !errors.Is(err, ErrInvalidToken) || b != nil {
			t.Errorf("%q: %v, %v", text, b, err)
		}
	}
}

func TestBearer(t *testing.T) {
	org, other := domain.OrganizationID{1}, domain.OrganizationID{2}
	ws, next := domain.WorkspaceID{1}, domain.WorkspaceID{2}
	wide := domain.Token{Organization: org, TokenFacts: domain.TokenFacts{ID: domain.TokenID{3}, Scopes: domain.Scopes{"access:read"}}}
	bound := wide
	bound.Workspace, bound.User = ws, domain.UserID{4}
	for _, c := range []struct {
		name                   string
		bearer                 *Bearer
		root, other, all, next bool
		kind                   domain.ActorKind
	}{
		{"root", rootBearer(), true, true, true, true, domain.ActorSystem},
		{"of an organization", tokenBearer(&wide), false, false, false, true, domain.ActorToken},
		{"bound to a workspace", tokenBearer(&bound), false, false, false, false, domain.ActorUser},
	} {
		b := c.bearer
		if b.IsRoot() != c.root || !b.Reaches(org) || b.Reaches(other) != c.other || b.Actor.Kind != c.kind {
			t.Errorf("%s: %+v", c.name, b)
		}
		if !b.Allows("access:read") || b.Allows("tokens:create") != c.all {
			t.Errorf("%s: %v", c.name, b.Actor.Credential.Scopes)
		}
		if !b.ReachesWorkspace(org, ws) || b.ReachesWorkspace(org, next) != c.next || b.ReachesWorkspace(other, ws) != c.other {
			t.Errorf("%s: %v", c.name, b.Workspace())
		}
	}
	if b := tokenBearer(&bound); b.Actor.User != bound.User || b.Actor.ID != bound.User.String() || b.Identity != Identity(bound.ID) {
		t.Errorf("%+v", b)
	}
}

// A token ends when it expires. A secret from before a rotation may end earlier.
func TestExpired(t *testing.T) {
	now := time.Now()
	for _, c := range []struct {
		expires, until time.Time
		want           bool
	}{
		{},
		{expires: now.Add(1)},
		{expires: now, want: true},
		{until: now.Add(1)},
		{until: now, want: true},
		{expires: now.Add(1), until: now, want: true},
		{expires: now, until: now.Add(1), want: true},
	} {
		b := &Bearer{until: c.until}
		b.Actor.Credential.ExpiresAt = c.expires
		if got := b.expired(now); got != c.want {
			t.Errorf("%+v: %t", c, got)
		}
	}
}
