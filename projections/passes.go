package projections

import (
	"errors"
	"syscall"

	"github.com/muster-dev/muster/projections/sqlite"
)

// Passes reports whether [Open] or [Rebuild] may succeed later where it has failed now, as on
// a full disk.
func Passes(err error) bool {
	return sqlite.Passes(err) || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}
