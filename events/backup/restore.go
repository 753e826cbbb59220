package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"filippo.io/age"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/personal"
	"github.com/muster-dev/muster/events/proof"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/subscription"
)

// RestoreOptions say what is restored, and how.
type RestoreOptions struct {
	// Again removes what a restore that was interrupted has left.
	Again bool
	// Identities decrypt the keys. Without them no keys are restored, and no checkpoints.
	Identities []age.Identity
	// WithoutKeys restores a log with sealed profiles without their keys, which are marked as
	// erased. A service would not start on a log that lacks keys. Without Identities and WithoutKeys
	// such a log is [ErrKeysNeeded].
	WithoutKeys bool
	// Ledger lists who was erased; nil: nobody ever was. If that is wrong according to the keys in the
	// backup, the error is [ErrLedgerNeeded]. Its keys are marked as erased before the keys
	// of the backup are restored, so that those are not written at all. The restored log has
	// the ledger, too, and in it the erasures that the log says to be done and the ledger does not have.
	Ledger *personal.Ledger
	// LedgerLost says that the ledger, or a part of it, is lost. Then people stay erased if the log, the
	// keys of the backup or the Ledger, which may be nil, says that they were. Somebody who was erased
	// after the backup and is not in the Ledger is back.
	LedgerLost bool
	// Progress is called with what is being done, and returns what is called with how much of how
	// much is done; nil for none.
	Progress func(what string) func(done, of uint64)
}

// ErrLedgerNeeded reports that keys are to be restored without an erasure ledger, and people were erased.
var ErrLedgerNeeded = errors.New("people were erased before the backup, so there is an erasure ledger, which may list others who were erased since: it is needed")

// Restore makes the log again, in a new data directory or on a server that has no log. The archive is
// checked before ([Archive.Check]), unless it was. Where
// something is already the error wraps [store.ErrNotEmpty]. Everything that was written is read
// again at the end. Until that has succeeded nobody can open the log
// ([store.ErrRestoreUnfinished]).
func (a *Archive) Restore(ctx context.Context, to store.Options, o RestoreOptions) (err error) {
	if o.Progress == nil {
		o.Progress = func(string) func(uint64, uint64) { return nil }
	}
	if !a.Keys {
		o.Identities = nil
	}
	if err := a.admit(ctx, o); err != nil { // before anything is made
		return err
	}
	if err := a.consistent(ctx, o); err != nil {
		return err
	}
	r, err := store.OpenRestore(ctx, to, a.Log, a.Ends(), o.Again)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	if err := a.fill(ctx, r, o); err != nil {
		return err
	}
	if err := r.Verify(ctx, o.Progress("verifying what was restored")); err != nil {
		return err
	}
	return r.Finish(ctx)
}

// admit returns why the archive cannot be restored as the options say.
func (a *Archive) admit(ctx context.Context, o RestoreOptions) error {
	if !a.checked {
		if err := a.Check(ctx, o.Progress("verifying the backup")); err != nil {
			return err
		}
	}
	if a.Sealed && o.Identities == nil && !o.WithoutKeys {
		return ErrKeysNeeded
	}
	if o.Identities == nil {
		return nil
	}
	return a.EachKey(ctx, o.Identities, func(k Key) error {
		if k.Kind == KeyPersonal && k.Secret == nil && o.Ledger == nil && !o.LedgerLost {
			return ErrLedgerNeeded
		}
		return nil
	})
}

func (a *Archive) fill(ctx context.Context, r *store.Restore, o RestoreOptions) error {
	if err := a.restoreKeys(ctx, r, o); err != nil {
		return fmt.Errorf("restoring the keys: %w", err)
	}
	notes, err := a.cursors(ctx)
	if err != nil {
		return err
	}
	if err := r.Beside(ctx, subscription.Cursors(), notes); err != nil {
		return err
	}
	show, before, of := o.Progress("restoring the log"), uint64(0), a.Messages()
	for p, end := range a.Ends() {
		var progress func(done, of uint64)
		if show != nil {
			progress = func(done, _ uint64) { show(before+done, of) }
		}
		if err := r.Fill(ctx, p, a.messages(p), progress); err != nil {
			return err
		}
		before += end.Message
	}
	return nil
}

// restoreKeys restores the ledger first, then the keys.
func (a *Archive) restoreKeys(ctx context.Context, r *store.Restore, o RestoreOptions) (err error) {
	p := people{o: personal.Options{Dir: r.Dir()}}
	if !r.Embedded() {
		js, beside := r.Streams()
		p.o.Servers = &personal.Servers{JS: js, Beside: beside}
	}
	defer func() { err = errors.Join(err, p.close()) }()
	if err := p.erase(ctx, o.Ledger, a.told.erasures()); err != nil {
		return err
	}
	if o.Identities == nil {
		return a.markErased(ctx, &p)
	}
	var shared []store.Message
	checkpoints := proof.Copy{}
	err = a.EachKey(ctx, o.Identities, func(k Key) error {
		switch k.Kind {
		case KeyShared:
			shared = append(shared, store.Message{Subject: k.ID, Data: bytes.Clone(k.Secret)})
		case KeyCheckpoint:
			checkpoints.Key = bytes.Clone(k.Secret)
		case KeyPersonal, KeyRequests:
			return p.put(ctx, k)
		default:
			return fmt.Errorf("a key of the kind %.20q: %w", k.Kind, ErrUnknownFormat)
		}
		return nil
	})
	if err == nil {
		err = p.flush(ctx)
	}
	if err == nil {
		err = r.Beside(ctx, store.Keys, shared)
	}
	if err != nil || checkpoints.Key == nil {
		return err
	}
	for number := range a.Partitions {
		part, found := a.part(fmt.Sprintf(checkpointPart, number))
		if !found {
			return fmt.Errorf("%w: there is no checkpoint of partition %d", ErrDamaged, number)
		}
		note, err := a.content(part)
		if err != nil {
			return err
		}
		checkpoints.Checkpoints = append(checkpoints.Checkpoints, note)
	}
	return checkpoints.Restore(ctx, r)
}

// markErased marks all keys as erased that profiles are sealed with.
func (a *Archive) markErased(ctx context.Context, p *people) error {
	keys := slices.SortedFunc(maps.Keys(a.told.sealed), func(a, b domain.PersonalKeyID) int { return bytes.Compare(a[:], b[:]) })
	for _, key := range keys {
		id, err := key.MarshalText()
		if err != nil {
			return err
		}
		if err := p.put(ctx, Key{Kind: KeyPersonal, ID: string(id)}); err != nil {
			return err
		}
	}
	return p.flush(ctx)
}

// people are the keys of people that are being restored.
type people struct {
	o       personal.Options
	keys    *personal.Keys // nil until there is one
	waiting []personal.Copy
}

// putAtOnce is how many keys are restored in one transaction.
const putAtOnce = 4096

// open opens the keys when the first one comes: a log in which nothing was ever sealed has none.
func (p *people) open(ctx context.Context) (err error) {
	if p.keys == nil {
		p.keys, err = personal.Open(ctx, p.o)
	}
	return err
}

// erase marks the keys of the ledger, which may be nil, and of what the log tells as erased. It begins
// the ledger of the restored log with both.
func (p *people) erase(ctx context.Context, l *personal.Ledger, told []personal.Erasure) (err error) {
	if l == nil && len(told) == 0 {
		return nil
	}
	if err := p.open(ctx); err != nil {
		return err
	}
	to, err := p.ledger(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	if l != nil {
		for e, err := range l.All(ctx) {
			if err == nil {
				err = to.Append(ctx, e)
			}
			if err != nil {
				return err
			}
		}
	}
	for _, e := range told {
		if err := to.Append(ctx, e); err != nil { // not if it is there
			return err
		}
	}
	return p.keys.Apply(ctx, to)
}

// ledger opens the ledger of the restored log.
func (p *people) ledger(ctx context.Context) (*personal.Ledger, error) {
	if p.o.Servers != nil {
		return personal.OpenLedgerStream(ctx, *p.o.Servers, false)
	}
	return personal.OpenLedger(p.o.Dir)
}

func (p *people) put(ctx context.Context, k Key) error {
	if err := p.open(ctx); err != nil {
		return err
	}
	if k.Kind == KeyRequests {
		return p.keys.SetRequestSecret(ctx, k.Secret)
	}
	c := personal.Copy{Secret: bytes.Clone(k.Secret)}
	if err := c.ID.UnmarshalText([]byte(k.ID)); err != nil {
		return fmt.Errorf("a key of a person: %w", err)
	}
	if p.waiting = append(p.waiting, c); len(p.waiting) < putAtOnce {
		return nil
	}
	return p.flush(ctx)
}

// flush restores the keys that have gathered.
func (p *people) flush(ctx context.Context) error {
	if len(p.waiting) == 0 {
		return nil
	}
	err := p.keys.Put(ctx, p.waiting...)
	for _, c := range p.waiting {
		clear(c.Secret)
	}
	p.waiting = p.waiting[:0]
	return err
}

func (p *people) close() error {
	if p.keys == nil {
		return nil
	}
	return p.keys.Close()
}
