package projections

import (
	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/muster-dev/muster/domain"
)

// facts holds keys of rows, and which organization a workspace belongs to. Neither changes, and
// rows are never deleted, so what was committed stays right. The connection that writes also
// finds rows that are not committed. It purges its facts when they are rolled back.
type facts struct {
	workspaces    *lru.Cache[domain.WorkspaceID, FoundWorkspace]
	organizations *lru.Cache[domain.OrganizationID, int64]
	people        *lru.Cache[personName, int64] // nil for readers
}

// personName names a person's row.
type personName struct {
	organization int64
	user         domain.UserID
}

// factsSize is how many workspaces and organizations are held. They take up to 10 MB.
const factsSize = 1 << 15

func newFacts() *facts {
	// They fail only for a size that is not positive.
	workspaces, _ := lru.New[domain.WorkspaceID, FoundWorkspace](factsSize)
	organizations, _ := lru.New[domain.OrganizationID, int64](factsSize)
	return &facts{workspaces: workspaces, organizations: organizations}
}

// newWriterFacts returns facts that have the keys of people, too. What a command must see of
// a person is loaded shortly before its events are applied, so it hardly helps to know more.
func newWriterFacts() *facts {
	f := newFacts()
	f.people, _ = lru.New[personName, int64](factsSize / 2)
	return f
}

// purge forgets everything that a writer knows. What was not committed may have been rolled
// back.
func (f *facts) purge() {
	f.workspaces.Purge()
	f.organizations.Purge()
	f.people.Purge()
}

func (f *facts) workspace(id domain.WorkspaceID) (FoundWorkspace, bool) {
	if f == nil {
		return FoundWorkspace{}, false
	}
	return f.workspaces.Get(id)
}

func (f *facts) addWorkspace(w FoundWorkspace) {
	if f != nil {
		f.workspaces.Add(w.ID, w)
	}
}

func (f *facts) organization(id domain.OrganizationID) (int64, bool) {
	if f == nil {
		return 0, false
	}
	return f.organizations.Get(id)
}

func (f *facts) addOrganization(id domain.OrganizationID, key int64) {
	if f != nil {
		f.organizations.Add(id, key)
	}
}

func (f *facts) person(name personName) (int64, bool) {
	if f == nil || f.people == nil {
		return 0, false
	}
	return f.people.Get(name)
}

func (f *facts) addPerson(name personName, key int64) {
	if f != nil && f.people != nil {
		f.people.Add(name, key)
	}
}
