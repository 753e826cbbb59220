package domain

import "fmt"

// Organization is the header of the organization aggregate: the tenant.
type Organization struct {
	ID   OrganizationID
	Name string
	// Owners counts the organization's owners who are not suspended. Once there is one,
	// the count never drops to 0.
	Owners int
	Stamp
}

func (o *Organization) key() Key    { return OrganizationKey(o.ID) }
func (o *Organization) clone() Part { c := *o; return &c }

// Organization returns the organization's header, or nil if there is none.
func (s *State) Organization(org OrganizationID) *Organization {
	return PartOf[*Organization](s, OrganizationKey(org))
}

// OrganizationCreated: the organization was created.
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

// organization returns the command's organization.
func (s *State) organization(m Meta) (*Organization, error) {
	if org := s.Organization(m.Organization); org != nil {
		return org, nil
	}
	return nil, fmt.Errorf("organization %s: %w", m.Organization, ErrUnknownOrganization)
}
