package projections

import (
	"context"
	"errors"
	"fmt"

	"github.com/muster-dev/muster/domain"
)

// Load reads the parts with the keys, as they were at one moment, and puts them into
// the state. It sees what has been applied, also before it is committed. Afterwards the state
// holds every key: a key without a part is held as absent. After an error the state may hold
// only some of the keys.
func (m *ReadModels) Load(keys []domain.Key, into *domain.State) error {
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

func (p *projector) load(keys []domain.Key, into *domain.State) error {
	if err := p.loadMemberships(keys, into); err != nil {
		return fmt.Errorf("loading memberships: %w", err)
	}
	unknown := make(strangers)
	for _, k := range keys {
		if k.Kind == domain.KeyMembership && into.Holds(k) {
			continue
		}
		absent, err := p.absent(k, unknown)
		var part domain.Part
		if err == nil && !absent {
			part, err = p.part(k)
		}
		if err != nil {
			return fmt.Errorf("loading %+v: %w", k, err)
		}
		into.Put(k, part)
	}
	return nil
}

// strangers are people of whom an organization is known not to know them.
type strangers map[personName]bool

// absent reports whether it is clear that there is no part with the key. Commands that add
// people ask for several parts of each, and most of these people are new. With the keys of
// rows that the projector has at hand, one look at an index tells that, instead of a query
// with several tables for every part.
func (p *projector) absent(k domain.Key, unknown strangers) (bool, error) {
	var organization int64
	var err error
	switch k.Kind {
	case domain.KeyOrganizationMember, domain.KeyProfile, domain.KeyUserMemberships, domain.KeyEmail:
		organization, err = p.organizationOf(k.Owner)
	case domain.KeyMembership:
		var ws workspaceKeys
		ws, err = p.workspaceOf(k.Owner)
		organization = ws.organization
	default:
		return false, nil
	}
	if errors.Is(err, ErrNotFound) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	if k.Kind == domain.KeyEmail {
		known, err := p.any(context.Background(), `SELECT 1 FROM people WHERE organization = +? AND folded_email = +?`, organization, k.Text)
		return !known, err
	}
	name := personName{organization, k.ID}
	if unknown[name] || p.people.Contains(name) {
		return unknown[name], nil
	}
	person, err := p.personKey(name)
	if errors.Is(err, ErrNotFound) {
		unknown[name] = true
		return true, nil
	}
	if err == nil {
		p.people.Add(name, person)
	}
	return false, err
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
