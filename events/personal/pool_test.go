package personal

import (
	"context"
	"errors"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// gated is a file in which keys are made only when the test allows it.
type gated struct {
	*file
	allow chan error // an error, or nil to make keys
}

func (g gated) make(ctx context.Context, count int) ([]Key, error) {
	select {
	case err := <-g.allow:
		if err != nil {
			return nil, err
		}
		return g.file.make(ctx, count)
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// gatedKeys returns keys whose pools have four keys, and what lets them be made.
func gatedKeys(t *testing.T) (*Keys, chan error) {
	t.Helper()
	k, err := Open(within(t), Options{Dir: t.TempDir(), Pool: 4, Metrics: prometheus.NewRegistry()})
	if err != nil {
		t.Fatal(err)
	}
	take(t, k, 1)
	g := gated{k.keeper.(*file), make(chan error)}
	// Nothing is being made: three keys are left, which are more than half.
	k.pool.mu.Lock()
	k.keeper = g
	k.pool.mu.Unlock()
	t.Cleanup(func() {
		close(g.allow)
		if err := k.Close(); err != nil {
			t.Error(err)
		}
	})
	return k, g.allow
}

// waits returns how often somebody had to wait for a key.
func waits(t testing.TB, k *Keys) float64 {
	t.Helper()
	r := prometheus.NewRegistry()
	r.MustRegister(k.metrics.waits)
	families, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	return families[0].GetMetric()[0].GetCounter().GetValue()
}

func TestTakingDoesNotWaitWhileKeysAreReady(t *testing.T) {
	k, allow := gatedKeys(t)
	before := waits(t, k) // the first key may have been waited for
	take(t, k, 3)         // none is made meanwhile: nobody allows it
	if n := waits(t, k); n != before {
		t.Errorf("%v takers have waited", n-before)
	}
	ended, end := context.WithCancel(within(t))
	end()
	if _, err := k.Take(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("taken when there is no key and no time: %v", err)
	}
	allow <- nil
	take(t, k, 1)
	if n := waits(t, k); n < before+1 {
		t.Errorf("%v takers have waited", n-before)
	}
	if k.pool.size != 8 {
		t.Errorf("the next pool has %d keys, although this one was too small", k.pool.size)
	}
}

func TestKeysThatCannotBeMade(t *testing.T) {
	k, allow := gatedKeys(t)
	full := errors.New("the disk is full")
	go func() { allow <- full }()
	take(t, k, 3) // there are keys, so nobody notices
	done := make(chan struct{})
	go func() { // for every attempt
		defer close(done)
		for range 2 {
			select {
			case allow <- full:
			case <-k.pool.ctx.Done():
			}
		}
		allow <- nil
	}()
	failed := 0
	for {
		_, err := k.Take(within(t))
		if err == nil {
			break
		}
		if !errors.Is(err, full) {
			t.Fatal(err)
		}
		failed++
	}
	if failed == 0 {
		t.Error("no taker was told")
	}
	<-done
}

func BenchmarkTake(b *testing.B) {
	k := open(b, b.TempDir())
	ctx := context.Background()
	for b.Loop() {
		if _, err := k.Take(ctx); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(waits(b, k), "waits")
}

func BenchmarkMake(b *testing.B) {
	f := openTestFile(b, b.TempDir())
	for b.Loop() {
		if _, err := f.make(context.Background(), filePool); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*filePool), "µs/key")
}
