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
	follow(os.Getenv("GOGC") == "")
	if os.Getenv("GOMEMLIMIT") == "" {
		if bytes, err := limit(); err == nil { // otherwise there is no control group, or it has no limit
			debug.SetMemoryLimit(int64(bytes / 100 * share)) //nolint:gosec // a limit of memory fits
		}
	}
}

// collected has an element if there was a collection that nobody has taken notice of.
var collected = make(chan struct{}, 1)

// Collected returns a channel that receives something after collections, once [Tune] was
// called. It has one receiver.
func Collected() <-chan struct{} { return collected }

// mark is garbage as soon as it is made, so its finalizer runs after the next collection.
type mark struct{ _ *mark }

// follow tells of each collection. It sets by how much the heap may grow, now and after each
// collection, unless somebody has set that.
func follow(set bool) {
	if set {
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		metrics.Read(live)
		debug.SetGCPercent(percent(live[0].Value.Uint64()))
	}
	select {
	case collected <- struct{}{}:
	default: // it is known
	}
	runtime.SetFinalizer(new(mark), func(*mark) { follow(set) })
}

// percent returns the GOGC that lets a heap with so many bytes alive grow by [Room] at
// least.
func percent(live uint64) int {
	const smallest = 4 << 20                                 // Go counts a heap as this large at least
	return max(byDefault, int(Room*100/max(live, smallest))) //nolint:gosec // at most 1600
}
