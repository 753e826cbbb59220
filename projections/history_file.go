package projections

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections/sqlite"
)

// historyFile is an open file of the history.
type historyFile struct {
	writer    *sqlite.File
	projector *projector
	queries   Queries                  // without a moment
	committed []wire.Checkpoint        // which the file has; those of the projector can be ahead
	wiping    chan struct{}            // has an element while the connection that writes is used
	shown     map[*sqlite.Conn]*uint64 // what each connection of the queries shows, for whoever has taken it
	damage    atomic.Pointer[error]    // the first that was found, or why the file was closed
	wake      func()                   // is called when it is found
	stopCheck func()                   // ends the check in the background, if there is one
}

// intact returns the damage that was found or why the file was closed, or nil.
func (f *historyFile) intact() error {
	if damage := f.damage.Load(); damage != nil {
		return *damage
	}
	return nil
}

// makeHistoryFile makes an empty history.
func makeHistoryFile(name string, partitions int) error {
	f, err := sqlite.Open(name, sqlite.Creating, 1, builderPragmas)
	if err != nil {
		return err
	}
	c := conn{Conn: f.Conns[0]}
	if err = c.create(partitions, true); err != nil {
		return errors.Join(err, f.Close(), sqlite.Delete(name))
	}
	return f.Close()
}

func openHistoryFile(name string, partitions int) (_ *historyFile, err error) {
	if err := examine(name, partitions); err != nil {
		return nil, err
	}
	h := &historyFile{wiping: make(chan struct{}, 1), stopCheck: func() {}}
	if h.writer, err = sqlite.Open(name, sqlite.Writing, 1, historyWriterPragmas); err != nil {
		return nil, needsRebuild(err)
	}
	if h.projector, err = newProjector(conn{Conn: h.writer.Conns[0]}, partitions); err != nil {
		return nil, needsRebuild(errors.Join(err, h.writer.Close()))
	}
	h.projector.versions = true
	h.committed = slices.Clone(h.projector.checkpoints)
	// A process that was killed may have left the WAL with what had been overwritten in the file.
	h.projector.erased = true
	if err := h.projector.wipe(shrinkTimeout); err != nil {
		return nil, errors.Join(err, h.writer.Close())
	}
	h.shown = make(map[*sqlite.Conn]*uint64)
	points, err := h.openReaders(name)
	if err != nil {
		return nil, needsRebuild(errors.Join(err, h.writer.Close()))
	}
	lists, err := h.openReaders(name)
	if err != nil {
		return nil, needsRebuild(errors.Join(err, points.Close(), h.writer.Close()))
	}
	h.queries = Queries{
		sources: grantSources, facts: newFacts(), intact: h.intact,
		points: sqlite.NewPool(points), lists: sqlite.NewPool(lists), searches: make(chan struct{}, readers()/2),
	}
	for _, f := range []*sqlite.File{h.writer, points, lists} {
		f.NotifyDamage(h.found)
	}
	return h, nil
}

// openReaders opens connections that read the past.
func (f *historyFile) openReaders(name string) (*sqlite.File, error) {
	file, err := sqlite.Open(name, sqlite.ReadOnly, readers(), historyReaderPragmas)
	if err != nil {
		return nil, err
	}
	for _, c := range file.Conns {
		f.shown[c] = new(uint64)
		text, err := conn{Conn: c}.viewsOfVersions()
		if err == nil {
			err = c.Script(text)
		}
		if err != nil {
			return nil, errors.Join(err, file.Close())
		}
	}
	return file, nil
}

// show makes the connection show what was there when the event had just been applied.
func (f *historyFile) show(c conn, number uint64) error {
	shown := f.shown[c.Conn]
	if *shown == number {
		return nil
	}
	if err := c.Change(`UPDATE temp.as_of SET number = ?`, int64(number)); err != nil { //nolint:gosec // far below 2^63
		return err
	}
	*shown = number
	return nil
}

// keepChecked checks the file in the background, again and again, until it is closed. What a
// checksum cannot show, such as pages that have changed places, would make the past a wrong one.
func (f *historyFile) keepChecked(name string, o Options) {
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan struct{})
	f.stopCheck = func() {
		stop()
		<-ended
	}
	b := &background{file: name, damage: f.intact, report: f.found}
	go func() {
		defer close(ended)
		b.checkAgain(ctx, o, 0)
	}()
}

// found notes the damage, if it is the first that was found.
func (f *historyFile) found(damage error) {
	if f.damage.CompareAndSwap(nil, &damage) && f.wake != nil {
		f.wake()
	}
}

// close closes the file once nobody uses it any more. Later calls return why.
func (f *historyFile) close(why error) error {
	f.stopCheck()
	f.wiping <- struct{}{}
	defer func() { <-f.wiping }()
	f.damage.CompareAndSwap(nil, &why)
	return errors.Join(f.queries.points.Close(), f.queries.lists.Close(), f.writer.Close())
}

// apply applies what the replay brings and reports how far it has been committed. After an error
// too, what was applied before it is committed. A message that cannot be applied stops only its
// own partition.
func (f *historyFile) apply(ctx context.Context, replay replay, committed func([]wire.Checkpoint)) error {
	f.wiping <- struct{}{}
	defer func() { <-f.wiping }()
	p := f.projector
	if err := p.resume(); err != nil { // so that its checkpoints are those of the transaction
		return err
	}
	n := 0
	commit := func() error {
		p.ends, p.unrecorded, p.unerased = false, false, false // nobody asks the history what is next
		if err := p.commit(f.committed); err != nil {
			return err
		}
		f.committed, n = slices.Clone(p.checkpoints), 0
		_ = p.wipe(0) // as after a commit of the read models of now
		committed(f.committed)
		return ctx.Err()
	}
	stopped := make([]error, len(p.checkpoints)) // why a partition is not applied any more
	err := replay(slices.Clone(p.checkpoints), func(messages []wire.Message) error {
		for i := range messages {
			m := &messages[i]
			if stopped[m.Partition] != nil {
				continue
			}
			if err := p.apply(*m); err != nil {
				if errors.Is(err, events.ErrTryAgain) || errors.Is(err, ErrDamaged) || errors.Is(err, ErrGap) {
					return err
				}
				stopped[m.Partition] = err
				continue
			}
			if n += len(m.Entries); n >= historyTransaction {
				if err := commit(); err != nil {
					return err
				}
			}
		}
		return nil
	})
	return errors.Join(errors.Join(stopped...), err, commit())
}

// keepsVersions reports whether the event can change a row that has versions. Secrets are of no
// use in the history.
func keepsVersions(event domain.Event) bool {
	switch event.(type) { //nolint:gochecksumtype // a type that is new here changes rows, or does no harm
	case domain.TokenIssued, domain.TokenRotated, domain.TokenRevoked,
		domain.SubscriptionCreated, domain.SubscriptionUpdated, domain.SubscriptionPaused, domain.SubscriptionResumed, domain.SubscriptionRewound,
		domain.SubscriptionSkipped, domain.SubscriptionSecretRotated, domain.SubscriptionDeleted,
		domain.ReviewOpened, domain.ReviewRowDecided, domain.ReviewClosed:
		return false
	default:
		return true
	}
}
