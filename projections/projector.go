package projections

import (
	"errors"
	"fmt"
	"slices"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections/sqlite"
)

// projector turns events into rows, on the one connection that writes.
type projector struct {
	conn
	checkpoints []wire.Checkpoint // as of the current transaction
	absence     *absence          // learns what is applied; nil for a file that is being built

	versions bool // it writes the history
	indexed  bool // see [projector.indexPeople]

	begun   bool           // there is a transaction
	applied []wire.Message // in it
	took    time.Duration  // to apply them
	lost    bool           // something has failed, and the transaction does not have all of them

	// Keys of rows, by what the rows are about. The current transaction may have made
	// some of the rows, so these and the connection's facts are emptied when it is rolled
	// back.
	roles *lru.Cache[roleName, int64]

	// These values are published when the transaction is committed. What may have changed
	// stays noted until then.
	revoked []uint64 // for every partition, the number of the last event that revoked a token
	// erasures are the numbers of the last events, of each partition, that have erased somebody. They
	// are 0 until this projector applies one.
	erasures []uint64
	end      time.Time // see [ReadModels.NextEnd]
	ends     bool      // end may have changed

	offboarding time.Time // see [ReadModels.NextOffboarding]
	unrecorded  bool      // offboarding may have changed

	erasure  time.Time // see [ReadModels.NextErasure]
	unerased bool      // erasure may have changed
	erased   bool      // the transaction overwrites personal data, of which the WAL has copies

	building bool          // a new file: what is erased from the results of commands is noted, and erased at its end
	toErase  []doneErasure // what is noted

	subscriptions []domain.SubscriptionID // that have changed; see [ReadModels.ChangedSubscriptions]

	rosters *rosters // nil while there are no readers
	changes []change // of the transaction, for the rosters
}

type roleName struct {
	organization int64
	role         domain.RoleKey
}

func newProjector(c conn, partitions int) (*projector, error) {
	roles, err := lru.New[roleName, int64](1 << 13)
	c.facts = newWriterFacts()
	p := &projector{
		conn: c, checkpoints: make([]wire.Checkpoint, partitions),
		roles:   roles,
		revoked: make([]uint64, partitions), erasures: make([]uint64, partitions),
	}
	return p, errors.Join(err, p.readCheckpoints())
}

func (p *projector) readCheckpoints() error {
	checkpoints, err := p.conn.checkpoints()
	if err == nil && len(checkpoints) != len(p.checkpoints) {
		err = fmt.Errorf("there are %d checkpoints for %d partitions", len(checkpoints), len(p.checkpoints))
	}
	if err == nil {
		p.checkpoints = slices.Clone(checkpoints)
	}
	return err
}

// organizationOf returns the key of the organization's row.
func (p *projector) organizationOf(id domain.OrganizationID) (int64, error) {
	key, err := p.organizationKey(id)
	if err != nil {
		return 0, fmt.Errorf("organization %s: %w", id, err)
	}
	return key, nil
}

// workspaceOf returns the workspace with the keys of its row and of its organization's.
func (p *projector) workspaceOf(id domain.WorkspaceID) (FoundWorkspace, error) {
	found, err := p.findWorkspace(id)
	if err != nil {
		return found, fmt.Errorf("workspace %s: %w", id, err)
	}
	return found, nil
}

// roleOf returns the key of the role's row.
func (p *projector) roleOf(org domain.OrganizationID, role domain.RoleKey) (int64, error) {
	if key, ok := builtInKey(role); ok {
		return key, nil
	}
	organization, err := p.organizationOf(org)
	if err != nil {
		return 0, err
	}
	name := roleName{organization, role}
	if key, ok := p.roles.Get(name); ok {
		return key, nil
	}
	key, err := p.roleKey(organization, role)
	if err != nil {
		return 0, fmt.Errorf("role %q: %w", role, err)
	}
	p.roles.Add(name, key)
	return key, nil
}

// person returns the key of the user's row in the organization, and makes the row if
// there is none.
func (p *projector) person(org domain.OrganizationID, user domain.UserID, key int64) (int64, error) {
	organization, err := p.organizationOf(org)
	if err != nil {
		return 0, err
	}
	name := personName{organization, user}
	person, err := p.personKey(name) // most are there
	if errors.Is(err, ErrNotFound) {
		person, _, err = p.newPerson(name, key, `INSERT INTO people (key, organization, user) VALUES (?, ?, ?)`)
	}
	return person, err
}

// personKey returns the key of a person's row.
func (c conn) personKey(name personName) (key int64, err error) {
	if key, ok := c.facts.person(name); ok {
		return key, nil
	}
	if err = c.Row([]any{sqlite.Number(&key)}, `SELECT key FROM people WHERE organization = +? AND user = +?`, name.organization, name.user[:]); err == nil {
		c.facts.addPerson(name, key)
	}
	return key, err
}

// newPerson makes a person's row if there is none. It returns the row's key and whether
// the row is new.
func (p *projector) newPerson(name personName, key int64, text string, more ...any) (person int64, made bool, err error) {
	n, err := p.Exec(text, append([]any{key, name.organization, name.user[:]}, more...)...)
	if err == nil && n == 0 {
		key, err = p.personKey(name)
	}
	if err == nil {
		p.facts.addPerson(name, key)
		if n > 0 {
			p.note(change{organization: name.organization, user: name.user, person: key})
		}
	}
	return key, n > 0, err
}

// note notes something for the rosters.
func (p *projector) note(c change) {
	if p.rosters != nil && (len(p.changes) == 0 || p.changes[len(p.changes)-1] != c) {
		p.changes = append(p.changes, c)
	}
}

// noteAccess notes what the event changes for rosters.
func (p *projector) noteAccess(event domain.Event) error {
	about := event.Concerns()
	switch e := event.(type) {
	case domain.OrganizationCreated, domain.OrganizationRenamed,
		domain.UserProfileSet, domain.UserErasureRequested, domain.UserErased,
		domain.WorkspaceCreated, domain.TokenIssued, domain.TokenRotated, domain.TokenRevoked,
		domain.SubscriptionCreated, domain.SubscriptionUpdated, domain.SubscriptionPaused, domain.SubscriptionResumed, domain.SubscriptionRewound,
		domain.SubscriptionSkipped, domain.SubscriptionSecretRotated, domain.SubscriptionDeleted,
		domain.ReviewOpened, domain.ReviewRowDecided, domain.ReviewClosed:
		return nil
	case domain.MemberInvited, domain.MemberAdded, domain.MemberAccepted, domain.MemberInvitationRenewed, domain.MemberRoleChanged,
		domain.MemberPermissionsChanged, domain.MemberExpiryChanged, domain.MemberSuspended, domain.MemberReinstated,
		domain.MemberRemoved, domain.MemberLeft, domain.MemberExpired, domain.WorkspaceOwnershipTransferred,
		domain.WorkspaceRenamed, domain.WorkspaceArchived, domain.WorkspaceRestored:
		found, err := p.workspaceOf(about.Workspace)
		p.note(change{workspace: found.key})
		return err
	case domain.OrganizationMemberAdded:
		if _, ok := e.Role.Inherited(); !ok {
			return nil // it gives no access
		}
	case domain.OrganizationMemberRoleChanged, domain.OrganizationMemberRemoved, domain.OrganizationMemberSuspended, domain.OrganizationMemberReinstated,
		domain.RoleCreated, domain.RoleUpdated, domain.RoleArchived:
	}
	organization, err := p.organizationOf(about.Organization)
	p.note(change{organization: organization})
	return err
}

// mayEnd notes that the earliest end may have changed. That is so if the event sets an
// end, and whenever there was an earliest end, which may be gone.
func (p *projector) mayEnd(ends bool) { p.ends = p.ends || ends || !p.end.IsZero() }
