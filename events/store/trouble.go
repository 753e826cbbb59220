package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/muster-dev/muster/events/wire"
)

// ErrDisk reports that the disk of the embedded server cannot be written to. If the error
// also wraps [ErrUnavailable] nothing was tried.
var ErrDisk = errors.New("the disk with the log cannot be written to")

// mendEvery is how often it is looked whether the disk can be written to again. No event
// tells when space comes.
const mendEvery = 100 * time.Millisecond

// trouble is what is wrong with the disk of an embedded server, and the attempts to mend
// it. While there is any, nothing is appended. It is safe for concurrent use.
type trouble struct {
	reason atomic.Pointer[error] // nil while all is well
	gate   sync.RWMutex          // held for reading by appends, for writing while the server is replaced
	closed context.Context       // ends when the store is closed
	close  context.CancelFunc

	mu      sync.Mutex
	well    context.Context // ends when there is trouble
	unwell  context.CancelFunc
	sound   context.Context // ends when the server has failed
	unsound context.CancelFunc
	mended  chan struct{} // closed when trouble has passed
	failed  bool          // the server has failed, and must be replaced
	mending sync.WaitGroup
}

func newTrouble() *trouble {
	t := &trouble{mended: make(chan struct{})}
	t.closed, t.close = context.WithCancel(context.Background())
	t.well, t.unwell = context.WithCancel(context.Background())
	t.sound, t.unsound = context.WithCancel(context.Background())
	return t
}

// Trouble returns why nothing can be written to the log at the moment, or nil. Commands
// need not be tried then.
func (s *Store) Trouble() error {
	if reason := s.trouble.reason.Load(); reason != nil {
		return *reason
	}
	return nil
}

// Mended returns a channel that is closed when the log can be written to again after
// trouble. Streams may have become shorter meanwhile, except those of the log.
func (s *Store) Mended() <-chan struct{} {
	s.trouble.mu.Lock()
	defer s.trouble.mu.Unlock()
	return s.trouble.mended
}

// Well returns a context that ends when there is trouble.
func (s *Store) Well() context.Context {
	s.trouble.mu.Lock()
	defer s.trouble.mu.Unlock()
	return s.trouble.well
}

// Sound returns a context that ends when the server has failed. The server does not answer
// what it could not write.
func (s *Store) Sound() context.Context {
	s.trouble.mu.Lock()
	defer s.trouble.mu.Unlock()
	return s.trouble.sound
}

// CheckRoom returns why nothing can be written to the log, like [Store.Trouble], after
// looking how much space there is. It changes nothing.
func (s *Store) CheckRoom() error {
	if s.server == nil {
		return nil
	}
	if err := s.Trouble(); err != nil {
		return err
	}
	if err := s.dir.room(minFree); err != nil {
		return fmt.Errorf("%w: %w", ErrDisk, err)
	}
	return nil
}

// fail notes that the server could not write, and has that mended by another server.
func (s *Store) fail(cause error) {
	t := s.trouble
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failed = true
	t.unsound()
	s.refuse(cause)
}

// full notes that there is too little space to try an append, and has commands refused
// until there is more. The server is all right.
func (s *Store) full(cause error) {
	s.trouble.mu.Lock()
	defer s.trouble.mu.Unlock()
	s.refuse(cause)
}

// refuse notes trouble, and has it mended. The caller holds the lock.
func (s *Store) refuse(cause error) {
	t := s.trouble
	if t.reason.Load() != nil || t.closed.Err() != nil {
		return
	}
	s.logger.Error("the log cannot be written to: commands are refused until it can", slog.Any("error", cause))
	reason := fmt.Errorf("%w: %w", ErrDisk, cause)
	t.reason.Store(&reason)
	t.unwell()
	t.mending.Go(s.mend)
}

// mostMendEvery bounds the pause before a server is started again that did not start.
const mostMendEvery = 5 * time.Second

// mend waits until the disk can be written to, and replaces the server if that has failed.
// It does that until it succeeds, until the store is closed, or until it finds that the log
// is damaged.
func (s *Store) mend() {
	t := s.trouble
	said := ""
	for pause := mendEvery; ; {
		select {
		case <-time.After(pause):
		case <-t.closed.Done():
			return
		}
		if err := s.dir.writable(); err != nil {
			continue
		}
		err := s.replace(t.closed)
		if err == nil {
			if s.passed() {
				return
			}
			pause = mendEvery
			continue
		}
		if t.closed.Err() != nil {
			return
		}
		if said != err.Error() {
			said = err.Error()
			s.logger.Error("the embedded JetStream could not be started again", slog.Any("error", err))
		}
		reason := fmt.Errorf("%w: %w", ErrDisk, err)
		t.reason.Store(&reason)
		if errors.Is(err, ErrTruncated) || errors.Is(err, wire.ErrDamaged) {
			return // nothing must be written any more
		}
		pause = min(2*pause, mostMendEvery)
	}
}

// replace replaces the server if it has failed.
func (s *Store) replace(ctx context.Context) error {
	t := s.trouble
	t.mu.Lock()
	failed := t.failed
	t.mu.Unlock()
	if !failed {
		return nil
	}
	err := s.restart(ctx)
	if err != nil {
		t.mu.Lock()
		t.failed = true // it does not run, or must not
		t.mu.Unlock()
	}
	return err
}

// forget forgets what the server has reported that was stopped.
func (t *trouble) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failed = false
}

// passed notes that the trouble has passed. It reports false if it has come back already.
func (s *Store) passed() bool {
	t := s.trouble
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.failed {
		return false
	}
	t.well, t.unwell = context.WithCancel(context.Background())
	if t.sound.Err() != nil {
		t.sound, t.unsound = context.WithCancel(context.Background())
	}
	t.reason.Store(nil)
	close(t.mended)
	t.mended = make(chan struct{})
	s.logger.Info("the log can be written to again")
	return true
}

// restart replaces the server when no append is under way, and checks the log as at a
// start.
func (s *Store) restart(ctx context.Context) error {
	s.trouble.gate.Lock()
	defer s.trouble.gate.Unlock()
	s.server.stop()
	s.trouble.forget()
	if err := s.server.open(ctx); err != nil {
		return err
	}
	for p := range s.Partitions {
		if err := s.checkMark(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// enter begins an append. It returns a context that ends when the server will not answer
// any more, and what ends the append. The error wraps [ErrUnavailable] and [ErrDisk].
func (s *Store) enter(ctx context.Context) (context.Context, func(), error) {
	if s.server == nil {
		return ctx, func() {}, nil
	}
	if s.Trouble() == nil {
		if err := s.dir.room(minFree); err != nil {
			s.full(err)
		}
	}
	s.trouble.gate.RLock()
	if err := s.Trouble(); err != nil {
		s.trouble.gate.RUnlock()
		return nil, nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	end := context.AfterFunc(s.Sound(), func() { cancel(s.Trouble()) })
	return ctx, func() {
		end()
		cancel(nil)
		s.trouble.gate.RUnlock()
	}, nil
}

// stop ends the attempts to mend.
func (t *trouble) stop() {
	t.mu.Lock()
	t.close() // from now on fail starts none
	t.mu.Unlock()
	t.mending.Wait()
}
