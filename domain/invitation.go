package domain

import (
	"crypto/subtle"
	"fmt"
	"time"
)

// How long an invitation lasts.
const (
	DefaultInvitation = 7 * 24 * time.Hour
	MaxInvitation     = 30 * 24 * time.Hour
)

// InviteMember invites the person with an e-mail address. The person gets a user id at
// once, and always the same one for an address within the organization. They have no
// access until they accept.
type InviteMember struct {
	Meta
	Workspace WorkspaceID
	// Profile has the address. The rest of it is used only if the directory has no
	// entry for the person.
	Profile ProfileFacts
	Terms
	// User is the id of the person if nobody in the directory has the address.
	User       UserID
	Membership MembershipID // see [AddMember]
	// Secret is the hash of the secret with which the person accepts.
	Secret Hash
	// Lasts is how long the invitation lasts; zero for [DefaultInvitation].
	Lasts time.Duration
}

// CommandType is invite_member.
func (InviteMember) CommandType() string { return "invite_member" }

// Invitee returns the user who is invited: the holder of the address, or else the new
// user.
func (c InviteMember) Invitee(s *State) UserID {
	if holder := s.emailHolder(c.Organization, c.Profile.Email); !holder.IsZero() {
		return holder
	}
	return c.User
}

func (c InviteMember) target(s *State) Key { return MembershipKey(c.Workspace, c.Invitee(s)) }

func (c InviteMember) needs(keys []Key, s *State) []Key {
	address := EmailKey(c.Organization, c.Profile.Email)
	keys = append(keys, address)
	if !s.Holds(address) {
		return keys // which user it is must be known first
	}
	keys = memberNeeds(keys, s, c.Meta, c.Workspace, c.Invitee(s))
	return givenNeeds(keys, c.Organization, c.Workspace, c.Role)
}

func (c InviteMember) decide(s *State, at time.Time) ([]Event, error) {
	_, by, err := s.mayChangeWorkspace(c.Meta, c.Workspace, at)
	if err != nil {
		return nil, err
	}
	profile, err := c.profile(s)
	if err != nil {
		return nil, err
	}
	if err := checkLasts(c.Lasts); err != nil {
		return nil, err
	}
	if err := s.mayGive(by, c.Organization, c.Terms, at); err != nil {
		return nil, err
	}
	user := c.Invitee(s)
	if err := c.checkInvitee(s, user); err != nil {
		return nil, err
	}
	id, events, err := s.newMembership(c.Workspace, user, c.Membership, at)
	if err != nil {
		return nil, err
	}
	if p := s.profilePart(c.Organization, user); p != nil && p.Erasure.Pending() {
		return nil, ErrErasurePending
	}
	if s.Profile(c.Organization, user) == nil {
		events = append(events, UserProfileSet{About: About{Organization: c.Organization, User: user}, Profile: profile})
	}
	return append(events, MemberInvited{
		About{c.Organization, c.Workspace, user}, id, c.Role, c.Permissions, c.ExpiresAt, InvitationFacts{c.Secret, invitationEnd(at, c.Lasts)},
	}), nil
}

// profile returns what the invitation says about the person. It refuses unfit texts, but
// not an address that the directory has already.
func (c InviteMember) profile(s *State) (ProfileFacts, error) {
	if known := s.Profile(c.Organization, c.Invitee(s)); known != nil && known.Email == c.Profile.Email {
		return known.ProfileFacts, nil
	}
	return c.Profile.fit("")
}

// checkInvitee checks that the address is the user's, or that the user is somebody new,
// whose address it becomes. An invitation never ties an address to a known user.
func (c InviteMember) checkInvitee(s *State, user UserID) error {
	if err := checkUser("/user_id", user); err != nil {
		return err
	}
	p := s.Profile(c.Organization, user)
	if p != nil && FoldEmail(p.Email) != FoldEmail(c.Profile.Email) || p == nil && s.known(c.Meta, user) == nil {
		return &InvalidError{"/user_id", "known_user", "the organization knows this user, and not by this address: the id of somebody new is expected"}
	}
	return nil
}

func checkLasts(d time.Duration) error {
	if d < 0 || d > MaxInvitation {
		return &InvalidError{"/invitation_expires_in", "out_of_range", "an invitation lasts 30 days at most"}
	}
	return nil
}

func invitationEnd(at time.Time, lasts time.Duration) time.Time {
	if lasts == 0 {
		lasts = DefaultInvitation
	}
	return at.Add(lasts)
}

// RenewInvitation gives an invitation a new secret and a new end.
type RenewInvitation struct {
	Meta
	Workspace WorkspaceID
	User      UserID
	Secret    Hash
	Lasts     time.Duration // zero: [DefaultInvitation]
}

// CommandType is renew_invitation.
func (RenewInvitation) CommandType() string { return "renew_invitation" }

func (c RenewInvitation) target(*State) Key { return MembershipKey(c.Workspace, c.User) }
func (c RenewInvitation) needs(keys []Key, s *State) []Key {
	return memberNeeds(keys, s, c.Meta, c.Workspace, c.User)
}

func (c RenewInvitation) decide(s *State, at time.Time) ([]Event, error) {
	_, _, member, err := s.mayChangeMember(c.Meta, c.Workspace, c.User, at)
	if err != nil {
		return nil, err
	}
	if member.State != MembershipInvited {
		return nil, fmt.Errorf("user %s in workspace %s: %w", c.User, c.Workspace, ErrNotInvited)
	}
	if err := s.stillGiven(member); err != nil {
		return nil, err
	}
	if err := checkLasts(c.Lasts); err != nil {
		return nil, err
	}
	return []Event{MemberInvitationRenewed{
		About{c.Organization, c.Workspace, c.User}, member.ID, InvitationFacts{c.Secret, invitationEnd(at, c.Lasts)},
	}}, nil
}

// AcceptInvitation makes an invited user a member. The user accepts through a token of
// their own or with the invitation's secret. A program that acts for the organization
// can also accept for a user who has agreed.
type AcceptInvitation struct {
	Meta
	Workspace WorkspaceID
	User      UserID
	// Secret is the hash of the secret that the person has sent; zero for none.
	Secret Hash
}

// CommandType is accept_invitation.
func (AcceptInvitation) CommandType() string { return "accept_invitation" }

func (c AcceptInvitation) target(*State) Key { return MembershipKey(c.Workspace, c.User) }
func (c AcceptInvitation) needs(keys []Key, s *State) []Key {
	return memberNeeds(keys, s, c.Meta, c.Workspace, c.User)
}

func (c AcceptInvitation) decide(s *State, at time.Time) ([]Event, error) {
	ws, err := s.workspace(c.Meta, c.Workspace)
	if err != nil {
		return nil, err
	}
	member := s.Membership(c.Workspace, c.User)
	if err := c.mayAccept(member); err != nil {
		return nil, err
	}
	if !ws.ArchivedAt.IsZero() {
		return nil, fmt.Errorf("workspace %s: %w", ws.ID, ErrWorkspaceArchived)
	}
	switch member.StateAt(at) {
	case MembershipActive:
		return nil, nil
	case MembershipInvited:
		if err := s.stillGiven(member); err != nil {
			return nil, err
		}
		return []Event{MemberAccepted{About{c.Organization, c.Workspace, c.User}, member.ID}}, nil
	case MembershipRemoved, MembershipSuspended:
	}
	return nil, fmt.Errorf("user %s in workspace %s: %w", c.User, c.Workspace, ErrNotInvited)
}

// stillGiven refuses an invitation whose role has been archived since. Members keep an
// archived role, but a person who has not accepted yet does not have the role.
func (s *State) stillGiven(invited *Membership) error {
	if own := s.CustomRole(invited.Organization, invited.Role); own != nil && !own.ArchivedAt.IsZero() {
		return &InvalidError{"/role", "unknown_role", "the role of the invitation has been archived since: whoever manages the workspace can give it another one"}
	}
	return nil
}

func (c AcceptInvitation) mayAccept(member *Membership) error {
	if !c.Secret.IsZero() {
		if member == nil || subtle.ConstantTimeCompare(c.Secret[:], member.Invitation.Secret[:]) != 1 {
			return fmt.Errorf("the invitation has been renewed or taken back: %w", ErrNotInvited)
		}
		return nil
	}
	if c.person().IsZero() && (c.Actor.Credential.Workspace.IsZero() || c.Actor.Credential.Workspace == c.Workspace) {
		return nil
	}
	return c.mustBe(c.User, c.Workspace)
}
