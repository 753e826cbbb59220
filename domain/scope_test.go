package domain

import (
	"slices"
	"testing"
)

func TestAllow(t *testing.T) {
	for _, c := range []struct {
		own  Scopes
		ask  Scope
		want bool
	}{
		{Scopes{"workspace_members:read"}, "workspace_members:read", true},
		{Scopes{"workspace_members:read"}, "workspace_members:update", false},
		{Scopes{"workspace_members:all"}, "workspace_members:update", true},
		{Scopes{"all:read"}, "workspace_members:read", true},
		{Scopes{"all:read"}, "workspace_members:update", false},
		{Scopes{"all:read"}, "all:all", false},
		{Scopes{"workspace_members:all"}, "all:read", false},
		{Scopes{"all:all"}, "actors:impersonate", true},
		{Scopes{"all:update", "users:read"}, "users:update", true},
		{Scopes{"all:update", "users:read"}, "users:read", true},
		{Scopes{"user_management:read"}, "workspace_members:read", true},
		{Scopes{"workspace_members:read"}, "user_management:read", true},
		{Scopes{"user_management:all"}, "workspace_members:read", true},
		{Scopes{"workspace_members:all"}, "user_management:read", true},
		{Scopes{"all:read"}, "user_management:read", true},
		{Scopes{"user_management:read"}, "workspace_members:update", false},
		{Scopes{"user_management:all"}, "workspace_members:update", false},
		{Scopes{"user_management:all"}, "workspace_members:all", false},
		{Scopes{"workspace_members:update"}, "user_management:read", false},
		{Scopes{"workspace_members:read"}, "user_management:all", false},
		{Scopes{"user_management:read"}, "users:read", false},
		{Scopes{"users:read"}, "user_management:read", false},
		{nil, "users:read", false},
		{Scopes{""}, "users:read", false},
		{Scopes{"users"}, "users:read", false},
	} {
		if got := c.own.Allow(c.ask); got != c.want {
			t.Errorf("%q allow %q: %v, want %v", c.own, c.ask, got, c.want)
		}
	}
}

// FuzzScopes compares wildcards with the scopes that they match: a scope covers another one
// only if it covers every single scope that the other one allows.
func FuzzScopes(f *testing.F) {
	single := singleScopes()
	for _, s := range slices.Concat(single, Scopes{
		ScopeAll, "all:read", "all:delete", "users:all", "all:impersonate", "all", ":", "all:", ":all", "users:read:all", "USERS:read", "users:*", "*:read",
	}) {
		f.Add(string(s), "all:read")
		f.Add("users:all", string(s))
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		own, ask := Scope(a), Scope(b)
		err := Scopes{own}.check("/scopes")
		if (err == nil) != own.Valid() {
			t.Errorf("%q is valid: %v, and checked: %v", own, own.Valid(), err)
		}
		if !own.Valid() || !ask.Valid() {
			return
		}
		covers := (Scopes{own}).Allow(ask)
		for _, one := range single {
			if covers && ask.covers(one) && !own.covers(one) {
				t.Errorf("%q covers %q, which allows %q, which %[1]q does not", own, ask, one)
			}
		}
		if slices.Contains(single, ask) && covers != (own == ask || own == ScopeAll || slices.Contains(wildcards(ask), own)) {
			t.Errorf("%q covers %q: %v", own, ask, covers)
		}
	})
}

// singleScopes returns every scope without a wildcard.
func singleScopes() (all Scopes) {
	for resource, actions := range scopeActions {
		if resource != "all" {
			for _, action := range actions {
				all = append(all, Scope(resource+":"+action))
			}
		}
	}
	slices.Sort(all)
	return all
}

// wildcards returns the scopes with one wildcard that match the single scope, under either
// of its names.
func wildcards(single Scope) Scopes {
	switch single {
	case "workspace_members:read", "user_management:read":
		return Scopes{"workspace_members:read", "workspace_members:all", "user_management:read", "user_management:all", "all:read"}
	}
	for resource := range scopeActions {
		if action, ok := cutPrefix(single, resource+":"); ok {
			return Scopes{Scope(resource + ":all"), Scope("all:" + action)}
		}
	}
	return nil
}

func cutPrefix(s Scope, prefix string) (string, bool) {
	if len(s) > len(prefix) && string(s[:len(prefix)]) == prefix {
		return string(s[len(prefix):]), true
	}
	return "", false
}
