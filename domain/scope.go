package domain

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
)

// MaxScopes is how many scopes a token can have.
const MaxScopes = 100

// Scope is one thing that a token may do, as "resource:action". On either side "all" is a
// wildcard.
type Scope string

// Scopes is a set of scopes.
type Scopes []Scope

// ScopeAll allows everything.
const ScopeAll Scope = "all:all"

// ScopeImpersonate allows a program to act as a user: on their behalf, or with a token of
// theirs.
const ScopeImpersonate Scope = "actors:impersonate"

// scopeActions lists, for every resource, the actions that a scope can name.
var scopeActions = map[string][]string{
	"organizations":        {"read", "update"},
	"organization_members": {"read", "create", "update", "delete"},
	"users":                {"read", "update", "erase"},
	"roles":                {"read", "create", "update", "delete"},
	"workspaces":           {"read", "create", "update"},
	"workspace_members":    {"read", "create", "update", "delete"},
	"access":               {"read"},
	"events":               {"read"},
	"audit":                {"read"},
	"subscriptions":        {"read", "create", "update", "delete"},
	"reviews":              {"read", "create", "update"},
	"tokens":               {"read", "create", "delete"},
	"actors":               {"impersonate"},
	"user_management":      {"read"},
	"all":                  {"read", "create", "update", "delete"},
}

// Valid reports whether the scope names a resource and an action that exist.
func (s Scope) Valid() bool {
	resource, action, ok := strings.Cut(string(s), ":")
	actions, known := scopeActions[resource]
	return ok && known && (action == "all" || slices.Contains(actions, action))
}

// ScopeActions returns the resources that scopes name, in order, each with its actions.
func ScopeActions() iter.Seq2[string, []string] {
	return func(yield func(string, []string) bool) {
		for _, resource := range slices.Sorted(maps.Keys(scopeActions)) {
			if !yield(resource, slices.Clone(scopeActions[resource])) {
				return
			}
		}
	}
}

// expected returns which scopes there are, for somebody who has written one that does not
// exist: the actions of the resource, or the resources if this one is not known.
func (s Scope) expected() string {
	resource, _, _ := strings.Cut(string(s), ":")
	if actions, known := scopeActions[resource]; known {
		return fmt.Sprintf("a scope of %s is %s:ACTION; the actions are %s and all", resource, resource, strings.Join(actions, ", "))
	}
	return "a scope is RESOURCE:ACTION, for example workspace_members:read or all:read; the resources are " +
		strings.Join(slices.Sorted(maps.Keys(scopeActions)), ", ")
}

// alias returns the other name of a scope that has two, and an empty scope for all
// others. Attio's name for reading a workspace's members is user_management:read.
func (s Scope) alias() Scope {
	switch s {
	case "workspace_members:read":
		return "user_management:read"
	case "user_management:read":
		return "workspace_members:read"
	}
	return ""
}

// covers reports whether this scope allows everything that the other one allows, under
// either of its names.
func (s Scope) covers(other Scope) bool {
	if s.names(other) {
		return true
	}
	alias := other.alias()
	return alias != "" && s.names(alias)
}

// names reports whether this scope is the other one or a wildcard that matches it.
func (s Scope) names(other Scope) bool {
	if s == other {
		return true
	}
	resource, action, _ := strings.Cut(string(s), ":")
	otherResource, otherAction, _ := strings.Cut(string(other), ":")
	return (resource == "all" || resource == otherResource) && (action == "all" || action == otherAction)
}

// Allow reports whether the set allows what the scope names.
func (s Scopes) Allow(scope Scope) bool {
	for _, own := range s {
		if own.covers(scope) {
			return true
		}
	}
	return false
}

// check returns an [InvalidError] for the first scope that does not exist, and for a list
// that is empty or too long.
func (s Scopes) check(pointer string) error {
	if len(s) == 0 {
		return &InvalidError{Pointer: pointer, Code: "required", Detail: "a token needs at least one scope"}
	}
	if len(s) > MaxScopes {
		return &InvalidError{Pointer: pointer, Code: "too_many", Detail: fmt.Sprintf("at most %d scopes are expected", MaxScopes)}
	}
	for i, scope := range s {
		if !scope.Valid() {
			return &InvalidError{
				Pointer: fmt.Sprintf("%s/%d", pointer, i), Code: "unknown_scope",
				Detail: scope.expected(),
			}
		}
	}
	return nil
}
