package node

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// A node that has worked gives memory back once, when it has come to rest, and again only
// after it has worked.
func TestRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var done atomic.Uint64
		var freed atomic.Int64
		collected := make(chan struct{})
		r := rest{done: done.Load, free: func() { freed.Add(1) }, collected: collected}
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			r.run(ctx)
		}()
		expect := func(when string, want int64) {
			t.Helper()
			synctest.Wait()
			if got := freed.Load(); got != want {
				t.Errorf("%s: memory was given back %d times, want %d", when, got, want)
			}
		}
		work := func(each time.Duration, n uint64, for_ time.Duration) {
			for end := time.Now().Add(for_); time.Now().Before(end); time.Sleep(each) {
				done.Add(n)
			}
		}
		work(time.Second, 100, time.Minute)
		expect("at work", 0)
		time.Sleep((restAfter + 1) * restTick)
		expect("at rest", 1)

		work(2*time.Second, 1, time.Hour/4) // somebody watches the node
		collected <- struct{}{}
		time.Sleep(time.Hour)
		expect("after hardly any work", 1)

		done.Add(worked)
		time.Sleep(time.Hour)
		expect("after work that left no garbage", 1)
		collected <- struct{}{}
		time.Sleep(restTick / 2)
		expect("after work", 1)
		work(2*time.Second, 1, (restAfter+1)*restTick)
		expect("at rest again", 2)

		cancel()
		<-ended
	})
}
