package projections

import (
	"context"
	"hash/maphash"
	"math"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
)

// absence knows of many parts that they do not exist. Whoever adds people asks for several
// parts of each, and most of these people are new: SQLite need not be asked for them, and
// nobody waits for the connection that writes.
//
// For each organization that is asked for, filters hold the keys of what there is. A filter
// begins to follow what is applied, and then what was there before is read into it. So it
// lacks nothing that has been applied. It may have too much: what was applied in a transaction
// that was rolled back, and what it takes for something else. Then SQLite is asked.
//
// Filters are as of the last event applied, like the tables. What was decided and is not
// applied yet is in the memory of the log's writers, which ask only for what they do not hold
// and drop nothing that cannot be loaded. So nothing is absent here that somebody is about to
// add there.
type absence struct {
	seed maphash.Seed // of all hashes, so that nobody can choose keys that collide
	most int          // bytes that all filters together may take

	mu      sync.Mutex
	filters *simplelru.LRU[filterName, *filter]
	bytes   int
	debt    int             // keys read for filters that were dropped since; each request for a missing filter pays off askingPays
	wanted  chan filterName // of filters to build

	stop  context.CancelFunc // ends what builds
	ended chan struct{}      // closed when it has ended; nil: it has not begun
}

// filterName names a filter: what an organization has of some parts.
type filterName struct {
	organization domain.OrganizationID
	of           filtered
}

// filtered says what is in a filter. Only what is asked for is built: who adds people who are
// new to the organization never needs the memberships.
type filtered int8

const (
	peopleFiltered      filtered = iota // roles in the organization, profiles, e-mail addresses, and who may have memberships
	membershipsFiltered                 // memberships
	doneFiltered                        // results of commands
)

// filter holds the keys of one name.
type filter struct {
	keys   *bloom // nil: it does not follow what is applied yet
	bytes  int    // as far as counted
	asked  int    // how often, while there was no filter
	wanted bool   // it is to be built
	ready  bool   // it lacks nothing
}

const (
	// mostAbsence is how much memory the filters may take. It suffices for about 15 million keys.
	mostAbsence = 64 << 20
	// filterBytes is what a filter takes besides its keys.
	filterBytes = 256
	// askedOften is how often somebody must have asked before a filter is built.
	askedOften = 8
	// askingPays is how many keys may be read because somebody has asked for one. It keeps
	// filters from being built and dropped in turn when they do not fit together.
	askingPays = 16
)

func newAbsence(most int) *absence {
	filters, _ := simplelru.NewLRU[filterName, *filter](math.MaxInt, nil) // fails only for a size below 1
	return &absence{seed: maphash.MakeSeed(), most: most, filters: filters, wanted: make(chan filterName, 64), stop: func() {}}
}

// ruleOut puts those of the parts into the state that are known not to exist, as absent. It
// returns the keys of the others.
func (a *absence) ruleOut(keys []domain.Key, into *domain.State) (left []domain.Key) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, k := range keys {
		if a.absent(k, into) {
			into.Put(k, nil)
		} else {
			left = append(left, k)
		}
	}
	return left
}

// absent reports whether the part is known not to exist.
func (a *absence) absent(k domain.Key, s *domain.State) bool {
	switch k.Kind {
	case domain.KeyOrganizationMember, domain.KeyProfile, domain.KeyEmail, domain.KeyUserMemberships:
		return a.lacks(a.filter(k.Owner, peopleFiltered), k)
	case domain.KeyMembership:
		ws := s.Workspace(k.Owner) // it never changes its organization
		if ws == nil {
			return false
		}
		people := a.filter(ws.Organization, peopleFiltered)
		return people != nil && (a.lacks(people, domain.UserMembershipsKey(ws.Organization, k.ID)) ||
			a.lacks(a.filter(ws.Organization, membershipsFiltered), k))
	case domain.KeyDone:
		return a.lacks(a.filter(k.Owner, doneFiltered), k)
	default: // hardly anybody asks for others that do not exist
		return false
	}
}

func (a *absence) lacks(f *filter, k domain.Key) bool { return f != nil && !f.keys.has(a.hash(k)) }

func (a *absence) hash(k domain.Key) uint64 { return maphash.Comparable(a.seed, k) }

// filter returns a filter. If there is none, or it is not ready, filter notes that it was asked
// for, and returns nil.
func (a *absence) filter(org domain.OrganizationID, of filtered) *filter {
	name := filterName{org, of}
	f, ok := a.filters.Get(name)
	if ok && f.ready {
		return f
	}
	if !ok {
		f = new(filter)
		a.filters.Add(name, f)
		a.count(f)
	}
	f.asked++
	a.debt = max(a.debt-askingPays, 0)
	if f.wanted || f.asked < askedOften || a.debt > 0 {
		return nil
	}
	select {
	case a.wanted <- name:
		f.wanted = true
	default: // much is to be built: whoever asks next tries again
	}
	return nil
}

// applies adds what the message brings into being. It is called before the message is applied.
func (a *absence) applies(m *wire.Message) {
	for i := range m.Entries {
		a.mu.Lock()
		a.recorded(&m.Entries[i].Recorded)
		a.mu.Unlock()
	}
}

func (a *absence) recorded(r *domain.Recorded) {
	if a.filters.Len() == 0 {
		return
	}
	about := r.Event.Concerns()
	org, user := about.Organization, about.User
	if !r.Request.IsZero() {
		a.add(org, doneFiltered, domain.DoneKey(org, r.Command))
	}
	profile, isProfile := r.Event.(domain.UserProfileSet)
	switch {
	case isProfile:
		a.add(org, peopleFiltered, domain.ProfileKey(org, user), domain.EmailKey(org, profile.Profile.Email))
	case user.IsZero(): // it makes nothing that has a filter
	case about.Workspace.IsZero():
		a.add(org, peopleFiltered, domain.OrganizationMemberKey(org, user))
	default:
		a.add(org, peopleFiltered, domain.UserMembershipsKey(org, user))
		a.add(org, membershipsFiltered, domain.MembershipKey(about.Workspace, user))
	}
}

// add adds keys to a filter, if it follows what is applied.
func (a *absence) add(org domain.OrganizationID, of filtered, keys ...domain.Key) {
	f, ok := a.filters.Peek(filterName{org, of})
	if !ok || f.keys == nil {
		return
	}
	a.put(f, keys)
}

func (a *absence) put(f *filter, keys []domain.Key) {
	layers := len(f.keys.layers)
	for _, k := range keys {
		f.keys.add(a.hash(k))
	}
	if len(f.keys.layers) != layers {
		a.count(f)
	}
}

// count counts what the filter takes by now. If all of them take too much, it drops those that
// were not used for the longest time.
func (a *absence) count(f *filter) {
	before := f.bytes
	f.bytes = filterBytes
	if f.keys != nil {
		f.bytes += f.keys.bytes()
	}
	a.bytes += f.bytes - before
	for a.bytes > a.most {
		_, oldest, ok := a.filters.RemoveOldest()
		if !ok {
			return
		}
		a.forget(oldest)
	}
}

// forget counts a filter that was removed.
func (a *absence) forget(f *filter) {
	a.bytes -= f.bytes
	if f.keys != nil {
		a.debt += f.keys.n
	}
}
