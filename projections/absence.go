package projections

import (
	"database/sql"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/muster-dev/muster/domain"
)

// Whoever asks for many parts at once is about to do a batch, and most of what a
// batch is about is not there yet: it adds people whom nobody knows. So before the
// parts are read one by one, it is found out, many at a time, which people and
// addresses the organization knows; of the others there is nothing to be read.
const manyKeys = 12 // from so many on it pays

// lookup is a statement that answers which of some values a column of the people of
// an organization has: one for each of the sizes, so that a few cost little.
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

// of is the statement for so many values, and how many it takes.
func (l *lookup) of(values int) (text string, size int) {
	for i, size := range lookupSizes {
		if values <= size {
			return l[i], size
		}
	}
	panic("more values than a statement takes")
}

// wanted are people or addresses of organizations, each with the keys of what is
// asked of them.
type wanted map[domain.OrganizationID]map[string][]domain.Key

func (w wanted) add(org domain.OrganizationID, who string, k domain.Key) {
	if w[org] == nil {
		w[org] = make(map[string][]domain.Key)
	}
	w[org][who] = append(w[org][who], k)
}

// absent answers keys of which there is nothing, though not all of those.
func (c *conn) absent(keys []domain.Key) (map[domain.Key]bool, error) {
	if len(keys) < manyKeys {
		return nil, nil
	}
	users, emails := make(wanted), make(wanted)
	workspaces := make(map[domain.WorkspaceID]domain.OrganizationID) // where each belongs; nowhere when there is none
	for _, k := range keys {
		switch k.Kind {
		case domain.KeyOrganizationMember, domain.KeyProfile, domain.KeyUserMemberships:
			users.add(k.Owner, string(k.ID[:]), k)
		case domain.KeyEmail:
			emails.add(k.Owner, k.Text, k)
		case domain.KeyMembership:
			org, ok := workspaces[k.Owner]
			if !ok {
				head, err := c.workspaceHead(k.Owner)
				if err != nil && !errors.Is(err, ErrNotFound) {
					return nil, err
				}
				org = head.organization
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

// addUnknown adds the keys of those whom the lookup does not know.
func (c *conn) addUnknown(absent map[domain.Key]bool, w wanted, known *lookup, value func(who string) any) error {
	for org, unknown := range w {
		organization, err := c.organizationKey(org)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		for some := range slices.Chunk(slices.Collect(maps.Keys(unknown)), lookupSizes[len(lookupSizes)-1]) {
			text, size := known.of(len(some))
			args := make([]any, 1+size) // what is left over is null, and nobody
			args[0] = organization
			for i, who := range some {
				args[1+i] = value(who)
			}
			if err := c.remove(unknown, text, args); err != nil {
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

// remove takes those away whom the statement answers.
func (c *conn) remove(from map[string][]domain.Key, text string, args []any) error {
	rows, err := c.query(text, args...)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err says it
	var who sql.RawBytes
	for rows.Next() {
		if err := rows.Scan(&who); err != nil {
			return err
		}
		delete(from, string(who))
	}
	return rows.Err()
}
