package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"
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
	sound   context.Context // ends when there is trouble
	unsound context.CancelFunc
	mended  chan struct{} // closed when trouble has passed
	again   bool          // the server that is to mend it has failed as well
	mending sync.WaitGroup
}

func newTrouble() *trouble {
	t := &trouble{mended: make(chan struct{})}
	t.closed, t.close = context.WithCancel(context.Background())
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

// Sound returns a context that ends when there is trouble. The server does not answer what
// it could not write.
func (s *Store) Sound() context.Context {
	s.trouble.mu.Lock()
	defer s.trouble.mu.Unlock()
	return s.trouble.sound
}

// CheckRoom returns why nothing can be written to the log, like [Store.Trouble], after
// looking how much space there is.
func (s *Store) CheckRoom() error {
	if s.server == nil {
		return nil
	}
	if err := s.Trouble(); err != nil {
		return err
	}
	if err := s.dir.room(minFree); err != nil {
		s.fail(err)
	}
	return s.Trouble()
}

// fail notes trouble, and has it mended.
func (s *Store) fail(cause error) {
	t := s.trouble
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.reason.Load() != nil || t.closed.Err() != nil {
		t.again = true
		return
	}
	s.logger.Error("the log cannot be written to: commands are refused until it can", slog.Any("error", cause))
	reason := fmt.Errorf("%w: %w", ErrDisk, cause)
	t.reason.Store(&reason)
	t.unsound()
	t.mending.Go(s.mend)
}

// mend waits until the disk can be written to, and replaces the server. It does that until
// it succeeds, or until the store is closed.
func (s *Store) mend() {
	t := s.trouble
	for {
		select {
		case <-time.After(mendEvery):
		case <-t.closed.Done():
			return
		}
		if err := s.dir.writable(); err != nil {
			continue
		}
		err := s.restart(t.closed)
		if err == nil && s.passed() {
			return
		}
		if err == nil {
			continue
		}
		s.logger.Error("the embedded JetStream could not be started again", slog.Any("error", err))
		reason := fmt.Errorf("%w: %w", ErrDisk, err)
		t.reason.Store(&reason)
		if errors.Is(err, ErrTruncated) {
			return // nothing must be written any more
		}
	}
}

// forget forgets what the server has reported that was stopped.
func (t *trouble) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.again = false
}

// passed notes that the trouble has passed. It reports false if it has come back already.
func (s *Store) passed() bool {
	t := s.trouble
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.again {
		return false
	}
	t.sound, t.unsound = context.WithCancel(context.Background())
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
	if err := s.CheckRoom(); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	s.trouble.gate.RLock()
	if err := s.Trouble(); err != nil { // it has come meanwhile
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
