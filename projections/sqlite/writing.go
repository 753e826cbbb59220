package sqlite

// #include "writing.h"
import "C"

func init() {
	if code := C.muster_watch_writes(); code != 0 {
		panic("SQLite does not let its writes be watched")
	}
}

// Commit ends the transaction of a database that has a WAL. It is COMMIT with fewer system
// calls.
func (c *Conn) Commit() error {
	_, err := c.begin(commit, 0, "COMMIT", nil, &c.row)
	return c.noted(err)
}
