package domain

import "slices"

// Key names one part of an aggregate. A part is the smallest piece that is
// loaded, held in memory and dropped again.
type Key struct {
	Kind  KeyKind
	Owner [16]byte // the organization; for a membership, a workspace and its owners, the workspace; for a review's row, the review
	ID    [16]byte // the user, token, subscription, review or command; zero where Owner is enough
	Text  string   // the folded e-mail address for [KeyEmail], the role's key for [KeyCustomRole], the 16 bytes of the workspace's id for [KeyReviewRow]
}

// KeyKind says which kind of part a key names, and therefore which type the
// [Part] has.
type KeyKind uint8

// The kinds of parts, each with the type of its parts. They are numbers in memory
// only and are never stored.
const (
	KeyOrganization       KeyKind = iota + 1 // *Organization
	KeyOrganizationMember                    // *OrganizationMember
	KeyProfile                               // *Profile
	KeyEmail                                 // *EmailHolder
	KeyWorkspace                             // *Workspace
	KeyMembership                            // *Membership
	KeyCustomRole                            // *CustomRole
	KeyToken                                 // *Token
	KeyDone                                  // *Done
	KeyUserMemberships                       // *UserMemberships
	KeyOwners                                // *Owners
	KeySubscription                          // *Subscription
	KeySubscriptionCount                     // *SubscriptionCount
	KeyReview                                // *Review
	KeyReviewRow                             // *ReviewRow

	endOfKinds
)

// KeyKinds returns all kinds of parts. Tests use it to find out whether a table
// has a row for each of them.
func KeyKinds() []KeyKind {
	kinds := make([]KeyKind, 0, endOfKinds-1)
	for k := KeyOrganization; k < endOfKinds; k++ {
		kinds = append(kinds, k)
	}
	return kinds
}

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
// Two addresses that differ only in case have the same key.
func EmailKey(org OrganizationID, email string) Key {
	return Key{Kind: KeyEmail, Owner: org, Text: FoldEmail(email)}
}

// WorkspaceKey names a workspace's header.
func WorkspaceKey(ws WorkspaceID) Key { return Key{Kind: KeyWorkspace, Owner: ws} }

// MembershipKey names a user's membership in a workspace.
func MembershipKey(ws WorkspaceID, user UserID) Key {
	return Key{Kind: KeyMembership, Owner: ws, ID: user}
}

// CustomRoleKey names one of an organization's own roles.
func CustomRoleKey(org OrganizationID, role RoleKey) Key {
	return Key{Kind: KeyCustomRole, Owner: org, Text: string(role)}
}

// TokenKey names a token of an organization.
func TokenKey(org OrganizationID, token TokenID) Key {
	return Key{Kind: KeyToken, Owner: org, ID: token}
}

// DoneKey names the record of a command that had an idempotency key.
func DoneKey(org OrganizationID, command CommandID) Key {
	return Key{Kind: KeyDone, Owner: org, ID: command}
}

// UserMembershipsKey names the list of an organization's workspaces in which a
// user is a member.
func UserMembershipsKey(org OrganizationID, user UserID) Key {
	return Key{Kind: KeyUserMemberships, Owner: org, ID: user}
}

// OwnersKey names the list of a workspace's owners.
func OwnersKey(ws WorkspaceID) Key { return Key{Kind: KeyOwners, Owner: ws} }

// SubscriptionKey names a subscription of an organization.
func SubscriptionKey(org OrganizationID, id SubscriptionID) Key {
	return Key{Kind: KeySubscription, Owner: org, ID: id}
}

// SubscriptionCountKey names how many subscriptions an organization has.
func SubscriptionCountKey(org OrganizationID) Key {
	return Key{Kind: KeySubscriptionCount, Owner: org}
}

// ReviewKey names a review of an organization.
func ReviewKey(org OrganizationID, id ReviewID) Key {
	return Key{Kind: KeyReview, Owner: org, ID: id}
}

// ReviewRowKey names what was decided about a user's access to a workspace.
func ReviewRowKey(id ReviewID, ws WorkspaceID, user UserID) Key {
	return Key{Kind: KeyReviewRow, Owner: id, ID: user, Text: string(ws[:])}
}

// keySet holds keys in the order in which they were added, each once.
type keySet struct {
	keys  []Key
	index map[Key]bool // nil while the keys are few
}

// fewKeys is up to how many keys searching the list is faster than a map.
const fewKeys = 16

// add adds the key and reports whether it is new.
func (s *keySet) add(k Key) bool {
	if s.index == nil && len(s.keys) < fewKeys {
		if slices.Contains(s.keys, k) {
			return false
		}
		s.keys = append(s.keys, k)
		return true
	}
	if s.index == nil {
		s.index = make(map[Key]bool, 4*fewKeys)
		for _, held := range s.keys {
			s.index[held] = true
		}
	}
	if s.index[k] {
		return false
	}
	s.index[k] = true
	s.keys = append(s.keys, k)
	return true
}
