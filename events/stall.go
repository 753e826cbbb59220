package events

import (
	"context"
	"log/slog"
	"sync"
)

// stall is why the read models of a partition do not follow the log at the moment. It is
// safe for concurrent use.
type stall struct {
	*process
	partition int
	health    *health

	mu      sync.Mutex
	reasons [stallKinds]error
	moving  context.Context    // ends when there is a reason
	stop    context.CancelFunc // of moving

	ending sync.Once
	ended  context.Context // ends when the partition has stopped, with the reason
	halt   context.CancelCauseFunc
}

// stallKind is what the read models are kept from by a reason. The most lasting comes
// first.
type stallKind int

const (
	stopped    stallKind = iota // a message will never be understood or applied
	applying                    // applying fails, and is tried again
	unread                      // reading the log fails, and is tried again
	stallKinds                  // how many there are
)

func newStall(own *process, partition int, h *health) *stall {
	s := &stall{process: own, partition: partition, health: h}
	s.moving, s.stop = context.WithCancel(context.Background())
	s.ended, s.halt = context.WithCancelCause(context.Background())
	return s
}

// end notes that the partition has stopped for good. It reports whether this is the first
// reason for that.
func (s *stall) end(reason error) (first bool) {
	s.ending.Do(func() {
		first = true
		s.set(stopped, reason)
		s.halt(reason)
	})
	return first
}

// permanent returns why the partition has stopped, or nil if it has not.
func (s *stall) permanent() error { return context.Cause(s.ended) }

// untilStopped returns a context that ends with ctx or when the partition has stopped.
func (s *stall) untilStopped(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	end := context.AfterFunc(s.ended, func() { cancel(s.permanent()) })
	return ctx, func() {
		end()
		cancel(nil)
	}
}

// set notes the reason, or that it has passed if it is nil. It logs when the partition stops
// following the log, and when it follows the log again.
func (s *stall) set(kind stallKind, reason error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	before := s.reason()
	s.reasons[kind] = reason
	after := s.reason()
	switch {
	case after == nil && before != nil:
		s.health.following.Store(nil)
		s.moving, s.stop = context.WithCancel(context.Background())
		s.logger.Info("the read models follow the log again", slog.Int("partition", s.partition))
	case after != nil && before == nil:
		s.health.following.Store(&failure{after, s.now()})
		s.stop()
		if kind != stopped {
			s.logger.Error("the read models cannot follow the log: commands are refused until they can", slog.Int("partition", s.partition), slog.Any("error", after))
		}
	case after != nil:
		s.health.following.Store(&failure{after, s.now()})
	}
}

// reason returns the most lasting reason, or nil if there is none. The lock must be held.
func (s *stall) reason() error {
	for _, reason := range s.reasons {
		if reason != nil {
			return reason
		}
	}
	return nil
}

// context returns a context that ends when there is a reason.
func (s *stall) context() context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.moving
}

// while returns a context that ends with ctx or when there is a reason. After that it is
// useless to wait for the read models.
func (s *stall) while(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	moving := s.context()
	end := context.AfterFunc(moving, func() { cancel(errStalled) })
	return ctx, func() {
		end()
		cancel(nil)
	}
}

// stall notes for every partition why nothing can be applied, or that it can be again.
func (f *follower) stall(reason error) {
	f.stalled = reason != nil
	for _, p := range f.partitions {
		p.stall.set(applying, reason)
	}
}
