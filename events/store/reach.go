package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// attemptTimeout bounds one attempt of a call to an external server. It is short, because
// a server that is frozen or cut off does not answer at all, and another one does.
const attemptTimeout = 1500 * time.Millisecond

// Unreachable reports whether a call failed because nobody answered it, or because the
// server that answered has no leader or no quorum for it. Another attempt, or another
// server, may answer.
func Unreachable(err error) bool {
	if api, ok := errors.AsType[*jetstream.APIError](err); ok {
		return api.Code == http.StatusServiceUnavailable && api.ErrorCode != codeInsufficientResources &&
			api.ErrorCode != codeStoreFailed || api.ErrorCode == codeNotLeader
	}
	for _, transient := range []error{
		context.DeadlineExceeded, nats.ErrTimeout, nats.ErrNoResponders, jetstream.ErrNoStreamResponse,
		nats.ErrDisconnected, nats.ErrConnectionClosed, nats.ErrConnectionReconnecting, nats.ErrReconnectBufExceeded, errDeposed,
	} {
		if errors.Is(err, transient) {
			return true
		}
	}
	return false
}

// NotStored reports whether the error of an append proves that this attempt has stored
// nothing, and will not store anything later. A replica that could not store a message
// proves nothing, because the others may have stored it.
func (p *Partition) NotStored(err error) bool {
	if api, ok := errors.AsType[*jetstream.APIError](err); ok {
		return api.ErrorCode != codeStoreFailed || p.store.replicas == 1
	}
	return errors.Is(err, jetstream.ErrNoStreamResponse) || errors.Is(err, nats.ErrNoResponders)
}

// Codes of JetStream that nats.go does not name.
const (
	codeNotLeader             jetstream.ErrorCode = 10009
	codeInsufficientResources jetstream.ErrorCode = 10023
	codeStoreFailed           jetstream.ErrorCode = 10077
)

// reach is how well a partition can be reached through the server that the node is
// connected to. If the partition does not answer for a while, the node leaves for another
// server. It is safe for concurrent use.
type reach struct {
	store *Store
	// interrupted is why the messages that come cannot be read; nil while they can.
	interrupted atomic.Pointer[interruption]

	mu      sync.Mutex
	silent  time.Time     // when the oldest call began that has not been answered since; zero if the last one was
	patient time.Duration // how long the partition may be silent before the node leaves
}

// firstPatience is how long a partition may be silent before the node leaves its server: two
// attempts, because the first one may have reached a leader that only waits for its replicas,
// and that leader refuses the second one. Each time that leaving does not help, it waits twice
// as long, up to mostPatience: then the partition has no leader, and no server can change that.
const (
	firstPatience = 2 * attemptTimeout
	mostPatience  = 16 * time.Second
)

// attempt makes one attempt of a call, and leaves the server if it is time to.
func (r *reach) attempt(ctx context.Context, call func(context.Context) error) error {
	begun := time.Now()
	ctx, cancel := context.WithTimeout(ctx, r.store.attempt)
	defer cancel()
	err := call(ctx)
	r.judge(begun, err)
	return err
}

// judge takes note of how a call has ended. A call that its caller has given up says nothing
// of the server.
func (r *reach) judge(begun time.Time, err error) {
	if errors.Is(err, context.Canceled) {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if !Unreachable(err) {
		r.silent, r.patient = time.Time{}, firstPatience
		return
	}
	if r.silent.IsZero() {
		r.silent = begun
	}
	if time.Since(r.silent) >= r.patient && r.store.leave(r.patient, err) {
		r.patient = min(2*r.patient, mostPatience)
	}
}

// ask makes a call that changes nothing, and repeats it until it is answered, for
// [AskFor] at most.
func (r *reach) ask(ctx context.Context, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, AskFor)
	defer cancel()
	for {
		err := r.attempt(ctx, call)
		if !Unreachable(err) || r.store.Conn.IsClosed() {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(askAgainAfter):
		}
	}
}

// AskFor bounds how long a question without an answer is repeated.
const AskFor = 10 * time.Second

// askAgainAfter is the pause before a call is repeated that nobody has answered.
const askAgainAfter = 100 * time.Millisecond

// leave connects to another server if the node knows one and has been connected to this
// one for as long as the partition is patient. It reports whether it does.
func (s *Store) leave(patient time.Duration, because error) bool {
	if s.server != nil || len(s.Conn.Servers()) < 2 || !s.Conn.IsConnected() {
		return false
	}
	since := s.connected.Load()
	if time.Since(*since) < patient {
		return false
	}
	now := time.Now()
	if !s.connected.CompareAndSwap(since, &now) { // another partition was faster
		return false
	}
	s.logger.Warn("leaving a NATS server that does not answer", slog.String("server", s.Conn.ConnectedServerName()), slog.Any("error", because))
	return s.Conn.ForceReconnect() == nil
}

// proofLasts is how long it is believed that a partition on an external server can be written
// to, after that was shown.
const proofLasts = 3 * time.Second

// Lasts reports whether the partition can still be believed to be writable after that was
// shown at the time. On an external server it is believed for a few seconds, and only as long
// as the node is connected to the same server. An embedded server reports by itself when it
// cannot write.
func (p *Partition) Lasts(shown time.Time) bool {
	return p.store.server != nil || shown.After(*p.store.connected.Load()) && time.Since(shown) < proofLasts
}

// Interrupted returns why the messages that come cannot be read at the moment, or nil if they
// can. An interruption that ends within a second is none.
func (p *Partition) Interrupted() error {
	if p.reach == nil {
		return nil
	}
	if i := p.reach.interrupted.Load(); i != nil && time.Since(i.since) > time.Second {
		return fmt.Errorf("the log cannot be read at the moment: %w", i.cause)
	}
	return nil
}

// interruption is why messages cannot be read, and since when.
type interruption struct {
	cause error
	since time.Time
}
