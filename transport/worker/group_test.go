package worker

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Stop ends all workers, waits for the slowest, and can be repeated.
func TestStopWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ended atomic.Int32
		work := func(cleanup time.Duration) func(context.Context) {
			return func(ctx context.Context) {
				<-ctx.Done()
				time.Sleep(cleanup)
				ended.Add(1)
			}
		}
		g := Start(work(0), work(time.Hour))
		synctest.Wait()
		if n := ended.Load(); n != 0 {
			t.Errorf("%d workers have ended before Stop", n)
		}
		g.Stop()
		if n := ended.Load(); n != 2 {
			t.Errorf("Stop has waited for %d of 2 workers", n)
		}
		g.Stop()
	})
}
