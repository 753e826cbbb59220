package domain

import (
	"errors"
	"slices"
	"testing"
	"time"
)

var tokenRows = []row{
	{name: "by a program", given: stage, when: IssueToken{byProgram, keyFacts}, then: keyIssued},
	{name: "by the root token", given: stage, when: IssueToken{byRoot, keyFacts}, then: keyIssued},
	{
		name: "to a person, by a program", given: stage,
		when: IssueToken{byProgram, facts(Scopes{"all:read"}, WorkspaceID{}, vera)},
		then: []Event{TokenIssued{inOrganization(acme), facts(Scopes{"all:read"}, WorkspaceID{}, vera)}},
	},
	{
		name: "to oneself", given: stage,
		when: IssueToken{by(vera), facts(Scopes{"all:read"}, studio, vera)},
		then: []Event{TokenIssued{inOrganization(acme), facts(Scopes{"all:read"}, studio, vera)}},
	},
	{
		name: "to the person behind it", given: stage,
		when: IssueToken{as(vera, byProgram), facts(Scopes{"all:read"}, WorkspaceID{}, vera)},
		then: []Event{TokenIssued{inOrganization(acme), facts(Scopes{"all:read"}, WorkspaceID{}, vera)}},
	},
	{
		name: "for its workspace, by a workspace's program", given: stage,
		when: IssueToken{within(studio, byProgram), facts(Scopes{"all:read"}, studio, UserID{})},
		then: []Event{TokenIssued{inOrganization(acme), facts(Scopes{"all:read"}, studio, UserID{})}},
	},
	{
		name: "with the same scopes", given: stage,
		when: IssueToken{scoped(byProgram, "users:read", "tokens:create"), facts(Scopes{"tokens:create", "users:read"}, WorkspaceID{}, UserID{})},
		then: []Event{TokenIssued{inOrganization(acme), facts(Scopes{"tokens:create", "users:read"}, WorkspaceID{}, UserID{})}},
	},
	{name: "to another", given: stage, when: IssueToken{by(vera), facts(Scopes{"all:read"}, WorkspaceID{}, ada)}, err: ErrScopeAboveOwn},
	{name: "to nobody, by a person", given: stage, when: IssueToken{by(ada), keyFacts}, err: ErrScopeAboveOwn},
	{name: "to nobody, on behalf of a person", given: stage, when: IssueToken{as(vera, byProgram), keyFacts}, err: ErrScopeAboveOwn},
	{name: "to another, on behalf of them by a person", given: stage, when: IssueToken{as(ada, by(vera)), facts(Scopes{"all:read"}, WorkspaceID{}, ada)}, err: ErrNotAllowed},
	{name: "for the organization, by a workspace's program", given: stage, when: IssueToken{within(studio, byProgram), keyFacts}, err: ErrScopeAboveOwn},
	{name: "for another workspace, by a workspace's program", given: stage, when: IssueToken{within(studio, byProgram), facts(Scopes{"all:read"}, lab, UserID{})}, err: ErrScopeAboveOwn},
	{name: "with a scope that the actor lacks", given: stage, when: IssueToken{scoped(byProgram, "tokens:create"), keyFacts}, err: ErrScopeAboveOwn},
	{name: "with a wider scope", given: stage, when: IssueToken{scoped(byProgram, "tokens:all", "all:read"), facts(Scopes{ScopeAll}, WorkspaceID{}, UserID{})}, err: ErrScopeAboveOwn},
	{name: "with the right to act for others", given: stage, when: IssueToken{scoped(byProgram, "all:create"), facts(Scopes{"actors:impersonate"}, WorkspaceID{}, UserID{})}, err: ErrScopeAboveOwn},
	{name: "to a person, by a program that may not act as them", given: stage, when: IssueToken{scoped(byProgram, "tokens:all", "all:read"), facts(Scopes{"all:read"}, WorkspaceID{}, vera)}, err: ErrScopeAboveOwn},
	{name: "to a person, by a program that may act as them", given: stage, when: IssueToken{scoped(byProgram, "tokens:all", "all:read", "actors:impersonate"), facts(Scopes{"all:read"}, WorkspaceID{}, vera)}, then: []Event{
		TokenIssued{inOrganization(acme), facts(Scopes{"all:read"}, WorkspaceID{}, vera)},
	}},
	{name: "to the person behind it, by a program that may not act as them", given: stage, when: IssueToken{as(vera, scoped(byProgram, "tokens:all", "all:read")), facts(Scopes{"all:read"}, WorkspaceID{}, vera)}, err: ErrScopeAboveOwn},
	{name: "to a person, by a workspace's program that may not act as them", given: stage, when: IssueToken{within(studio, scoped(byProgram, "tokens:all", "all:read")), facts(Scopes{"all:read"}, studio, vera)}, err: ErrScopeAboveOwn},
	{name: "to oneself, without the right to act for others", given: stage, when: IssueToken{scoped(by(vera), "tokens:all", "all:read"), facts(Scopes{"all:read"}, WorkspaceID{}, vera)}, then: []Event{
		TokenIssued{inOrganization(acme), facts(Scopes{"all:read"}, WorkspaceID{}, vera)},
	}},
	{name: "to another, with the right to act for others", given: stage, when: IssueToken{scoped(by(vera), "all:read", "actors:impersonate"), facts(Scopes{"all:read"}, WorkspaceID{}, ada)}, err: ErrScopeAboveOwn},
	{name: "with a name of two lines", given: stage, when: IssueToken{byProgram, TokenFacts{ID: key, Name: "a\u2028b", Scopes: Scopes{ScopeAll}}}, err: invalid("/name", "invalid_characters")},
	{name: "without a name", given: stage, when: IssueToken{byProgram, TokenFacts{ID: key, Scopes: Scopes{ScopeAll}}}, err: invalid("/name", "required")},
	{name: "without scopes", given: stage, when: IssueToken{byProgram, facts(nil, WorkspaceID{}, UserID{})}, err: invalid("/scopes", "required")},
	{name: "with too many scopes", given: stage, when: IssueToken{byProgram, facts(slices.Repeat(Scopes{"all:read"}, MaxScopes+1), WorkspaceID{}, UserID{})}, err: invalid("/scopes", "too_many")},
	{name: "with an unknown scope", given: stage, when: IssueToken{byProgram, facts(Scopes{ScopeAll, "members:read"}, WorkspaceID{}, UserID{})}, err: invalid("/scopes/1", "unknown_scope")},
	{name: "for no workspace", given: stage, when: IssueToken{byProgram, facts(Scopes{ScopeAll}, annex, UserID{})}, err: invalid("/workspace_id", "unknown_workspace")},
	{name: "for another organization's workspace", given: stage, when: IssueToken{byProgram, facts(Scopes{ScopeAll}, vault, UserID{})}, err: invalid("/workspace_id", "unknown_workspace")},
	{name: "until now", given: stage, when: IssueToken{byProgram, until(now)}, err: invalid("/expires_at", "in_the_past")},
	{name: "until soon", given: stage, when: IssueToken{byProgram, until(now.Add(time.Millisecond))}, then: []Event{
		TokenIssued{inOrganization(acme), until(now.Add(time.Millisecond))},
	}},
	{name: "twice", given: withKey, when: IssueToken{byProgram, keyFacts}, err: ErrTokenExists},
	{name: "again when revoked", given: revoked, when: IssueToken{byProgram, keyFacts}, err: ErrTokenExists},
	{name: "of no organization", when: IssueToken{byRoot, keyFacts}, err: ErrUnknownOrganization},

	{name: "by a program", given: withKey, when: RevokeToken{byProgram, key}, then: keyRevoked},
	{name: "by the organization's admin", given: withKey, when: RevokeToken{by(ben), key}, then: keyRevoked},
	{name: "one's own", given: withVerasKey, when: RevokeToken{by(vera), key}, then: keyRevoked},
	{name: "on behalf of its holder", given: withVerasKey, when: RevokeToken{as(vera, byProgram), key}, then: keyRevoked},
	{name: "another's", given: withVerasKey, when: RevokeToken{by(olga), key}, err: ErrNotAllowed},
	{name: "another's, on behalf of them by a person", given: withVerasKey, when: RevokeToken{as(vera, by(olga)), key}, err: ErrNotAllowed},
	{name: "nobody's, by a member", given: withKey, when: RevokeToken{by(cleo), key}, err: ErrNotAllowed},
	{name: "by a workspace's program", given: withKey, when: RevokeToken{within(studio, byProgram), key}, err: ErrNotAllowed},
	{name: "one's own of the organization, bound to a workspace", given: withVerasKey, when: RevokeToken{within(studio, by(vera)), key}, err: ErrNotAllowed},
	{name: "one's own of the workspace, bound to it", given: withVerasStudioKey, when: RevokeToken{within(studio, by(vera)), key}, then: keyRevoked},
	{name: "one's own of another workspace, bound to one", given: withVerasStudioKey, when: RevokeToken{within(lab, by(vera)), key}, err: ErrNotAllowed},
	{name: "nobody's of the workspace, bound to it", given: withStudioKey, when: RevokeToken{within(studio, byProgram), key}, err: ErrNotAllowed},
	{name: "twice", given: revoked, when: RevokeToken{byProgram, key}},
	{name: "unknown", given: withKey, when: RevokeToken{byProgram, other}, err: ErrUnknownToken},
	{name: "another organization's", given: withKey, when: RevokeToken{to(globex, byProgram), key}, err: ErrUnknownToken},
	{name: "of no organization", when: RevokeToken{byRoot, key}, err: ErrUnknownOrganization},
}

var rotationRows = []row{
	{name: "with an overlap", given: withKey, when: RotateToken{byProgram, key, Hash{9}, time.Hour}, then: []Event{TokenRotated{inOrganization(acme), key, Hash{9}, now.Add(time.Hour)}}},
	{name: "at once", given: withKey, when: RotateToken{byRoot, key, Hash{9}, 0}, then: []Event{TokenRotated{inOrganization(acme), key, Hash{9}, now}}},
	{name: "again", given: rotated, when: RotateToken{byProgram, key, Hash{10}, 0}, then: []Event{TokenRotated{inOrganization(acme), key, Hash{10}, now}}},
	{name: "one's own", given: withVerasKey, when: RotateToken{by(vera), key, Hash{9}, 0}, then: []Event{TokenRotated{inOrganization(acme), key, Hash{9}, now}}},
	{name: "another's", given: withVerasKey, when: RotateToken{by(ada), key, Hash{9}, 0}, err: ErrScopeAboveOwn},
	{name: "a person's, by a program", given: withVerasKey, when: RotateToken{byProgram, key, Hash{9}, 0}, then: []Event{TokenRotated{inOrganization(acme), key, Hash{9}, now}}},
	{name: "a person's, by a program that may not act as them", given: withVerasReader, when: RotateToken{scoped(byProgram, "tokens:all", "all:read"), key, Hash{9}, 0}, err: ErrScopeAboveOwn},
	{name: "a person's, on behalf of them by a program that may not act as them", given: withVerasReader, when: RotateToken{as(vera, scoped(byProgram, "tokens:all", "all:read")), key, Hash{9}, 0}, err: ErrScopeAboveOwn},
	{name: "a program's, by a person", given: withKey, when: RotateToken{by(ada), key, Hash{9}, 0}, err: ErrScopeAboveOwn},
	{name: "the organization's, by a workspace's program", given: withKey, when: RotateToken{within(studio, byProgram), key, Hash{9}, 0}, err: ErrScopeAboveOwn},
	{name: "one that may do more", given: withKey, when: RotateToken{scoped(byProgram, "tokens:all"), key, Hash{9}, 0}, err: ErrScopeAboveOwn},
	{name: "by who is suspended", given: after(withVerasKey, barred(vera)), when: RotateToken{by(vera), key, Hash{9}, 0}, err: ErrNotAllowed},
	{name: "with a long overlap", given: withKey, when: RotateToken{byProgram, key, Hash{9}, MaxOverlap + 1}, err: invalid("/overlap_seconds", "out_of_range")},
	{name: "with a negative overlap", given: withKey, when: RotateToken{byProgram, key, Hash{9}, -1}, err: invalid("/overlap_seconds", "out_of_range")},
	{name: "that was revoked", given: revoked, when: RotateToken{byProgram, key, Hash{9}, 0}, err: ErrTokenEnded},
	{name: "that has expired", given: after(stage, TokenIssued{inOrganization(acme), until(now)}), when: RotateToken{byProgram, key, Hash{9}, 0}, err: ErrTokenEnded},
	{name: "unknown", given: withKey, when: RotateToken{byProgram, other, Hash{9}, 0}, err: ErrUnknownToken},
	{name: "another organization's", given: withKey, when: RotateToken{to(globex, byProgram), key, Hash{9}, 0}, err: ErrUnknownToken},
	{name: "of no organization", when: RotateToken{byRoot, key, Hash{9}, 0}, err: ErrUnknownOrganization},
}

func facts(scopes Scopes, ws WorkspaceID, u UserID) TokenFacts {
	return TokenFacts{ID: key, Name: "Key", Secret: Hash{7}, Scopes: scopes, Workspace: ws, User: u}
}

func until(t time.Time) TokenFacts {
	f := keyFacts
	f.ExpiresAt = t
	return f
}

var (
	keyFacts           = facts(Scopes{ScopeAll}, WorkspaceID{}, UserID{})
	keyIssued          = []Event{TokenIssued{inOrganization(acme), keyFacts}}
	keyRevoked         = []Event{TokenRevoked{inOrganization(acme), key}}
	withKey            = after(stage, keyIssued...)
	withVerasKey       = after(stage, TokenIssued{inOrganization(acme), facts(Scopes{ScopeAll}, WorkspaceID{}, vera)})
	withVerasReader    = after(stage, TokenIssued{inOrganization(acme), facts(Scopes{"all:read"}, WorkspaceID{}, vera)})
	withVerasStudioKey = after(stage, TokenIssued{inOrganization(acme), facts(Scopes{ScopeAll}, studio, vera)})
	withStudioKey      = after(stage, TokenIssued{inOrganization(acme), facts(Scopes{ScopeAll}, studio, UserID{})})
	revoked            = after(withKey, keyRevoked...)
	rotated            = after(withKey, TokenRotated{inOrganization(acme), key, Hash{8}, now.Add(time.Hour)})
)

func TestTokenEvolves(t *testing.T) {
	issued := fold(withKey...).Token(acme, key)
	if issued.Secret != (Hash{7}) || issued.Organization != acme || !issued.RevokedAt.IsZero() {
		t.Errorf("issued: %+v", issued)
	}
	if got := fold(revoked...).Token(acme, key); got.RevokedAt.IsZero() || got.Version != uint64(len(revoked)) {
		t.Errorf("revoked: %+v", got)
	}
}

func TestRotationEvolves(t *testing.T) {
	got := fold(rotated...).Token(acme, key)
	if got.Secret != (Hash{8}) || got.Former != (Hash{7}) || !got.FormerUntil.Equal(now.Add(time.Hour)) || got.Version != uint64(len(rotated)) {
		t.Errorf("rotated: %+v", got)
	}
}

// A token that ends cannot issue one that ends later.
func TestATokenOutlivesNoneThatItMakes(t *testing.T) {
	ends := now.Add(time.Hour)
	by := byProgram
	by.Actor.Credential.ExpiresAt = ends
	for expires, want := range map[time.Time]error{{}: ErrScopeAboveOwn, ends.Add(time.Second): ErrScopeAboveOwn, ends: nil} {
		c := IssueToken{by, TokenFacts{ID: named[tokenKind]("new"), Name: "robot", Scopes: Scopes{"access:read"}, ExpiresAt: expires}}
		if _, err := Decide(fold(stage...), now, c); !errors.Is(err, want) {
			t.Errorf("expiring at %s: %v, want %v", expires, err, want)
		}
	}
}

// A user who has left the organization cannot issue tokens for a later return.
func TestWhoDoesNotBelongGetsNothing(t *testing.T) {
	c := IssueToken{by(nora), TokenFacts{ID: named[tokenKind]("new"), Name: "robot", Scopes: Scopes{"access:read"}, User: nora}}
	if _, err := Decide(fold(stage...), now, c); !errors.Is(err, ErrNotAllowed) {
		t.Error(err)
	}
}
