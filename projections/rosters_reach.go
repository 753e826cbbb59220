package projections

import (
	"time"

	"github.com/muster-dev/muster/domain"
)

// reacher is a user whose workspaces are asked for.
type reacher struct {
	organization int64
	person       int64  // the key of the person; 0 if the organization does not know the user
	reaches      bool   // the user may have access to workspaces, by memberships only
	commits      uint64 // the moment of which this is
}

// reacher looks the user up, and reports whether it could. It cannot while a transaction is
// being committed, nor say anything of those who have access to every workspace. If the
// directory is not held, due says whether to learn it.
func (r *rosters) reacher(organization int64, user domain.UserID) (who reacher, known, due bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	d := r.directory(organization)
	if !d.complete() {
		return who, false, d.missed(directories, r.full())
	}
	person := d.person(user)
	special := d.special[person]
	if r.committing() || special.inherited.role != nil {
		return who, false, false
	}
	return reacher{organization, person, person != 0 && !special.suspended, r.commits}, true, false
}

// reachedRow is a workspace, and what a membership of it gives.
type reachedRow struct {
	workspace *domain.Workspace
	grant     grantColumns // without a role if it gives nothing
}

// reached returns what the user's memberships of the workspaces with the keys give at that
// time. It can do so if all rosters are held, and nothing has been committed since the reacher
// was looked up. Otherwise due is the key of the workspace whose roster should be learned, or
// 0 if there is none.
func (r *rosters) reached(who *reacher, keys []int64, at time.Time) (rows []reachedRow, known bool, due int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.commits != who.commits {
		return nil, false, 0
	}
	d := r.directory(who.organization)
	rows, known = make([]reachedRow, len(keys)), true
	for i, key := range keys {
		s := r.roster(key)
		if s.current(d) {
			rows[i] = reachedRow{s.row, s.grant(who.person, at)}
			continue
		}
		if known = false; s.missed(workspaces, r.full()) {
			return nil, false, key
		}
	}
	return rows, known, 0
}
