package domain

import (
	"testing"
	"time"
)

var rotationRows = []row{
	{name: "with an overlap", given: withKey, when: RotateToken{byProgram, key, Hash{9}, time.Hour}, then: []Event{TokenRotated{inOrganization(acme), key, Hash{9}, now.Add(time.Hour)}}},
	{name: "at once", given: withKey, when: RotateToken{byRoot, key, Hash{9}, 0}, then: []Event{TokenRotated{inOrganization(acme), key, Hash{9}, now}}},
	{name: "again", given: rotated, when: RotateToken{byProgram, key, Hash{10}, 0}, then: []Event{TokenRotated{inOrganization(acme), key, Hash{10}, now}}},
	{name: "one's own", given: withVerasKey, when: RotateToken{by(vera), key, Hash{9}, 0}, then: []Event{TokenRotated{inOrganization(acme), key, Hash{9}, now}}},
	{name: "another's", given: withVerasKey, when: RotateToken{by(ada), key, Hash{9}, 0}, err: ErrScopeAboveOwn},
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

var rotated = after(withKey, TokenRotated{inOrganization(acme), key, Hash{8}, now.Add(time.Hour)})

func TestRotationEvolves(t *testing.T) {
	got := fold(rotated...).Token(acme, key)
	if got.Secret != (Hash{8}) || got.Former != (Hash{7}) || !got.FormerUntil.Equal(now.Add(time.Hour)) || got.Version != uint64(len(rotated)) {
		t.Errorf("rotated: %+v", got)
	}
}
