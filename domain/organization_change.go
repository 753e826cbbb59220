package domain

import (
	"fmt"
	"time"
)

// CreateOrganization creates an organization with its first owner.
type CreateOrganization struct {
	Meta
	Name  string
	Owner UserID
	// Profile is the owner's entry in the directory.
	Profile ProfileFacts
}

// CommandType is create_organization.
func (CreateOrganization) CommandType() string { return "create_organization" }

func (c CreateOrganization) target(*State) Key { return OrganizationKey(c.Organization) }

func (c CreateOrganization) needs(keys []Key, _ *State) []Key {
	return append(keys,
		OrganizationMemberKey(c.Organization, c.Owner),
		ProfileKey(c.Organization, c.Owner),
		EmailKey(c.Organization, c.Profile.Email))
}

func (c CreateOrganization) decide(s *State, _ time.Time) ([]Event, error) {
	// No user can act on behalf of an organization that does not exist yet.
	if c.Actor.Kind != ActorSystem || !c.OnBehalfOf.IsZero() {
		return nil, fmt.Errorf("only the root token makes organizations: %w", ErrNotAllowed)
	}
	if s.Organization(c.Organization) != nil {
		return nil, fmt.Errorf("organization %s: %w", c.Organization, ErrOrganizationExists)
	}
	if err := checkName("/name", c.Name); err != nil {
		return nil, err
	}
	if err := checkUser("/owner/user_id", c.Owner); err != nil {
		return nil, err
	}
	profile, err := c.Profile.fit("/owner")
	if err != nil {
		return nil, err
	}
	about := About{Organization: c.Organization}
	owner := About{Organization: c.Organization, User: c.Owner}
	return []Event{
		OrganizationCreated{about, c.Name},
		UserProfileSet{About: owner, Profile: profile},
		OrganizationMemberAdded{owner, OrganizationOwner},
	}, nil
}

// RenameOrganization gives an organization another name.
type RenameOrganization struct {
	Meta
	Name string
}

// CommandType is rename_organization.
func (RenameOrganization) CommandType() string { return "rename_organization" }

func (c RenameOrganization) target(*State) Key                { return OrganizationKey(c.Organization) }
func (c RenameOrganization) needs(keys []Key, _ *State) []Key { return keys }

func (c RenameOrganization) decide(s *State, _ time.Time) ([]Event, error) {
	org, err := s.organization(c.Meta)
	if err != nil {
		return nil, err
	}
	if _, err := s.organizationAuthority(c.Meta); err != nil {
		return nil, err
	}
	if err := checkName("/name", c.Name); err != nil {
		return nil, err
	}
	if org.Name == c.Name {
		return nil, nil
	}
	return []Event{OrganizationRenamed{
		About{Organization: c.Organization},
		Change[string]{org.Name, c.Name},
	}}, nil
}
