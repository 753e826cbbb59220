package proof

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

const (
	// hashBytes is how many bytes of events wait in memory until they are hashed together. What
	// somebody wants a proof of is hashed at once.
	hashBytes = 256 << 10
	// waitBytes is how many bytes may wait in all. What comes then is read from the log later.
	waitBytes = 4 << 20
	// signEvery is how long after a checkpoint the next one is signed that nobody wants.
	signEvery = 10 * time.Second
	// signPause is the same if somebody wants one.
	signPause = 200 * time.Millisecond
	// firstRetry and lastRetry bound the pause after a failure.
	firstRetry, lastRetry = time.Second, 30 * time.Second
)

// partition is the tree of one partition of the log, and its checkpoints.
type partition struct {
	number    int
	log       *store.Partition
	tree      *Tree
	keeper    *keeper
	witnesses []*witnessed
	logger    *slog.Logger
	wake      chan struct{} // has room for one signal
	rounds    sync.WaitGroup

	// Only the goroutine that runs touches these.
	joined   bool          // the tree's end was found to be the log's
	compared bool          // the tree was found to continue what was signed last
	rebuilt  bool          // the tree was made from the log, and not compared since
	signed   time.Time     // when a checkpoint was signed last
	retry    time.Duration // the pause after a failure; 0 after a success
	failed   time.Time

	mu       sync.Mutex
	waiting  []wire.Message  // what follows the tree
	bytes    int             // of what waits
	started  bool            // it is known how far the log has been followed
	known    wire.Checkpoint // how far that is
	want     uint64          // somebody waits for a checkpoint that covers this event
	damaged  bool            // a reader has found the hashes damaged
	current  Checkpoint      // what is published
	cosigned []string        // the witnesses that have signed it
	standing bool            // this node's tree is known to have the hashes of what is published
	rounding bool            // witnesses are being asked
	ask      time.Time       // when to ask those again that did not sign; zero for not
	trouble  error           // why nothing can be signed
	changed  chan struct{}   // closed, and another one made, when something of this changes
}

// follow takes a message that comes after the others. It costs next to nothing.
func (p *partition) follow(m wire.Message) {
	size := stored(&m)
	p.mu.Lock()
	p.known = m.Checkpoint()
	if p.bytes+size > waitBytes {
		p.waiting, p.bytes = nil, 0 // it is read from the log
	} else {
		p.waiting, p.bytes = append(p.waiting, m), p.bytes+size
	}
	wake := len(p.waiting) == 1 || p.bytes >= hashBytes || p.wanted()
	p.mu.Unlock()
	if wake {
		p.signal()
	}
}

// stored returns how many bytes the message's events take.
func stored(m *wire.Message) (size int) {
	for i := range m.Entries {
		size += len(m.Entries[i].Stored)
	}
	return size
}

// start says how far the log has been followed before. What the tree lacks of it is read.
func (p *partition) start(c wire.Checkpoint) {
	p.mu.Lock()
	p.known, p.started = c, true
	p.mu.Unlock()
	p.signal()
}

// wanted reports whether somebody waits for a checkpoint that can be signed. The caller holds
// the lock.
func (p *partition) wanted() bool {
	want := min(p.want, p.known.Number)                  // what comes later is waited for, and keeps nobody else waiting
	covered := p.standing && want <= uint64(p.current.N) //nolint:gosec // it is not negative
	return want > 0 && !covered
}

func (p *partition) signal() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// run hashes and signs until the context ends.
func (p *partition) run(ctx context.Context) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	defer p.rounds.Wait()
	for {
		select {
		case <-ctx.Done():
			p.finish(context.WithoutCancel(ctx))
			return
		case <-p.wake:
		case <-timer.C:
		}
		p.work(ctx)
		if at := p.next(); at.IsZero() {
			timer.Stop()
		} else {
			timer.Reset(time.Until(at))
		}
	}
}

// next returns when something is to be done again. It is the zero time if that is when
// something comes.
func (p *partition) next() (at time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.rounding: // its end wakes
		return time.Time{}
	case p.retry > 0:
		return p.failed.Add(p.retry)
	case p.wanted():
		return p.signed.Add(signPause)
	case p.known.Number > uint64(p.keeper.last[p.number].N): //nolint:gosec // it is not negative
		at = p.signed.Add(signEvery)
	}
	if !p.ask.IsZero() && (at.IsZero() || p.ask.Before(at)) {
		at = p.ask
	}
	return at
}

// work does what is due: hashing, signing, and asking witnesses again.
func (p *partition) work(ctx context.Context) {
	p.mu.Lock()
	since := time.Since(p.signed)
	due := !p.rounding && (p.wanted() && since >= signPause || since >= signEvery || !p.standing)
	hash := due || p.bytes >= hashBytes || p.damaged
	ask := !p.rounding && !p.ask.IsZero() && !time.Now().Before(p.ask)
	started, current := p.started, p.current
	p.mu.Unlock()
	if !started || p.retry > 0 && time.Since(p.failed) < p.retry {
		return
	}
	var err error
	if hash {
		err = p.grow(ctx)
	}
	if err == nil && due {
		err = p.sign(ctx, p.offer)
	} else if err == nil && ask {
		p.offer(ctx, current)
	}
	if ctx.Err() == nil {
		p.settle(err)
	}
}

// finish hashes and signs what has been followed, if that needs no reading: a tree that was found
// damaged would have to be made again from the whole log.
func (p *partition) finish(ctx context.Context) {
	p.rounds.Wait()
	p.mu.Lock()
	first, damaged := p.known.Number+1, p.damaged
	if len(p.waiting) > 0 {
		first = p.waiting[0].First()
	}
	p.mu.Unlock()
	if damaged || !p.compared || first > uint64(p.tree.Size())+1 { //nolint:gosec // it is not negative
		return
	}
	err := p.grow(ctx)
	if err == nil {
		err = p.sign(ctx, func(context.Context, Checkpoint) {})
	}
	if err != nil {
		p.logger.Warn("the last checkpoint could not be signed", slog.Int("partition", p.number), slog.Any("error", err))
	}
}

// settle notes how the last attempt has ended.
func (p *partition) settle(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	before := p.trouble
	p.trouble = err
	if err == nil {
		p.retry = 0
		if before != nil {
			p.logger.Info("checkpoints can be signed again", slog.Int("partition", p.number))
		}
		return
	}
	p.want = 0
	p.failed, p.retry = time.Now(), min(max(2*p.retry, firstRetry), lastRetry)
	p.announce()
	switch {
	case before != nil && before.Error() == err.Error():
	case errors.Is(err, ErrInconsistent):
		p.logger.Error("no checkpoint is signed, because the log is not the one that was signed before: keep a copy of everything, find out with muster audit verify what is there, "+
			"and restore the log from a backup", slog.Int("partition", p.number), slog.Any("error", err))
	default:
		p.logger.Warn("no checkpoint can be signed at the moment", slog.Int("partition", p.number), slog.Any("error", err))
	}
}

// announce wakes those who wait for a checkpoint. The caller holds the lock.
func (p *partition) announce() {
	close(p.changed)
	p.changed = make(chan struct{})
}

// publish makes a checkpoint the current one. The names are those of the witnesses that have
// signed it.
func (p *partition) publish(c Checkpoint, names []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.current, p.cosigned, p.standing = c, names, true
	p.announce()
}

// sign signs what the tree has, unless that was signed before, and calls use with the
// checkpoint. The tree has been compared with what was signed last.
func (p *partition) sign(ctx context.Context, use func(context.Context, Checkpoint)) error {
	for {
		last := p.keeper.last[p.number].Checkpoint
		if p.tree.Size() < last.N { // another node is ahead
			p.signed = time.Now()
			return nil
		}
		head, err := p.tree.Head(p.tree.Size())
		if err == nil {
			err = Consistent(p.tree, last.Tree, head)
		}
		if err != nil {
			p.compared = false
			return fmt.Errorf("partition %d: %w", p.number, err)
		}
		if head.N == last.N {
			use(ctx, last)
			return nil
		}
		if err := p.tree.Flush(); err != nil {
			return err
		}
		c, err := p.keeper.key.Sign(p.number, head)
		if err != nil {
			return err
		}
		err = p.keeper.note(ctx, c)
		if err == nil {
			p.signed = time.Now()
			use(ctx, c)
			return nil
		}
		if !errors.Is(err, errConflict) {
			return err
		}
	}
}
