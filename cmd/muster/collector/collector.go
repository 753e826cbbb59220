package collector

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"

	"github.com/KimMachineGun/automemlimit/memlimit"
)

// Room is by how much the heap may grow at least before it is collected, in bytes.
const Room = 64 << 20

// share is the part of a control group's memory that Go may use, in hundredths.
const share = 70

// byDefault is Go's own GOGC: by how much the heap may grow, in hundredths of what is
// alive.
const byDefault = 100

// Tune sets the collector for the rest of the process. Only the first call does something.
var Tune = sync.OnceFunc(func() { tune(memlimit.FromCgroup) })

func tune(limit func() (uint64, error)) {
	if os.Getenv("GOGC") == "" {
		follow()
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		if bytes, err := limit(); err == nil { // otherwise there is no control group, or it has no limit
			debug.SetMemoryLimit(int64(bytes / 100 * share)) //nolint:gosec // a limit of memory fits
		}
	}
}

// mark is garbage as soon as it is made, so its finalizer runs after the next collection.
type mark struct{ _ *mark }

// follow sets by how much the heap may grow, now and after each collection.
func follow() {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	debug.SetGCPercent(percent(live[0].Value.Uint64()))
	runtime.SetFinalizer(new(mark), func(*mark) { follow() })
}

// percent returns the GOGC that lets a heap with so many bytes alive grow by [Room] at
// least.
func percent(live uint64) int {
	const smallest = 4 << 20                                 // Go counts a heap as this large at least
	return max(byDefault, int(Room*100/max(live, smallest))) //nolint:gosec // at most 1600
}
