package checksum

// #cgo CFLAGS: -DSQLITE_CKSUMVFS_STATIC
// #cgo darwin LDFLAGS: -Wl,-undefined,dynamic_lookup
// #include "gaps.h"
// int sqlite3_register_cksumvfs(const char *);
import "C"

import (
	_ "github.com/mattn/go-sqlite3" // SQLite itself, which the C code calls
)

const (
	// VFS is the name under which SQLite knows the file system with checksums and without
	// remains of rows.
	VFS = "muster"
	// ReservedBytes is how many bytes at the end of each page a database must reserve for
	// the checksum. In a database that reserves another number, nothing is checked.
	ReservedBytes = 8
)

func init() {
	// All connections of the process would take turns to count, at every piece of memory.
	if code := C.muster_uncounted(); code != 0 {
		panic("SQLite is used before it is configured")
	}
	if code := C.sqlite3_register_cksumvfs(nil); code != 0 {
		panic("SQLite does not take the file system with checksums")
	}
	if code := C.muster_register_gaps(); code != 0 {
		panic("SQLite does not take the file system without remains of rows")
	}
}
