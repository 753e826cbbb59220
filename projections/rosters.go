package projections

import (
	"bytes"
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/muster-dev/muster/domain"
)

// rosters hold who is in the organizations and who has access to the workspaces that are
// checked most. A check that finds what it needs there needs no statement.
//
// What they hold is what queries see, at every moment. Before a transaction is committed,
// they forget everything that it changes, and until it is committed they learn nothing of
// that. So what they hold is the same before and after. What is read meanwhile is kept only
// if nothing of it has been forgotten since.
//
// Reading a directory or roster costs more than a check that reads its own rows only. So it is
// read once such checks have cost about as much.
type rosters struct {
	mu            sync.Mutex
	commits       uint64                            // odd while a transaction is being committed
	generations   uint64                            // how many have been used
	organizations *simplelru.LRU[int64, *directory] // by their keys
	workspaces    *simplelru.LRU[int64, *roster]    // by their keys
	rows, most    int                               // that all of them hold, and may hold
	people        int                               // those of the rows that directories hold
}

// maxRosterRows is how many rows all directories and rosters together hold. A membership takes 48 bytes.
const maxRosterRows = 3 << 19

// extent says how long directories or rosters may be, in rows. Most are far shorter than the longest, so the
// first attempt reads no more than the rows of a short one. So many rows cost about as much
// to read as a check.
type extent struct{ short, most, check int }

var (
	directories = extent{short: 1 << 12, most: 1 << 15, check: 64}
	workspaces  = extent{short: 1 << 9, most: 1 << 12, check: 16}
)

// learned is what directories and rosters have in common.
type learned struct {
	changed uint64 // the last transaction that has changed what is held
	misses  int    // checks and lists of workspaces that have not found it, since it was read last
	size    int    // how many rows it had then; about how many, if it was too long
	never   bool   // it is too long to be held
}

// missed notes that a check or a list of workspaces has not found what it needs, and reports
// whether the directory or roster should be read now.
func (l *learned) missed(e extent, full bool) bool {
	l.misses++
	enough := max(2, l.size/e.check)
	if full { // what is read drives out something else
		enough *= 8
	}
	if l.never || l.misses < enough {
		return false
	}
	l.misses = 0
	return true
}

// limit returns how many rows to read. A list with more is too long.
func (l *learned) limit(e extent) int {
	if l.size <= e.short {
		return e.short
	}
	return e.most
}

// read notes that so many rows were read, and reports whether they can be held.
func (l *learned) read(e extent, rows int) bool {
	limit := l.limit(e)
	l.misses, l.size = 0, rows
	if rows <= limit {
		return true
	}
	l.size, l.never = e.most, limit == e.most
	return false
}

// directory holds the people of an organization.
type directory struct {
	learned
	generation uint64 // changes with everything that concerns the organization as a whole

	// People never cease to be known, and never get another key. Those that were added
	// since the others were read are in more.
	held  bool
	users []domain.UserID // sorted
	keys  []int64         // in the same order
	more  map[domain.UserID]int64

	special map[int64]special // by the key of the person; nil: not held
}

// special is a person who is suspended, or has access to every workspace.
type special struct {
	suspended bool
	inherited grantColumns
}

// person returns the key of the user's row. It is 0 if the organization does not know them.
func (d *directory) person(user domain.UserID) int64 {
	if i, ok := slices.BinarySearchFunc(d.users, user, compareUsers); ok {
		return d.keys[i]
	}
	return d.more[user]
}

func compareUsers(a, b domain.UserID) int { return bytes.Compare(a[:], b[:]) }

func (d *directory) complete() bool { return d.held && d.special != nil }

// roster holds the row of a workspace and its active memberships, with those that have expired.
type roster struct {
	learned
	generation uint64 // of the directory
	held       bool
	row        *domain.Workspace
	members    []rosterMember // sorted by the person
	grants     []rosterGrant
}

// rosterMember is a membership. It has no pointers, so that the collector need not look at it.
type rosterMember struct {
	person   int64
	position int64 // of the event; above rosterBits, which grant it is
	event    domain.EventID
	id       domain.MembershipID
}

const rosterBits = 48

// rosterGrant is what memberships with the same role, permissions and end give.
type rosterGrant struct {
	role        *domain.Role
	permissions []domain.Permission
	expires     int64 // 0: never
}

func newRosters() *rosters {
	const organizations, workspaces = 1 << 12, 1 << 15
	r := &rosters{most: maxRosterRows}
	// They fail only for a size that is not positive.
	r.organizations, _ = simplelru.NewLRU(organizations, func(_ int64, d *directory) { r.addPeople(-len(d.users)) })
	r.workspaces, _ = simplelru.NewLRU(workspaces, func(_ int64, s *roster) { r.rows -= len(s.members) })
	return r
}

// directory returns the directory of the organization.
func (r *rosters) directory(organization int64) *directory {
	d, ok := r.organizations.Get(organization)
	if !ok {
		r.generations++
		d = &directory{learned: r.unlearned(), generation: r.generations}
		r.organizations.Add(organization, d)
	}
	return d
}

// roster returns the roster of the workspace.
func (r *rosters) roster(workspace int64) *roster {
	s, ok := r.workspaces.Get(workspace)
	if !ok {
		s = &roster{learned: r.unlearned()}
		r.workspaces.Add(workspace, s)
	}
	return s
}

// unlearned returns what a new list begins with. It might be one that was forgotten when the
// current transaction began.
func (r *rosters) unlearned() (l learned) {
	if r.committing() {
		l.changed = r.commits
	}
	return l
}

func (r *rosters) committing() bool { return r.commits%2 == 1 }

// unsure reports whether the list changes with the transaction that is being committed.
func (r *rosters) unsure(l *learned) bool { return r.committing() && l.changed == r.commits }

// check sets the row to the user's grants at that time, and reports whether it could. If it
// could not, due says whether to learn what was missing.
func (r *rosters) check(w *FoundWorkspace, user domain.UserID, at time.Time, row *grantRow) (found, due bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	d, s := r.directory(w.organizationKey), r.roster(w.key)
	if !d.complete() {
		return false, d.missed(directories, r.full())
	}
	row.grants = row.space[:]
	person := d.person(user)
	if person == 0 {
		return true, false
	}
	special := d.special[person]
	if special.suspended {
		return true, false
	}
	if !s.current(d) {
		return false, s.missed(workspaces, r.full())
	}
	row.grants[0], row.grants[1] = s.grant(person, at), special.inherited
	return true, false
}

// current reports whether the roster is held, and is about the directory's roles.
func (s *roster) current(d *directory) bool { return s.held && s.generation == d.generation }

// grant returns what the person's membership gives at that time.
func (s *roster) grant(person int64, at time.Time) (g grantColumns) {
	i, ok := slices.BinarySearchFunc(s.members, person, func(m rosterMember, key int64) int { return cmp.Compare(m.person, key) })
	if !ok {
		return g
	}
	m := &s.members[i]
	if is := &s.grants[m.position>>rosterBits]; is.expires == 0 || is.expires > at.UnixMilli() {
		g = grantColumns{
			role: is.role, permissions: is.permissions,
			event: m.event, position: m.position & (1<<rosterBits - 1), membership: m.id,
		}
	}
	return g
}

func (r *rosters) full() bool { return r.rows > r.most/8*7 }

// makeRoom forgets the lists that were used least recently, if there are too many rows:
// directories as long as they hold more than half of the rows, and otherwise workspaces.
func (r *rosters) makeRoom() {
	for r.rows > r.most {
		if r.people > r.rows/2 {
			r.organizations.RemoveOldest()
		} else {
			r.workspaces.RemoveOldest()
		}
	}
}

// addPeople counts people that directories hold.
func (r *rosters) addPeople(n int) {
	r.people += n
	r.rows += n
}

// change is something that a transaction changes: a workspace or its memberships, everything
// that concerns an organization as a whole, or a person who is new to an organization. Workspaces
// and organizations are named by their keys, and the other key is 0.
type change struct {
	workspace    int64
	organization int64
	user         domain.UserID
	person       int64 // the key of the new person's row
}

// begin forgets what a transaction changes that is about to be committed. If it could not be
// committed, it must begin again.
func (r *rosters) begin(changes []change) {
	r.mu.Lock()
	if !r.committing() {
		r.commits++
	}
	r.mu.Unlock()
	for i := range changes {
		r.forget(&changes[i])
	}
}

// end notes that the transaction is committed.
func (r *rosters) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.commits++
}

func (r *rosters) forget(c *change) {
	r.mu.Lock() // for each, so that no check waits for all of them
	defer r.mu.Unlock()
	if c.workspace != 0 {
		if s, ok := r.workspaces.Peek(c.workspace); ok {
			r.rows -= len(s.members)
			s.held, s.row, s.members, s.grants, s.changed = false, nil, nil, nil, r.commits
		}
		return
	}
	d, ok := r.organizations.Peek(c.organization)
	switch {
	case !ok:
	case c.person == 0:
		r.generations++
		d.generation, d.special, d.changed = r.generations, nil, r.commits
	case d.never:
	case len(d.more) < directories.short/4+len(d.users)/4:
		// It does not matter that they are known before the transaction is committed: they
		// have no access until then, like anybody who is not known.
		if d.more == nil {
			d.more = make(map[domain.UserID]int64)
		}
		d.more[c.user] = c.person
	default: // they are read again
		r.addPeople(-len(d.users))
		d.held, d.users, d.keys, d.more, d.changed = false, nil, nil, nil, r.commits
	}
}
