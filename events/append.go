package events

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// errConflict reports that another process has written to the partition. What was
// decided here was decided on a state of the past.
var errConflict = errors.New("another process has written to the partition")

// appender makes the groups of one partition durable.
type appender struct {
	*process
	log     *store.Partition
	health  *health
	overdue chan error // says that the group in flight has taken too long, and goes on being tried
	probes  sync.WaitGroup
	asking  singleflight.Group // whether the partition can be written to
}

func newAppender(own *process, p *store.Partition, h *health) *appender {
	return &appender{process: own, log: p, health: h, overdue: make(chan error)}
}

// append makes a sealed group durable. For a group without events it only checks that
// nothing was written after the state that the group was decided on. It runs in another
// goroutine than the writer and does not touch the fields of the writer's goroutine.
func (a *appender) append(g *group) error {
	if len(g.payload) == 0 {
		return a.unchanged(g.after.Message)
	}
	begin := time.Now()
	if err := a.publish(g.message); err != nil {
		return err
	}
	a.log.SetMark(g.end) // before anybody learns of it, so that it is missed if the log comes back without it
	a.metrics.append.Observe(time.Since(begin).Seconds())
	a.metrics.group.Observe(float64(len(g.decided)))
	return nil
}

// unchanged returns errConflict if the log goes on behind the message.
func (a *appender) unchanged(last uint64) error {
	now, err := a.log.Last(context.Background())
	if err != nil {
		a.failed(err)
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	if now != last {
		return errConflict
	}
	return nil
}

// publish appends a message to the log. It returns nil only if the message is durable, and
// errConflict if another one is in its place. An error around [store.ErrUnavailable] means
// that the message is not in the log and never will be. As long as none of these is
// certain, publish asks on with the same bytes on the same condition: that cannot put them
// into the log twice. It gives up, with an error around [ErrOutcomeUnknown], only when the
// log is being closed.
func (a *appender) publish(e wire.Envelope) error {
	t := try{appender: a, message: e, begun: time.Now()}
	for pause := firstRetry; ; pause = min(2*pause, lastRetry) {
		if done, err := t.once(); done {
			return err
		}
		if done, err := t.late(); done {
			return err
		}
		time.Sleep(pause)
	}
}

const (
	// recoverFor bounds how long commands wait for a log that does not answer, before they
	// are answered with an error.
	recoverFor = 10 * time.Second
	// contention is how long a message may be refused while nothing is in its place before
	// that counts as a failure. It happens while the message of another process is on its way.
	contention = time.Second
	// firstRetry and lastRetry bound the pause before a message is sent again.
	firstRetry, lastRetry = 5 * time.Millisecond, 100 * time.Millisecond
)

// try is the endeavour to append one message.
type try struct {
	*appender
	message wire.Envelope
	begun   time.Time
	perhaps bool  // an attempt was not answered, so the message may be in the log now or later
	told    bool  // the writer knows that it takes long
	err     error // of the last attempt
}

// once makes one attempt. It reports whether that decides the matter.
func (t *try) once() (done bool, _ error) {
	t.err = t.log.Append(context.Background(), t.message)
	switch {
	case t.err == nil:
		t.health.recovered(t.process, t.log.Number)
		return true, nil
	case errors.Is(t.err, store.ErrDisk):
		return t.unwritten()
	case !t.log.NotStored(t.err):
		// The acknowledgement is lost, and only the log can tell whether the message is there.
		t.perhaps = true
		t.metrics.unknown.Inc()
	case store.IsConflict(t.err):
		return t.settle()
	case store.Unreachable(t.err):
	case t.perhaps:
		t.failed(t.err)
		return t.settle()
	default:
		t.failed(t.err)
		return true, fmt.Errorf("%w: %w", store.ErrUnavailable, t.err)
	}
	t.failed(t.err)
	return false, nil
}

// unwritten tells the callers at once that the disk does not take the message. If an attempt
// was under way then, only the log can tell whether the message is there, once the server
// has started again.
func (t *try) unwritten() (done bool, _ error) {
	t.failed(t.err)
	if errors.Is(t.err, store.ErrUnavailable) && !t.perhaps {
		return true, t.err
	}
	t.perhaps = true
	t.tell()
	return false, nil
}

// settle finds out what the refusal of a message means, by looking at what is in its place.
// That can be the message itself, if its first acknowledgement was lost. If nothing is
// there, nothing is decided: a leader refuses a message also because of one that the
// replicas have not agreed on yet, and that one can be this message.
func (t *try) settle() (done bool, _ error) {
	stored, err := t.log.Message(context.Background(), t.message.Sequence)
	switch {
	case err == nil && bytes.Equal(stored.Payload, t.message.Payload):
		t.log.Appended(t.message)
		t.health.recovered(t.process, t.log.Number)
		return true, nil
	case err == nil:
		return true, errConflict
	case !errors.Is(err, store.ErrNoMessage):
		t.err = errors.Join(t.err, err)
		t.failed(t.err)
	case time.Since(t.begun) > contention:
		t.failed(t.err)
	}
	return false, nil
}

// late ends the endeavour if it has taken too long and the message is certainly not in the
// log, or if the log is being closed. Otherwise it tells the writer once that the callers
// must not wait any longer.
func (t *try) late() (done bool, _ error) {
	if time.Since(t.begun) < recoverFor && !t.log.Closed() {
		return false, nil
	}
	if !t.perhaps {
		return true, fmt.Errorf("%w: %w", store.ErrUnavailable, t.err)
	}
	if t.closing.Err() != nil || t.log.Closed() {
		return true, t.unknown()
	}
	t.tell()
	return false, nil
}

// tell tells the writer, once, that the callers must not wait any longer.
func (t *try) tell() {
	if !t.told {
		t.told = true
		t.overdue <- t.unknown()
	}
}

func (t *try) unknown() error { return fmt.Errorf("%w: %w", ErrOutcomeUnknown, t.err) }

// failed notes that the partition could not be written to, and starts to probe whether it
// can be again.
func (a *appender) failed(err error) {
	if f := a.health.failed(a.process, a.log.Number, err); f != nil {
		a.probes.Go(func() { a.probe(f) })
	}
}
