package projections

import (
	"errors"
	"fmt"

	"github.com/muster-dev/muster/domain"
)

// Load reads the parts with the keys, as they were at one moment, and puts them into
// the state. It sees what has been applied, also before it is committed. Afterwards the state
// holds every key: a key without a part is held as absent. After an error the state may hold
// only some of the keys.
func (m *ReadModels) Load(keys []domain.Key, into *domain.State) error {
	if err := m.usable(); err != nil {
		return err
	}
	keys = m.absence.ruleOut(keys, into)
	if len(keys) == 0 {
		return nil // nobody who writes is waited for
	}
	return m.write(func(p *projector) error {
		if p.lost { // nothing may be decided on tables that lack what was there before
			if err := p.redo(); err != nil {
				return err
			}
		}
		if !p.begun && len(keys) > 1 {
			return p.Together(func() error { return p.load(keys, into) })
		}
		err := p.load(keys, into)
		p.lost = p.begun && err != nil // some errors end a transaction
		return err
	})
}

func (c conn) load(keys []domain.Key, into *domain.State) error {
	if err := c.loadMemberships(keys, into); err != nil {
		return fmt.Errorf("loading memberships: %w", err)
	}
	for _, k := range keys {
		if into.Holds(k) { // the key is there twice, or the membership was read with others
			continue
		}
		part, err := c.part(k)
		if err != nil {
			return fmt.Errorf("loading %+v: %w", k, err)
		}
		into.Put(k, part)
	}
	return nil
}

// manyMemberships is the least number of memberships of one user for which it pays to
// read all that the user has.
const manyMemberships = 100

// loadMemberships puts memberships of users into the state of whom many are wanted. Their
// removal from an organization needs all of them, and reading those together takes a
// fraction of the time. It leaves out the others, and those of a user with the same id in
// another organization than the first membership: they are read one by one.
func (c conn) loadMemberships(keys []domain.Key, into *domain.State) error {
	if len(keys) < manyMemberships {
		return nil
	}
	wanted := make(map[domain.UserID]map[domain.Key]bool)
	for _, k := range keys {
		if k.Kind != domain.KeyMembership {
			continue
		}
		if wanted[k.ID] == nil {
			wanted[k.ID] = make(map[domain.Key]bool)
		}
		wanted[k.ID][k] = true
	}
	for user, memberships := range wanted {
		if len(memberships) < manyMemberships {
			continue
		}
		for k := range memberships {
			found, err := c.findWorkspace(k.Owner)
			if errors.Is(err, ErrNotFound) {
				break // none of them is read together
			}
			if err != nil {
				return err
			}
			if err := c.membershipsOf(found.organizationKey, user, func(m domain.Membership) {
				if k := domain.KeyOf(&m); memberships[k] {
					into.Put(k, &m)
				}
			}); err != nil {
				return err
			}
			break // what is in another organization is left out
		}
	}
	return nil
}
