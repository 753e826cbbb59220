package events

import (
	"errors"
	"testing"

	"github.com/muster-dev/muster/events/store"
)

// A writer that waits for the read models may be told that the log is being closed, or that
// they do not move. Neither is a failure of the log.
func TestGivingUpToWaitIsNoFailureOfTheLog(t *testing.T) {
	dir := t.TempDir()
	n := start(t, Options{Dir: dir, Partitions: 1})
	found(t, n)
	if err := n.end(); err != nil {
		t.Fatal(err)
	}
	for name, end := range map[string]func(*Log){
		"stalled": func(l *Log) { l.partitions[0].stall.set(unread, errors.New("a test")) },
		"closing": func(l *Log) { l.close() },
	} {
		t.Run(name, func(t *testing.T) {
			l, err := Open(t.Context(), Options{Dir: dir, Partitions: 1, Logger: quiet()})
			if err != nil {
				t.Fatal(err)
			}
			w := l.partitions[0].writer
			w.held.snapshot, w.held.lost = newFold(1), true // nothing is followed, so it never catches up
			ready := make(chan error, 1)
			go func() { ready <- w.ready() }()
			end(l)
			if err := <-ready; !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("ready: %v", err)
			}
			if f := w.health.appending.Load(); f != nil {
				t.Errorf("it counts as a failure to append: %v", f.err)
			}
			if err := l.Close(); err != nil {
				t.Error(err)
			}
			w.appender.probes.Wait()
		})
	}
}
