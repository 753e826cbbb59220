package bench

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// measure runs the callers of a line for the time that the flags say, and adds the
// result.
func (b *bench) measure(ctx context.Context, l line) error {
	_, before, err := b.node.Log.Size(ctx)
	if err != nil {
		return err
	}
	times := make([][]time.Duration, l.callers)
	errs := make([]error, l.callers)
	begin := time.Now()
	end := begin.Add(b.each)
	var wg sync.WaitGroup
	for i := range l.callers {
		wg.Go(func() { times[i], errs[i] = l.work(ctx, end) })
	}
	wg.Wait()
	took := time.Since(begin)
	if err := errors.Join(errs...); err != nil {
		return err
	}
	_, after, err := b.node.Log.Size(ctx)
	if err != nil {
		return err
	}
	all := slices.Concat(times...)
	m := summary(all)
	m.What, m.Callers, m.Floor, m.PerSecond = l.what, l.callers, l.floor, float64(len(all))/took.Seconds()
	for _, floor := range b.results {
		if floor.What == l.floor {
			m.Ratio = m.PerSecond / floor.PerSecond
		}
	}
	if l.writes {
		m.Flushes = float64(after-before) / float64(len(all))
	}
	b.results = append(b.results, m)
	return nil
}

// summary returns a result with what the times say. It sorts them.
func summary(times []time.Duration) result {
	slices.Sort(times)
	return result{P50: times[len(times)/2], P99: times[len(times)*99/100]}
}

// work is one caller. It makes calls until the end, at least one, and returns how long
// each took.
func (l line) work(ctx context.Context, end time.Time) (times []time.Duration, err error) {
	do, closed, err := l.caller()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, closed()) }()
	for begin := time.Now(); len(times) == 0 || begin.Before(end) && ctx.Err() == nil; {
		if err := do(); err != nil {
			return times, err
		}
		now := time.Now()
		times = append(times, now.Sub(begin))
		begin = now
	}
	return times, ctx.Err()
}
