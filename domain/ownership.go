package domain

import (
	"fmt"
	"time"
)

// WorkspaceOwnershipTransferred: one owner has given the workspace to another member. The
// events before it, of the same command, change both roles.
type WorkspaceOwnershipTransferred struct {
	About `json:"-"`
	Owner Change[UserID] `json:"owner_user_id"`
}

// EventType is muster.workspace.ownership_transferred.
func (WorkspaceOwnershipTransferred) EventType() string {
	return "muster.workspace.ownership_transferred"
}

// TransferOwnership makes another active member an owner of the workspace and the present
// owner an admin, in one commit.
type TransferOwnership struct {
	Meta
	Workspace WorkspaceID
	// From is the owner who gives the workspace away; zero for the actor.
	From UserID
	To   UserID
}

// CommandType is transfer_ownership.
func (TransferOwnership) CommandType() string { return "transfer_ownership" }

func (c TransferOwnership) from() UserID {
	if c.From.IsZero() {
		return c.person()
	}
	return c.From
}

func (c TransferOwnership) target(*State) Key { return WorkspaceKey(c.Workspace) }

func (c TransferOwnership) needs(keys []Key, s *State) []Key {
	keys = givenNeeds(memberNeeds(keys, s, c.Meta, c.Workspace, c.To), c.Organization, c.Workspace, RoleOwner)
	if from := c.from(); !from.IsZero() {
		keys = append(keys, MembershipKey(c.Workspace, from), ProfileKey(c.Organization, from), UserMembershipsKey(c.Organization, from))
	}
	return keys
}

func (c TransferOwnership) decide(s *State, at time.Time) ([]Event, error) {
	_, by, err := s.mayChangeWorkspace(c.Meta, c.Workspace, at)
	if err != nil {
		return nil, err
	}
	if by.level < LevelTop {
		return nil, fmt.Errorf("only an owner gives the workspace away: %w", ErrRoleAboveOwn)
	}
	from := c.from()
	if from.IsZero() {
		return nil, &InvalidError{"/from_user_id", "required", "a program must name the owner who gives up"}
	}
	if err := checkUser("/to_user_id", c.To); err != nil {
		return nil, err
	}
	owner, heir := s.Membership(c.Workspace, from), s.Membership(c.Workspace, c.To)
	if !owner.active(at) || owner.Role != RoleOwner {
		return nil, fmt.Errorf("user %s is no owner of workspace %s: %w", from, c.Workspace, ErrUnknownMember)
	}
	if !heir.active(at) {
		return nil, fmt.Errorf("user %s in workspace %s: %w", c.To, c.Workspace, ErrUnknownMember)
	}
	if !heir.ExpiresAt.IsZero() {
		return nil, fmt.Errorf("the membership of user %s ends by itself: %w", c.To, ErrLastOwner)
	}
	if from == c.To {
		return nil, nil
	}
	var events []Event
	of := func(user UserID) About { return About{c.Organization, c.Workspace, user} }
	if heir.Role != RoleOwner {
		events = append(events, MemberRoleChanged{of(c.To), heir.ID, Change[RoleKey]{heir.Role, RoleOwner}})
	}
	return append(events,
		MemberRoleChanged{of(from), owner.ID, Change[RoleKey]{RoleOwner, RoleAdmin}},
		WorkspaceOwnershipTransferred{of(UserID{}), Change[UserID]{from, c.To}},
	), nil
}
