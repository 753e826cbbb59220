package projections

import (
	"fmt"

	"github.com/muster-dev/muster/domain"
)

// Load reads the parts and puts them into the state, as they were at one moment.
// Afterwards the state holds every key, those of which there is nothing as
// absent. After an error it may hold some of them.
func (m *ReadModels) Load(keys []domain.Key, into *domain.State) error {
	return m.read(func(c *conn) error {
		if len(keys) == 1 {
			return c.load(keys, into)
		}
		return c.together(func() error { return c.load(keys, into) })
	})
}

func (c *conn) load(keys []domain.Key, into *domain.State) error {
	absent, err := c.absent(keys)
	if err != nil {
		return fmt.Errorf("looking for %d parts: %w", len(keys), err)
	}
	for _, k := range keys {
		if absent[k] {
			into.Put(k, nil)
			continue
		}
		p, err := c.part(k)
		if err != nil {
			return fmt.Errorf("loading %+v: %w", k, err)
		}
		into.Put(k, p)
	}
	return nil
}

// part reads one part; nil when there is none.
func (c *conn) part(k domain.Key) (domain.Part, error) {
	switch k.Kind {
	case domain.KeyOrganization:
		return part(c.organization(k.Owner))
	case domain.KeyOrganizationMember:
		return part(c.organizationMember(k.Owner, k.ID))
	case domain.KeyProfile:
		return part(c.profile(k.Owner, k.ID))
	case domain.KeyEmail:
		return part(c.emailHolder(k.Owner, k.Text))
	case domain.KeyWorkspace:
		return part(c.workspace(k.Owner))
	case domain.KeyMembership:
		return part(c.membership(k.Owner, k.ID))
	case domain.KeyToken:
		return part(c.token(k.Owner, k.ID))
	case domain.KeyDone:
		return part(c.done(k.Owner, k.ID))
	case domain.KeyCustomRole:
		return part(c.customRole(k.Owner, domain.RoleKey(k.Text)))
	case domain.KeyUserMemberships:
		return part(c.userMemberships(k.Owner, k.ID))
	default:
		return nil, fmt.Errorf("there are no parts of kind %d", k.Kind)
	}
}
