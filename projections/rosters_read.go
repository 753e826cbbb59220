package projections

import (
	"cmp"
	"context"
	"slices"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections/sqlite"
)

// learn reads what is missing for checks of the workspace, and for lists that have it. The connection must not be in a
// transaction, which might be older than what was forgotten last.
func (r *rosters) learn(c conn, w *FoundWorkspace) error {
	r.mu.Lock()
	d, s := r.directory(w.organizationKey), r.roster(w.key)
	directory, workspace, before := *d, *s, s
	unsure := r.unsure(&d.learned) || r.unsure(&s.learned)
	r.mu.Unlock()
	switch {
	case unsure:
		return nil // a later check may do it
	case !directory.complete():
		return r.learnDirectory(c, w.organizationKey)
	}
	read := roster{learned: workspace.learned, generation: directory.generation}
	row, err := c.foundWorkspace(w)
	if err == nil {
		err = c.readRoster(w.key, &read)
	}
	if err != nil {
		return err
	}
	read.row = row
	r.mu.Lock()
	defer r.mu.Unlock()
	if s, ok := r.workspaces.Peek(w.key); ok && s == before && s.changed == workspace.changed {
		r.rows += len(read.members) - len(s.members)
		*s = read
		r.makeRoom()
	}
	return nil
}

// learnDirectory is [rosters.learn] for the directory of an organization.
func (r *rosters) learnDirectory(c conn, organization int64) error {
	r.mu.Lock()
	before := *r.directory(organization)
	unsure := r.unsure(&before.learned)
	r.mu.Unlock()
	if unsure || before.complete() {
		return nil
	}
	read := before
	if !read.held {
		if err := c.readPeople(organization, &read); err != nil || !read.held {
			r.keep(organization, &before, func(d *directory) { d.learned = read.learned })
			return err
		}
	}
	special, err := c.readSpecial(organization)
	if err != nil {
		return err
	}
	r.keep(organization, &before, func(d *directory) {
		r.addPeople(len(read.users) - len(d.users))
		d.learned, d.held, d.users, d.keys, d.special = read.learned, true, read.users, read.keys, special
		r.makeRoom()
	})
	return nil
}

// keep calls the function with the directory, unless what it holds has been forgotten.
func (r *rosters) keep(organization int64, before *directory, f func(*directory)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if d, ok := r.organizations.Peek(organization); ok && d.generation == before.generation && d.changed == before.changed {
		f(d)
	}
}

// readPeople reads the people of an organization.
func (c conn) readPeople(organization int64, d *directory) error {
	var user domain.UserID
	var key int64
	var users []domain.UserID
	var keys []int64
	err := c.Each(context.Background(), []any{scanID(&user), sqlite.Number(&key)}, func() {
		users, keys = append(users, user), append(keys, key)
	}, `SELECT user, key FROM people WHERE organization = +? ORDER BY user LIMIT +?`, organization, d.limit(directories)+1)
	if err == nil && d.read(directories, len(users)) {
		d.held, d.users, d.keys = true, slices.Clone(users), slices.Clone(keys) // without the room that they have grown by
	}
	return err
}

// readSpecial reads the special people of an organization.
func (c conn) readSpecial(organization int64) (map[int64]special, error) {
	const columns = `SELECT p.key, p.suspended_at IS NOT NULL, ` + inheritedRole + `, p.role_event, p.role_position FROM people p WHERE p.organization = +?1 AND `
	found := make(map[int64]special)
	var key int64
	var s special
	err := c.Each(context.Background(), []any{
		sqlite.Number(&key), sqlite.Flag(&s.suspended), scanRolePointer(&s.inherited.role), scanEvent(&s.inherited.event), sqlite.Number(&s.inherited.position),
	}, func() { found[key] = s }, columns+inherits+` UNION ALL `+columns+`p.suspended_at IS NOT NULL`, organization)
	return found, err
}

// shortRoster is how many members there is room for when a roster is read.
const shortRoster = 128

// readRoster reads the active memberships of a workspace.
func (c conn) readRoster(workspace int64, s *roster) error {
	type name struct {
		role        int64
		permissions string
		replaced    bool // by the permissions
		expires     int64
	}
	var (
		m           rosterMember
		active      bool
		role        *domain.Role
		key         int64
		permissions []domain.Permission
		expires     int64
		rows        int
		members     = make([]rosterMember, 0, shortRoster)
		grants      []rosterGrant
	)
	known := make(map[name]int)
	err := c.Each(context.Background(), []any{
		sqlite.Number(&m.person), sqlite.Flag(&active), sqlite.Number(&key), scanRolePointer(&role), sqlite.Words(&permissions), sqlite.Number(&expires),
		scanEvent(&m.event), sqlite.Number(&m.position), scanID(&m.id),
	}, func() {
		if rows++; !active {
			return
		}
		is := name{key, sqlite.JoinWords(permissions), permissions != nil, expires}
		n, ok := known[is]
		if !ok {
			n = len(grants)
			known[is], grants = n, append(grants, rosterGrant{role, permissions, expires})
		}
		m.position |= int64(n) << rosterBits
		members = append(members, m)
	}, `
		SELECT m.person, m.state = 'active', m.role, `+membershipRole+`, m.permissions, m.expires_at, m.granted_by, coalesce(m.granted_position, m.key), m.id
		FROM memberships m WHERE m.workspace = +? LIMIT +?`, workspace, s.limit(workspaces)+1)
	if err != nil || !s.read(workspaces, rows) {
		return err
	}
	slices.SortFunc(members, func(a, b rosterMember) int { return cmp.Compare(a.person, b.person) })
	s.held, s.members, s.grants = true, slices.Clone(members), grants // without the room that was left
	return nil
}
