package events

import (
	"time"
)

// probeEvery is how often a partition that could not be written to is asked whether it can
// be now. JetStream has no event for that.
const probeEvery = 500 * time.Millisecond

// probe asks the partition whether it can be written to, until the failure has passed.
// Without that, a node that takes no commands would never notice. While a group is in flight
// nothing is asked, because only its end tells whether commands can go on.
func (a *appender) probe(f *failure) {
	ticker := time.NewTicker(probeEvery)
	defer ticker.Stop()
	for a.health.appending.Load() == f {
		select {
		case <-a.closing.Done():
			return
		case <-ticker.C:
		}
		if a.works() {
			a.health.recovered(a.process, a.log.Number)
			return
		}
	}
}

// prove returns nil if the partition can be written to. It asks, unless an append or a probe
// has shown it just now. A node that writes nothing would not notice otherwise that the
// cluster has lost its quorum. Callers at the same time share one question.
func (a *appender) prove() error {
	if at := a.health.proved.Load(); a.health.flying.Load() || at != nil && a.log.Lasts(*at) {
		return nil
	}
	_, err, _ := a.asking.Do("", func() (any, error) {
		begun := time.Now()
		err := a.log.Writable(a.closing)
		switch {
		case err == nil:
			a.health.proved.Store(&begun)
		case a.closing.Err() == nil && !a.health.flying.Load():
			a.failed(err)
		}
		return nil, err
	})
	return err
}

// works asks once, and reports whether the partition can be written to.
func (a *appender) works() bool {
	if a.health.flying.Load() {
		return false
	}
	err := a.log.Writable(a.closing)
	return err == nil && !a.health.flying.Load()
}
