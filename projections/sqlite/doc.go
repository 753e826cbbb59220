// Package sqlite opens SQLite files and runs statements on them: connections that
// keep their prepared statements, bounded pools of them, scanning, and lists that
// are read a page at a time. It knows no table and no event.
//
// It binds SQLite's C library, which comes with github.com/mattn/go-sqlite3, and takes the
// place of database/sql and that module's driver. A statement costs a quarter of what it does
// through those:
//
//   - Every statement is prepared once for each connection ([Conn]), and a
//     connection belongs to one goroutine at a time.
//   - A statement is one call from Go to C, which binds all arguments and returns all rows,
//     or as many as have room in a buffer (statement.c).
//   - Columns are scanned from that buffer by types of our own ([Number], [Text], [Time] and
//     so on), without an allocation for each.
//   - A commit writes many frames of the WAL with one system call, and the WAL is moved into
//     the file in pieces that do not keep the disk busy for long (writing.c).
//   - Point reads run without a context that can end. Lists run with one ([Conn.Query]),
//     whose end interrupts the statement.
//   - A cursor is a place in the order of the rows, so that a list that is read page
//     by page loses and repeats nothing while others write ([ReadPage]).
//
// Parameters of queries are written with a plus in front of them, as in
//
//	SELECT name FROM workspaces WHERE id = +?1
//
// SQLite looks at the values of bare parameters when it plans a join, and marks the
// statement to be planned again for other values. Values are cleared after
// every use, so it would be planned every time, which costs more than the query
// itself. SQLite does not look at a parameter that has an operator in front of it.
package sqlite
