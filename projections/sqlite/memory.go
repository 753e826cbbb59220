package sqlite

// #include "memory.h"
// #include "statement.h"
import "C"

// Cached returns how many bytes the connection takes for the pages that it holds.
func (c *Conn) Cached() int { return int(C.muster_cached(c.db)) }

// FreeMemory gives memory back to the system that connections have freed. It takes
// milliseconds, in which connections may have to wait for memory.
func FreeMemory() { C.muster_free_memory() }
