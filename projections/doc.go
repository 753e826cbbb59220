// Package projections makes the read models: SQLite tables, folded from the log,
// that answer every query and hold the state that commands are decided on.
//
// The read models are one file, read-models.db. Nothing in it is original: it can
// be deleted at any time and is made anew from the log ([Rebuild]).
//
// # Writing
//
// [ReadModels.Apply] takes batches of the log in order and writes their rows and
// the new checkpoints in one transaction, so that each event counts exactly once,
// whatever happens in between. Every event has one case in the projector; what
// the projector does not understand, and every gap in the log, stops it.
//
// # Reading
//
// Queries run on connections of their own and never wait for the writer. A list
// is read a [Page] at a time: a cursor is a place in the order of the rows, not a
// count of them, so that nothing is lost or repeated while others write.
//
//	page := projections.Page{Size: 100}
//	for {
//		members, err := models.Members(workspace, projections.MemberFilter{Role: domain.RoleEditor}, now, page)
//		if err != nil {
//			return err
//		}
//		show(members.Items)
//		if page.After = members.Next; page.After == "" {
//			return nil
//		}
//	}
//
// # Time
//
// Whatever shows a state or access takes the time that it is asked for: what has
// come to its end at that time is over, whether or not the event that says so has
// been written ([ReadModels.Ended]). It is not for looking back: what has been
// changed since shows as it is now.
//
// # Tables
//
//	checkpoints    how far each partition has been applied
//	organizations  one row per organization
//	people         one row per organization and user: directory entry, role in the organization
//	roles          one row per role: the built-in ones, and those of each organization's own
//	workspaces     one row per workspace
//	memberships    one row per workspace and person, removed ones included
//	tokens         one row per token, revoked ones included
//	done           what commands with an idempotency key answered
//
// Rows name each other by integer keys. A key is the position of the event that
// made the row, so two rebuilds make the same rows, byte for byte
// ([ReadModels.Fingerprint]).
//
// Access is never stored: what is inherited from the organization is found in the
// people's roles when it is asked for, and what a role gives in the table of roles.
// So a role that is taken is gone from every workspace, and one that is changed is
// another for all who have it, in the same moment.
package projections
