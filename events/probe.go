package events

import "time"

// probeEvery is how often a partition that could not be written to is asked whether it can
// be now. JetStream has no event for that.
const probeEvery = 500 * time.Millisecond

// probe asks the partition whether it can be written to, until the failure has passed. Without that, a
// node that takes no commands would never notice. While a group is in flight nothing is
// asked, because only its end tells whether commands can go on.
func (a *appender) probe(f *failure) {
	ticker := time.NewTicker(probeEvery)
	defer ticker.Stop()
	for a.health.appending.Load() == f {
		select {
		case <-a.closing.Done():
			return
		case <-ticker.C:
		}
		if a.health.flying.Load() {
			continue
		}
		if err := a.log.Writable(a.closing); err == nil && !a.health.flying.Load() {
			a.health.recovered(a.process, a.log.Number)
			return
		}
	}
}
