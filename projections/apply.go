package projections

import (
	"errors"
	"fmt"
	"time"

	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections/sqlite"
)

var (
	// ErrGap reports that a message does not follow what has been applied.
	ErrGap = errors.New("the log has a gap")
	// ErrUnknownEvent reports that this program has no projection for an event.
	// Skipping the event would make the read models wrong.
	ErrUnknownEvent = errors.New("the event is of an unknown type")
)

// Apply writes the rows of a message into the transaction that [ReadModels.Commit] ends. Until
// then only [ReadModels.Load] sees them. The message must continue what has been applied of its
// partition, without a gap. If Apply fails, the error names the position, and nothing of the
// message has been applied. An error that can pass wraps [events.ErrTryAgain]. Then the same
// message may be applied later.
func (m *ReadModels) Apply(message wire.Message) error {
	if err := m.write(func(p *projector) error { return p.apply(message) }); err != nil {
		return err
	}
	at := &m.partitions[message.Partition]
	at.loadable.reach(message.Checkpoint().Number)
	m.want(at)
	return nil
}

// Commit makes queries see what has been applied. An error that can pass wraps
// [events.ErrTryAgain]. Then Commit may be called again: nothing that was applied is lost.
func (m *ReadModels) Commit() error {
	err := m.write(m.commit)
	if err == nil {
		m.mover.committed()
	}
	return err
}

func (m *ReadModels) commit(p *projector) error {
	begin, n := time.Now(), 0
	for i := range p.applied {
		n += len(p.applied[i].Entries)
	}
	erased := p.unerased
	if err := p.commit(m.current); err != nil {
		return err
	}
	if erased {
		_ = m.history.options.deleteAside() // [ReadModels.Wipe] tries again
	}
	if n > 0 {
		m.metrics.events.Add(float64(n))
		m.metrics.size.Observe(float64(n))
		m.metrics.duration.Observe((p.took + time.Since(begin)).Seconds())
		p.took = 0
	}
	m.publish()
	// If somebody reads from the WAL now, this is tried after the next commit. Nobody waits here,
	// because nothing is applied meanwhile: [ReadModels.Wipe] does.
	if p.wipe(0) != nil && p.erasure.IsZero() {
		m.erasure.move(begin)
	}
	return nil
}

// publish tells what has been committed.
func (m *ReadModels) publish() {
	// Before the positions, so that what has waited for one finds what came with it.
	m.end.move(m.projector.end)
	m.offboarding.move(m.projector.offboarding)
	m.erasure.move(m.projector.erasure)
	m.subscriptions.add(m.projector.subscriptions)
	m.projector.subscriptions = nil
	for i, checkpoint := range m.projector.checkpoints {
		if before := m.current[i].Number; checkpoint.Number > before {
			m.current[i] = checkpoint
			m.partitions[i].revoked.Store(m.projector.revoked[i])
			if number := m.projector.erasures[i]; number > 0 {
				m.history.erasures[i].Store(number)
			}
			m.partitions[i].committed.reach(checkpoint.Number)
			m.history.add(checkpoint.Number - before)
		}
	}
}

// write runs f on the connection that writes.
func (m *ReadModels) write(f func(*projector) error) error {
	m.writing.Lock()
	defer m.writing.Unlock()
	if err := m.usable(); err != nil {
		return err
	}
	return f(m.projector)
}

// usable returns why the tables cannot be used, if they cannot.
func (m *ReadModels) usable() error {
	select {
	case <-m.closed:
		return ErrClosed
	default:
		return m.Damage()
	}
}

// apply writes the message into the transaction. If it cannot, the transaction has what it
// had before, or is lost.
func (p *projector) apply(m wire.Message) error {
	if err := p.resume(); err != nil {
		return err
	}
	begin := time.Now()
	err := p.add(m)
	p.took += time.Since(begin)
	if err == nil {
		return nil
	}
	// Some of the message's rows may be there, and they cannot be taken back alone.
	p.lost = true
	if err = passing(err); !errors.Is(err, events.ErrTryAgain) {
		_ = p.redo() // or the next attempt does it
	}
	return err
}

// add writes the message into the transaction, and begins one if there is none.
func (p *projector) add(m wire.Message) error {
	if !p.begun {
		if _, err := p.Exec("BEGIN IMMEDIATE"); err != nil {
			return err
		}
		p.begun = true
	}
	if p.absence != nil {
		p.absence.applies(&m)
	}
	if err := p.message(&m); err != nil {
		return err
	}
	p.checkpoints[m.Partition] = m.Checkpoint()
	p.applied = append(p.applied, m)
	return nil
}

// commit ends the transaction, if there is one. The parameter has the checkpoints of the last
// one that is known to be committed.
func (p *projector) commit(known []wire.Checkpoint) error {
	if err := p.resume(); err != nil {
		return err
	}
	if err := p.finish(known); err != nil {
		p.lost = true // SQLite may have ended it, and it may be committed after all
		return passing(err)
	}
	clear(p.applied) // they are large
	p.begun, p.applied, p.changes, p.ends, p.unrecorded, p.unerased = false, p.applied[:0], p.changes[:0], false, false, false
	return nil
}

func (p *projector) finish(known []wire.Checkpoint) (err error) {
	if p.ends {
		if p.end, err = p.nextEnd(); err != nil {
			return err
		}
	}
	if p.unrecorded {
		if p.offboarding, err = p.nextOffboarding(); err != nil {
			return err
		}
	}
	if p.unerased {
		if p.erasure, err = p.nextErasure(); err != nil {
			return err
		}
	}
	if !p.begun {
		return nil
	}
	for i, checkpoint := range p.checkpoints {
		if checkpoint.Message > known[i].Message {
			if err := p.writeCheckpoint(checkpoint); err != nil {
				return err
			}
		}
	}
	if p.rosters == nil {
		return p.Commit()
	}
	p.rosters.begin(p.changes)
	if err = p.Commit(); err == nil {
		p.rosters.end()
	}
	return err
}

// resume mends a transaction that is lost.
func (p *projector) resume() error {
	if !p.lost {
		return nil
	}
	_ = p.shrink(shrinkTimeout) // the disk may be full of the WAL
	return p.redo()
}

// redo begins the transaction again, with what had been applied in it. If it fails, the
// transaction is still lost.
func (p *projector) redo() error {
	_, _ = p.Exec("ROLLBACK") // there may be no transaction any more
	p.begun = false
	if _, err := p.Exec("BEGIN IMMEDIATE"); err != nil {
		return passing(err)
	}
	p.begun = true
	if err := p.forget(); err != nil {
		return passing(err)
	}
	applied := p.applied
	p.changes = p.changes[:0] // they are noted again
	p.applied = make([]wire.Message, 0, len(applied))
	for _, m := range applied {
		if m.Sequence <= p.checkpoints[m.Partition].Message {
			continue // it was committed after all
		}
		if err := p.add(m); err != nil {
			p.applied = applied
			return passing(err)
		}
	}
	p.lost = false
	return nil
}

// forget forgets what a transaction has made that was rolled back.
func (p *projector) forget() error {
	p.indexed = false
	p.facts.purge()
	p.roles.Purge()
	return p.readCheckpoints()
}

// passing wraps [events.ErrTryAgain] around an error that can pass.
func passing(err error) error {
	if sqlite.Passes(err) {
		return fmt.Errorf("%w: %w", events.ErrTryAgain, err)
	}
	return err
}

// message writes the rows of a message.
func (p *projector) message(m *wire.Message) error {
	if m.Partition < 0 || m.Partition >= len(p.checkpoints) {
		return fmt.Errorf("message %d of partition %d: there are %d partitions", m.Sequence, m.Partition, len(p.checkpoints))
	}
	from := p.checkpoints[m.Partition]
	if m.Sequence != from.Message+1 || len(m.Entries) == 0 {
		return fmt.Errorf("partition %d: message %d with %d events follows message %d: %w",
			m.Partition, m.Sequence, len(m.Entries), from.Message, ErrGap)
	}
	command := 0 // where the events of the command begin
	for i := range m.Entries {
		e := &m.Entries[i]
		at := wire.Position{Partition: m.Partition, Number: e.Number}
		if expected := from.Number + uint64(i) + 1; e.Number != expected { //nolint:gosec // i is not negative
			return fmt.Errorf("message %d: found event %s where %d-%d was expected: %w", m.Sequence, at, m.Partition, expected, ErrGap)
		}
		if err := p.entry(e, at); err != nil {
			return fmt.Errorf("event %s: %w", at, err)
		}
		if p.versions {
			continue
		}
		if i+1 == len(m.Entries) || m.Entries[i+1].Command != e.Command {
			if err := p.keep(m.Entries[command:i+1], rowKey(at)); err != nil {
				return fmt.Errorf("event %s: keeping what its command did: %w", at, err)
			}
			command = i + 1
		}
	}
	return nil
}

// entry writes the rows of one event.
func (p *projector) entry(e *wire.Entry, at wire.Position) error {
	if !p.versions {
		if err := p.event(&e.Recorded, rowKey(at)); err != nil {
			return err
		}
		return p.noteAccess(e.Event)
	}
	if !keepsVersions(e.Event) {
		return nil
	}
	if err := p.Change(`UPDATE applying SET number = ?`, int64(at.Number)); err != nil { //nolint:gosec // far below 2^63
		return err
	}
	return p.event(&e.Recorded, rowKey(at))
}
