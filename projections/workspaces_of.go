package projections

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/projections/sqlite"
)

// WorkspaceAccess is a workspace that a user has access to, and the access.
type WorkspaceAccess struct {
	domain.Workspace
	Access Access // without the profile
}

// WorkspacesOf lists the workspaces of the organization that the user has access to
// at that time, the oldest first: all of them for an owner or admin of the
// organization, none for a user who is suspended from it.
func (q *Queries) WorkspacesOf(ctx context.Context, org domain.OrganizationID, user domain.UserID, at time.Time, p Page) (list List[WorkspaceAccess], err error) {
	list.Items = []WorkspaceAccess{}
	err = q.list(ctx, func(c conn) error {
		organization, err := c.organizationKey(org)
		if err != nil {
			return err
		}
		l := workspacesOf{c, q.sources, at, org, organization, user, p}
		var learn func() error
		if q.rosters != nil && q.sources == grantSources { // rosters hold what the grants from these sources are made of
			var known bool
			if known, learn, err = l.known(ctx, q.rosters, &list); known || err != nil {
				return err
			}
		}
		err = c.Together(func() error { return l.read(ctx, &list) })
		if err == nil && learn != nil {
			_ = learn() // or a later list does it
		}
		return err
	})
	return list, err
}

// workspacesOf reads a page of the workspaces that a user reaches.
type workspacesOf struct {
	conn
	table        *sourceTable
	at           time.Time
	organization domain.OrganizationID
	key          int64 // of the organization
	user         domain.UserID
	page         Page
}

// from returns where the page begins. Lists of the same user have the same person.
func (l *workspacesOf) from(person int64) (sqlite.Bookmark[sqlite.NoFilter], error) {
	return sqlite.ReadCursor(l.page, "workspaces_of", person, sqlite.NoFilter{})
}

// read reads everything from the tables. It needs a transaction.
func (l *workspacesOf) read(ctx context.Context, list *List[WorkspaceAccess]) error {
	var person int64
	var suspended time.Time
	var by sourceSet
	if err := l.Row([]any{sqlite.Number(&person), sqlite.Time(&suspended), sqlite.Number(&by)}, l.table.reaches,
		l.key, l.user[:]); err != nil && !errors.Is(err, ErrNotFound) {
		return err
	}
	from, err := l.from(person)
	text := l.table.workspaces[by]
	if err != nil || text == "" || !suspended.IsZero() {
		return err
	}
	limit := l.page.Limit()
	reached, err := l.reached(ctx, l.table, text, l.organization, l.user, limit+1, person, l.key, l.at.UnixMilli(), from.Last.N[0])
	if err != nil {
		return err
	}
	if len(reached) > limit {
		reached = reached[:limit]
		if list.Next, err = from.Cursor(sqlite.Place{N: [3]int64{reached[limit-1].key}}); err != nil {
			return err
		}
	}
	list.Items = make([]WorkspaceAccess, 0, len(reached))
	for i := range reached {
		list.Items = append(list.Items, reached[i].WorkspaceAccess)
	}
	return nil
}

// workspacesOfPerson finds all workspaces that the person ever was a member of.
const workspacesOfPerson = `SELECT workspace FROM memberships WHERE person = +?1 AND workspace > +?2 ORDER BY workspace LIMIT +?3`

// known makes the page of what rosters hold, and reports whether it could. It leaves pages that
// are not the last one to [workspacesOf.read]. If rosters should learn something, it returns a
// function for that, which must not be called in a transaction.
//
// The keys of the workspaces and the rosters are of the same moment if nothing was committed in
// between.
func (l *workspacesOf) known(ctx context.Context, r *rosters, list *List[WorkspaceAccess]) (known bool, learn func() error, err error) {
	who, known, due := r.reacher(l.key, l.user)
	switch {
	case due:
		return false, func() error { return r.learnDirectory(l.conn, l.key) }, nil
	case !known:
		return false, nil, nil
	}
	from, err := l.from(who.person)
	if err != nil || !who.reaches {
		return true, nil, err
	}
	limit := l.page.Limit()
	keys := make([]int64, 0, min(limit+1, fewWorkspaces))
	var key int64
	if err := l.Each(ctx, []any{&key}, func() {
		keys = append(keys, key)
	}, workspacesOfPerson, who.person, from.Last.N[0], limit+1); err != nil || len(keys) > limit {
		return false, nil, err
	}
	rows, known, unlearned := r.reached(&who, keys, l.at)
	switch {
	case unlearned != 0:
		w := FoundWorkspace{Organization: l.organization, key: unlearned, organizationKey: l.key}
		return false, func() error { return r.learn(l.conn, &w) }, nil
	case !known:
		return false, nil, nil
	}
	grant := grantRow{table: l.table}
	grant.grants = grant.space[:]
	list.Items = make([]WorkspaceAccess, 0, len(rows))
	for i := range rows {
		if grant.grants[0] = rows[i].grant; grant.grants[0].role == nil {
			continue
		}
		a := Access{Organization: l.organization, Workspace: rows[i].workspace.ID, User: l.user}
		grant.addTo(&a)
		l.table.addUp(&a)
		list.Items = append(list.Items, WorkspaceAccess{*rows[i].workspace, a})
	}
	return true, nil, nil
}

// fewWorkspaces is how many workspaces most users reach at most.
const fewWorkspaces = 8

type reachedWorkspace struct {
	key int64
	WorkspaceAccess
}

// reached reads up to limit workspaces with all grants that the user has there. The grants
// in one workspace may take several rows. The text is one of [sourceTable.workspaces], and
// the args are those of the text, without the limit.
func (c conn) reached(ctx context.Context, t *sourceTable, text string, org domain.OrganizationID, user domain.UserID, limit int, args ...any) ([]reachedWorkspace, error) {
	row, workspace := grantRow{table: t}, workspaceRow{Workspace: domain.Workspace{Organization: org}}
	reached := make([]reachedWorkspace, 0, min(limit, fewWorkspaces))
	err := c.Each(ctx, append(row.Dest(), &workspace), func() {
		if n := len(reached); n == 0 || reached[n-1].key != workspace.key {
			reached = append(reached, reachedWorkspace{workspace.key, WorkspaceAccess{
				workspace.Workspace, Access{Organization: org, Workspace: workspace.ID, User: user},
			}})
		}
		row.addTo(&reached[len(reached)-1].Access)
	}, text, append(args, limit)...)
	for i := range reached {
		t.addUp(&reached[i].Access)
	}
	slices.SortFunc(reached, func(a, b reachedWorkspace) int { return cmp.Compare(a.key, b.key) })
	return reached, err
}
