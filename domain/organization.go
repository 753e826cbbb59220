package domain

import (
	"fmt"
	"time"
)

// Organization is the header of the organization aggregate: the tenant.
type Organization struct {
	ID   OrganizationID
	Name string
	// Owners counts the organization's owners; it is never 0 again once it was 1.
	Owners int
	Stamp
}

func (o *Organization) clone() Part { c := *o; return &c }

// OrganizationCreated: there is a new organization.
type OrganizationCreated struct {
	About `json:"-"`
	Name  string `json:"name"`
}

// OrganizationRenamed: the organization has another name.
type OrganizationRenamed struct {
	About `json:"-"`
	Name  Change[string] `json:"name"`
}

// EventType is muster.organization.created.
func (OrganizationCreated) EventType() string { return "muster.organization.created" }

// EventType is muster.organization.renamed.
func (OrganizationRenamed) EventType() string { return "muster.organization.renamed" }

func (o *Organization) rename(e OrganizationRenamed, r *Recorded) {
	o.Name = e.Name.To
	o.touch(r)
}

// CreateOrganization makes an organization and its first owner.
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

func (c CreateOrganization) needs(*State) []Key {
	return []Key{
		OrganizationMemberKey(c.Organization, c.Owner),
		ProfileKey(c.Organization, c.Owner),
		EmailKey(c.Organization, c.Profile.Email),
	}
}

func (c CreateOrganization) decide(s *State, _ time.Time) ([]Event, error) {
	// Nobody belongs to an organization that does not exist yet.
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
	if err := c.Profile.check("/owner"); err != nil {
		return nil, err
	}
	about := About{Organization: c.Organization}
	owner := About{Organization: c.Organization, User: c.Owner}
	return []Event{
		OrganizationCreated{about, c.Name},
		UserProfileSet{owner, c.Profile},
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

func (c RenameOrganization) target(*State) Key  { return OrganizationKey(c.Organization) }
func (c RenameOrganization) needs(*State) []Key { return nil }

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

// organization answers the command's organization.
func (s *State) organization(m Meta) (*Organization, error) {
	if org := s.Organization(m.Organization); org != nil {
		return org, nil
	}
	return nil, fmt.Errorf("organization %s: %w", m.Organization, ErrUnknownOrganization)
}
