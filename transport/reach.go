package transport

import (
	"github.com/muster-dev/muster/domain"
)

// Reach says what an operation concerns, and so which tokens may use it. Every operation
// declares one. A scope says what a token may do, a reach says where.
type Reach int

// The reaches of operations. The zero Reach is not one of them, so [New] notices an
// operation that declares none.
const (
	_ Reach = iota
	// ReachPublic is for operations that take no token.
	ReachPublic
	// ReachToken is for operations that concern nothing but the token itself.
	ReachToken
	// ReachOrganization is for operations that concern an organization as a whole. A
	// token that is bound to a workspace gets 403.
	ReachOrganization
	// ReachWorkspace is for operations that concern a workspace which the request names.
	// A token that does not reach that workspace gets 404. The handler must check that:
	// see [Call.FindWorkspace].
	ReachWorkspace
	// ReachBoundWorkspace is for operations that concern the workspace that the token is
	// bound to. A token that is bound to none gets 403.
	ReachBoundWorkspace
)

// check refuses a token that may not use operations of the reach. Bound is the workspace
// that the token is bound to, or zero.
func (r Reach) check(bound domain.WorkspaceID) error {
	switch {
	case r == ReachOrganization && !bound.IsZero():
		return insufficientScope.Problem("the token is bound to a workspace, and this concerns the whole organization")
	case r == ReachBoundWorkspace && bound.IsZero():
		return insufficientScope.Problem("a token that is bound to the workspace is needed")
	}
	return nil
}
