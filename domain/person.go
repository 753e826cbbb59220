package domain

import "fmt"

// mayActFor refuses an actor who acts on behalf of another person without the right
// to. A token that is bound to a person never has more rights than that person,
// whatever its scopes. So only a program acts on behalf of others.
func (m Meta) mayActFor() error {
	if m.OnBehalfOf.IsZero() || m.Actor.User.IsZero() || m.OnBehalfOf == m.Actor.User {
		return nil
	}
	return fmt.Errorf("the token is bound to user %s: %w", m.Actor.User, ErrNotAllowed)
}

// gainNeeds appends what [State.mayAct] must see of a person who gets something for
// themself, in addition to what every command must see.
func gainNeeds(keys []Key, m Meta) []Key {
	if person := m.person(); !person.IsZero() {
		keys = append(keys, UserMembershipsKey(m.Organization, person))
	}
	return keys
}

// userNeeds appends what [State.mayGain] must see of a user who gets a token.
func userNeeds(keys []Key, org OrganizationID, user UserID) []Key {
	if user.IsZero() {
		return keys
	}
	return append(keys, OrganizationMemberKey(org, user), UserMembershipsKey(org, user))
}

// mustBe refuses everybody but the user, acting through a token that reaches the
// workspace.
func (m Meta) mustBe(user UserID, ws WorkspaceID) error {
	if bound := m.Actor.Credential.Workspace; !bound.IsZero() && bound != ws {
		return fmt.Errorf("the token is bound to workspace %s: %w", bound, ErrNotAllowed)
	}
	if m.person() != user || user.IsZero() {
		return fmt.Errorf("only user %s can do this, through a token bound to them or on their behalf: %w", user, ErrNotAllowed)
	}
	return nil
}
