// Package sqlite opens SQLite files and runs statements on them: connections that
// keep their prepared statements, bounded pools of them, scanning, and lists that
// are read a page at a time. It knows no table and no event.
//
// It is a thin layer over database/sql and the driver, and exists because of four
// things that the standard interface leaves to its callers:
//
//   - Every statement is prepared once for each connection ([Conn]), and a
//     connection belongs to one goroutine at a time.
//   - Point reads run without a context that can end, because such a context costs
//     a quarter of their speed. Lists run with one ([Conn.Query]).
//   - Columns are scanned by types of our own ([Number], [Text], [Time] and so on),
//     which do not turn integers into text and back.
//   - A cursor is a place in the order of the rows, so that a list that is read page
//     by page loses and repeats nothing while others write ([ReadPage]).
//
// Parameters of queries are written with a plus in front of them, as in
//
//	SELECT name FROM workspaces WHERE id = +?1
//
// SQLite looks at the values of bare parameters when it plans a join, and marks the
// statement to be planned again for other values. The driver clears the values after
// every use, so it would be planned every time, which costs more than the query
// itself. SQLite does not look at a parameter that has an operator in front of it.
package sqlite
