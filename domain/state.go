package domain

import (
	"encoding/hex"
	"fmt"
	"time"
)

// Key names one part of an aggregate: the smallest piece that is loaded, held
// in memory and dropped again.
type Key struct {
	Kind  KeyKind
	Owner [16]byte // the organization; for a membership the workspace
	ID    [16]byte // the user, workspace, token or command; zero where Owner says it all
	Text  string   // the folded e-mail address for [KeyEmail], the role's key for [KeyCustomRole]
}

// KeyKind says which part a key names, and so which type the [Part] has.
type KeyKind uint8

// The kinds of parts, each with the type that it loads as.
const (
	KeyOrganization       KeyKind = iota + 1 // *Organization
	KeyOrganizationMember                    // *OrganizationMember
	KeyProfile                               // *Profile
	KeyEmail                                 // *EmailHolder
	KeyWorkspace                             // *Workspace
	KeyMembership                            // *Membership
	KeyToken                                 // *Token
	KeyDone                                  // *Done
	KeyCustomRole                            // *CustomRole
	KeyUserMemberships                       // *UserMemberships
)

// OrganizationKey names an organization's header.
func OrganizationKey(org OrganizationID) Key { return Key{Kind: KeyOrganization, Owner: org} }

// OrganizationMemberKey names a user's role in an organization.
func OrganizationMemberKey(org OrganizationID, user UserID) Key {
	return Key{Kind: KeyOrganizationMember, Owner: org, ID: user}
}

// ProfileKey names a user's entry in an organization's directory.
func ProfileKey(org OrganizationID, user UserID) Key {
	return Key{Kind: KeyProfile, Owner: org, ID: user}
}

// EmailKey names the holder of an e-mail address in an organization's directory.
// Addresses are told apart without regard to case.
func EmailKey(org OrganizationID, email string) Key {
	return Key{Kind: KeyEmail, Owner: org, Text: FoldEmail(email)}
}

// WorkspaceKey names a workspace's header.
func WorkspaceKey(ws WorkspaceID) Key { return Key{Kind: KeyWorkspace, Owner: ws} }

// MembershipKey names a user's membership in a workspace.
func MembershipKey(ws WorkspaceID, user UserID) Key {
	return Key{Kind: KeyMembership, Owner: ws, ID: user}
}

// TokenKey names a token of an organization.
func TokenKey(org OrganizationID, token TokenID) Key {
	return Key{Kind: KeyToken, Owner: org, ID: token}
}

// DoneKey names what is kept of a command that carried an idempotency key.
func DoneKey(org OrganizationID, command CommandID) Key {
	return Key{Kind: KeyDone, Owner: org, ID: command}
}

// CustomRoleKey names a role of an organization's own.
func CustomRoleKey(org OrganizationID, role RoleKey) Key {
	return Key{Kind: KeyCustomRole, Owner: org, Text: string(role)}
}

// UserMembershipsKey names the list of the workspaces of an organization that a
// user is a member of.
func UserMembershipsKey(org OrganizationID, user UserID) Key {
	return Key{Kind: KeyUserMemberships, Owner: org, ID: user}
}

// Part is one part of an aggregate. Its version is the number of the last event
// that changed what clients see of it; the count of owners in a header changes
// without. The types are listed at [KeyKind].
//
//sumtype:decl
type Part interface {
	version() uint64
	clone() Part
	// gone reports whether the thing was there once and is not any more at that time.
	gone(at time.Time) bool
}

// Stamp says when a part was made and last changed.
type Stamp struct {
	CreatedAt time.Time
	UpdatedAt time.Time
	// Version is the number of the last event that changed the part.
	Version uint64
}

func (s Stamp) version() uint64     { return s.Version }
func (s Stamp) gone(time.Time) bool { return false }

func stamp(r *Recorded) Stamp {
	return Stamp{CreatedAt: r.Time, UpdatedAt: r.Time, Version: r.Number}
}

func (s *Stamp) touch(r *Recorded) { s.UpdatedAt, s.Version = r.Time, r.Number }

// Done is what is kept of a command that carried an idempotency key, so that a
// second one like it gets the first one's answer.
type Done struct {
	// Request is the hash of what was asked for; the same key with another
	// request is a mistake of the client's.
	Request Hash
	// Number is the number of the command's last event.
	Number uint64
	// Types are the types of the command's events, in order.
	Types []string
	// After holds the parts that the command's events concern, as the command
	// left them.
	After *State
}

func (d *Done) version() uint64     { return d.Number }
func (d *Done) clone() Part         { return d } // never changes
func (d *Done) gone(time.Time) bool { return false }

// Hash is a SHA-256.
type Hash [32]byte

// IsZero reports whether there is no hash.
func (h Hash) IsZero() bool { return h == Hash{} }

// MarshalText answers 64 hexadecimal digits in lower case.
func (h Hash) MarshalText() ([]byte, error) {
	return hex.AppendEncode(make([]byte, 0, 2*len(h)), h[:]), nil
}

// UnmarshalText reads what [Hash.MarshalText] wrote.
func (h *Hash) UnmarshalText(text []byte) error {
	if len(text) != 2*len(h) {
		return fmt.Errorf("%q is not a SHA-256: 64 hexadecimal digits are expected", shorten(text))
	}
	if _, err := hex.Decode(h[:], text); err != nil {
		return fmt.Errorf("%q is not a SHA-256: %w", shorten(text), err)
	}
	return nil
}

// State holds parts of aggregates, as many as somebody has put in. The zero
// value holds none. It is not safe for concurrent use.
type State struct {
	// Made, when set, is told the key of every part that [Evolve] puts in: events
	// can bring parts into being, or end them, that nobody asked for.
	Made func(Key)

	parts map[Key]Part
}

// make puts in what an event says.
func (s *State) make(k Key, p Part) {
	s.Put(k, p)
	if s.Made != nil {
		s.Made(k)
	}
}

// Holds reports whether the part has been put in, be it as absent.
func (s *State) Holds(k Key) bool {
	_, ok := s.parts[k]
	return ok
}

// Put puts a part in; a nil part says that there is no such thing.
func (s *State) Put(k Key, p Part) {
	if s.parts == nil {
		s.parts = make(map[Key]Part)
	}
	s.parts[k] = p
}

// Forget takes a part out: from then on nothing is known of it.
func (s *State) Forget(k Key) { delete(s.parts, k) }

// Len answers how many parts are held, absent ones included.
func (s *State) Len() int { return len(s.parts) }

// Copy answers a state of its own that holds what this one holds of the keys.
func (s *State) Copy(keys []Key) *State {
	c := &State{parts: make(map[Key]Part, len(keys))}
	for _, k := range keys {
		if p, ok := s.parts[k]; ok {
			if p != nil {
				p = p.clone()
			}
			c.parts[k] = p
		}
	}
	return c
}

// Each calls f with every part that is held and not absent, in no order.
func (s *State) Each(f func(Key, Part)) {
	for k, p := range s.parts {
		if p != nil {
			f(k, p)
		}
	}
}

// Organization answers the organization's header, nil when there is none.
func (s *State) Organization(org OrganizationID) *Organization {
	p, _ := s.parts[OrganizationKey(org)].(*Organization)
	return p
}

// OrganizationMember answers the user's role in the organization, nil when they
// never had one.
func (s *State) OrganizationMember(org OrganizationID, user UserID) *OrganizationMember {
	p, _ := s.parts[OrganizationMemberKey(org, user)].(*OrganizationMember)
	return p
}

// Profile answers the user's entry in the organization's directory, nil when
// there is none.
func (s *State) Profile(org OrganizationID, user UserID) *Profile {
	p, _ := s.parts[ProfileKey(org, user)].(*Profile)
	return p
}

// emailHolder answers who holds the address in the organization's directory.
func (s *State) emailHolder(org OrganizationID, email string) UserID {
	if p, _ := s.parts[EmailKey(org, email)].(*EmailHolder); p != nil {
		return p.User
	}
	return UserID{}
}

// Workspace answers the workspace's header, nil when there is none.
func (s *State) Workspace(ws WorkspaceID) *Workspace {
	p, _ := s.parts[WorkspaceKey(ws)].(*Workspace)
	return p
}

// Membership answers the user's membership in the workspace, nil when there
// never was one.
func (s *State) Membership(ws WorkspaceID, user UserID) *Membership {
	p, _ := s.parts[MembershipKey(ws, user)].(*Membership)
	return p
}

// CustomRole answers the organization's own role with that key, nil when there is
// none.
func (s *State) CustomRole(org OrganizationID, key RoleKey) *CustomRole {
	p, _ := s.parts[CustomRoleKey(org, key)].(*CustomRole)
	return p
}

// UserMemberships answers where the user is a member, nil when nowhere ever.
func (s *State) UserMemberships(org OrganizationID, user UserID) *UserMemberships {
	p, _ := s.parts[UserMembershipsKey(org, user)].(*UserMemberships)
	return p
}

// Token answers the organization's token, nil when there is none.
func (s *State) Token(org OrganizationID, token TokenID) *Token {
	p, _ := s.parts[TokenKey(org, token)].(*Token)
	return p
}

// Done answers what is kept of a command, nil when it has not been done.
func (s *State) Done(org OrganizationID, command CommandID) *Done {
	p, _ := s.parts[DoneKey(org, command)].(*Done)
	return p
}
