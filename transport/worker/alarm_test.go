package worker

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// moments is a list of moments that can be changed while an alarm waits.
type moments struct {
	mu    sync.Mutex
	list  []time.Time
	moved chan struct{}
}

func (m *moments) next() (time.Time, <-chan struct{}) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.moved == nil {
		m.moved = make(chan struct{})
	}
	if len(m.list) == 0 {
		return time.Time{}, m.moved
	}
	return m.list[0], m.moved
}

// set replaces the list and tells the alarm.
func (m *moments) set(list ...time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.list = list
	if m.moved != nil {
		close(m.moved)
		m.moved = nil
	}
}

// pop removes the first moment without telling the alarm, as act does.
func (m *moments) pop() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.list = m.list[1:]
}

// An alarm acts at each moment, also at one that has moved forward or backward while
// it waited, or that was in the past from the start.
func TestAlarmFollowsItsMoments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var m moments
		var acted []time.Duration
		a := alarm{next: m.next, now: time.Now, act: func(context.Context) error {
			acted = append(acted, time.Since(begin))
			m.pop()
			return nil
		}}
		g := Start(a.run)
		at := func(minutes ...int) (list []time.Time) {
			for _, n := range minutes {
				list = append(list, begin.Add(time.Duration(n)*time.Minute))
			}
			return list
		}
		wait := func(minutes int) {
			time.Sleep(time.Duration(minutes) * time.Minute)
			synctest.Wait()
		}
		wait(10)                 // there is no moment yet
		m.set(at(60)...)         // one, in the future,
		wait(10)                 //
		m.set(at(30)...)         // that moves forward to 30,
		wait(5)                  //
		m.set(at(40, 45)...)     // and backward to 40; another follows
		wait(30)                 //
		m.set(at(20, 50, 70)...) // two in the past at 55
		wait(60)
		g.Stop()
		want := []time.Duration{40 * time.Minute, 45 * time.Minute, 55 * time.Minute, 55 * time.Minute, 70 * time.Minute}
		if !slices.Equal(acted, want) {
			t.Errorf("acted at %v, want %v", acted, want)
		}
	})
}

// After an error the alarm reports it, waits, and acts again.
func TestAlarmRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		var m moments
		m.set(begin.Add(time.Minute))
		var failed []error
		var acted []time.Duration
		full := errors.New("the disk is full")
		a := alarm{
			next: m.next, now: time.Now, retry: time.Second,
			failed: func(err error) { failed = append(failed, err) },
			act: func(context.Context) error {
				acted = append(acted, time.Since(begin))
				if len(acted) < 3 {
					return full
				}
				m.pop()
				return nil
			},
		}
		g := Start(a.run)
		time.Sleep(time.Hour)
		g.Stop()
		if want := []time.Duration{60 * time.Second, 61 * time.Second, 62 * time.Second}; !slices.Equal(acted, want) {
			t.Errorf("acted at %v, want %v", acted, want)
		}
		if want := []error{full, full}; !slices.Equal(failed, want) {
			t.Errorf("failed with %v, want %v", failed, want)
		}
	})
}

// Stopping interrupts an alarm that waits for a moment, for none, or to try again,
// and what an interrupted act returns is not reported.
func TestAlarmStops(t *testing.T) {
	for name, test := range map[string]struct {
		moment time.Duration // zero for none
		act    func(context.Context) error
		failed bool
	}{
		"waiting for nothing":   {},
		"waiting for a moment":  {moment: time.Hour},
		"waiting to try again":  {moment: -time.Hour, act: func(context.Context) error { return errors.New("failed") }, failed: true},
		"interrupted by ending": {moment: -time.Hour, act: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				var m moments
				if test.moment != 0 {
					m.set(begin.Add(test.moment))
				}
				failed := false
				a := alarm{
					next: m.next, now: time.Now, act: test.act, retry: time.Hour,
					failed: func(error) { failed = true },
				}
				g := Start(a.run)
				synctest.Wait()
				g.Stop()
				if took := time.Since(begin); took != 0 {
					t.Errorf("stopping took %s", took)
				}
				if failed != test.failed {
					t.Errorf("failed is %t", failed)
				}
			})
		})
	}
}
