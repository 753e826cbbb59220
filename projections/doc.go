// Package projections keeps the read models: SQLite tables, folded from the log, that
// serve every query and hold the state that commands are decided on.
//
// The read models are one file, read-models.db. Nothing in it is original: it can be
// deleted at any time and rebuilt from the log ([Rebuild]).
//
// # Writing
//
// [ReadModels.Apply] takes messages of the log in order and writes their rows and the
// new checkpoints in one transaction. So each event counts exactly once, whatever
// happens in between. Every event has one case in the projector. An event that the
// projector does not understand, or a gap in the log, stops it.
//
// # Reading
//
// Queries run on their own connections and never wait for the writer. Lists use other
// connections than point reads do, and take a context that interrupts them. A list is
// read one [Page] at a time. A cursor is a place in the order of the rows, not a count
// of them, so no row is lost or repeated when the table changes between two pages.
//
//	found, err := models.FindWorkspace(workspace)
//	if err != nil {
//		return err
//	}
//	page := projections.Page{Size: 100}
//	for {
//		members, err := models.Members(ctx, found, projections.MemberFilter{Role: domain.RoleEditor}, now, page)
//		if err != nil {
//			return err
//		}
//		show(members.Items)
//		if page.After = members.Next; page.After == "" {
//			return nil
//		}
//	}
//
// # Access
//
// Access is never stored. It is what the grants of a user add up to, and every query
// looks the grants up: inherited ones in the roles of people, direct ones in the
// memberships, and the permissions of a role in the table of roles. So a role that is
// changed or taken away takes effect in every workspace at the same moment.
//
// Where grants come from is a table in Go ([Source]). The statements of all queries
// about access are made from it, so another source of grants is another row.
//
// Checks are the most frequent queries. Who is in an organization, and who has access to a
// workspace, is kept in memory for those that are checked often ([ReadModels.Check]). It is
// dropped before the transaction that changes it is committed, so a check says the same as a
// query does. The last page of a user's workspaces is made of it, too, unless the user is an owner or
// admin of the organization ([ReadModels.WorkspacesOf]).
//
// # Time
//
// Queries that return a state or access take a time. A membership or an invitation that
// has ended by then counts as ended, even if no event has recorded the end yet
// ([ReadModels.Ended]). The time is not for looking into the past: a query with an
// earlier time still sees all changes made since.
//
// # The past
//
// The [History] has every version of the rows that describe organizations, people, roles,
// workspaces and memberships, in a file of its own. [ReadModels.AsOf] returns the same queries,
// which then see the rows as they were at a position. Their statements are the same, too: on
// the connections to the history, the names of the tables are those of views. Versions are
// written by triggers when the projector changes a row, so there is only one way in which an
// event becomes rows. The history is applied a little later than the tables of now, in larger
// transactions, so that commands do not pay for it.
//
// # Absence
//
// Commands that add people ask for parts that hardly ever exist ([ReadModels.Load]). For each
// organization that is asked for, filters in memory rule nearly all of them out, so nobody
// waits for the tables.
//
// # Tables
//
//	checkpoints    how far each partition has been applied
//	organizations  one row per organization
//	people         one row per organization and user: directory entry, role in the organization
//	roles          one row per role: the built-in ones, and those of each organization
//	workspaces     one row per workspace
//	memberships    one row per workspace and person, including removed ones
//	tokens         one row per token, including revoked ones
//	subscriptions  one row per subscription, including deleted ones
//	done           the results of commands with an idempotency key
//
// Rows refer to each other by integer keys. A key is the position of the event that
// made the row, so two rebuilds make the same rows, byte for byte
// ([ReadModels.Fingerprint]).
package projections
