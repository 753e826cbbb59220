package projections

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections/sqlite"
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

func (c conn) load(keys []domain.Key, into *domain.State) error {
	absent, err := c.absent(keys)
	if err != nil {
		return fmt.Errorf("looking for %d parts: %w", len(keys), err)
	}
	if err := c.loadMemberships(keys, into); err != nil {
		return fmt.Errorf("loading memberships: %w", err)
	}
	for _, k := range keys {
		if k.Kind == domain.KeyMembership && into.Holds(k) {
			continue
		}
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

// A batch loads many parts at once, and most of them do not exist yet, because batches
// usually add people who are new. So before the parts are read one by one, a few
// statements look up which of the people and addresses the organization knows. The
// parts of the others need not be read.
const manyKeys = 12 // the least number of keys for which that pays

// lookup is a statement that finds which of the given values occur in a column of an
// organization's people. It has a text for each of the sizes, so that few values cost
// little.
type lookup [len(lookupSizes)]string

var (
	lookupSizes = [...]int{16, 128}
	knownUsers  = newLookup("user")
	knownEmails = newLookup("folded_email")
)

func newLookup(column string) (l lookup) {
	for i, size := range lookupSizes {
		l[i] = `SELECT ` + column + ` FROM people WHERE organization = +? AND ` + column + ` IN (` + strings.Repeat(`+?, `, size-1) + `+?)`
	}
	return l
}

// of returns the statement for that number of values, and the number it takes.
func (l *lookup) of(values int) (text string, size int) {
	for i, size := range lookupSizes {
		if values <= size {
			return l[i], size
		}
	}
	panic("more values than a statement takes")
}

// wanted holds people or addresses by organization, each with the keys of the parts to
// be loaded.
type wanted map[domain.OrganizationID]map[string][]domain.Key

func (w wanted) add(org domain.OrganizationID, who string, k domain.Key) {
	if w[org] == nil {
		w[org] = make(map[string][]domain.Key)
	}
	w[org][who] = append(w[org][who], k)
}

// absent returns keys that have no part. It does not find all of them.
func (c conn) absent(keys []domain.Key) (map[domain.Key]bool, error) {
	if len(keys) < manyKeys {
		return nil, nil
	}
	users, emails := make(wanted), make(wanted)
	workspaces := make(map[domain.WorkspaceID]domain.OrganizationID) // where each belongs; zero if it does not exist
	for _, k := range keys {
		switch k.Kind {
		case domain.KeyOrganizationMember, domain.KeyProfile, domain.KeyUserMemberships:
			users.add(k.Owner, string(k.ID[:]), k)
		case domain.KeyEmail:
			emails.add(k.Owner, k.Text, k)
		case domain.KeyMembership:
			org, ok := workspaces[k.Owner]
			if !ok {
				found, err := c.findWorkspace(k.Owner)
				if err != nil && !errors.Is(err, ErrNotFound) {
					return nil, err
				}
				org = found.Organization
				workspaces[k.Owner] = org
			}
			users.add(org, string(k.ID[:]), k)
		}
	}
	absent := make(map[domain.Key]bool, len(keys))
	return absent, errors.Join(
		c.addUnknown(absent, users, &knownUsers, func(who string) any { return []byte(who) }),
		c.addUnknown(absent, emails, &knownEmails, func(who string) any { return who }))
}

// addUnknown adds the keys of the people or addresses that the lookup does not find.
func (c conn) addUnknown(absent map[domain.Key]bool, w wanted, known *lookup, value func(who string) any) error {
	for org, unknown := range w {
		organization, err := c.organizationKey(org)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		for some := range slices.Chunk(slices.Collect(maps.Keys(unknown)), lookupSizes[len(lookupSizes)-1]) {
			text, size := known.of(len(some))
			args := make([]any, 1+size) // the remaining arguments are null, which matches nobody
			args[0] = organization
			for i, who := range some {
				args[1+i] = value(who)
			}
			if err := c.deleteKnown(unknown, text, args); err != nil {
				return err
			}
		}
		for _, keys := range unknown {
			for _, k := range keys {
				absent[k] = true
			}
		}
	}
	return nil
}

// deleteKnown deletes the people or addresses that the statement finds.
func (c conn) deleteKnown(from map[string][]domain.Key, text string, args []any) error {
	var who sqlite.Raw
	return c.Each(context.Background(), []any{&who}, func() { delete(from, string(who)) }, text, args...)
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
