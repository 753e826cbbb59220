package backup

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/personal"
	"github.com/muster-dev/muster/events/wire"
)

// The ways in which the keys or the ledger can be wrong for a backup.
var (
	// ErrOtherLedger: the erasure ledger is that of another log, or older than the backup.
	ErrOtherLedger = errors.New("the erasure ledger does not fit the backup")
	// ErrKeysIncomplete: the backup has not all keys that its log needs.
	ErrKeysIncomplete = errors.New("the backup lacks keys with which profiles of people are sealed: it was made without the right keys; " +
		"take another backup, or restore without keys")
)

// told is what the log of a backup says about keys of people.
type told struct {
	sealed map[domain.PersonalKeyID]struct{}      // keys of profiles
	asked  map[wire.Position]domain.PersonalKeyID // erasures that were asked for
	erased map[domain.PersonalKeyID]wire.Position // keys that were destroyed
}

func newTold() told {
	return told{
		sealed: make(map[domain.PersonalKeyID]struct{}), asked: make(map[wire.Position]domain.PersonalKeyID), erased: make(map[domain.PersonalKeyID]wire.Position),
	}
}

// note notes what a message says.
func (t *told) note(m wire.Message) {
	for i := range m.Entries {
		at := wire.Position{Partition: m.Partition, Number: m.Entries[i].Number}
		switch e := m.Entries[i].Event.(type) { //nolint:gochecksumtype // no other event is about a key
		case domain.UserProfileSet:
			if !e.Sealed.Key.IsZero() {
				t.sealed[e.Sealed.Key] = struct{}{}
			}
		case domain.UserErasureRequested:
			t.asked[at] = e.Key
		case domain.UserErased:
			t.erased[e.Key] = at
		}
	}
}

// consistent returns why the keys and the ledger cannot be those of the backup. The ledger must list
// whom the log says to be erased. Where it lists an erasure that was asked for before the backup,
// the log must say so.
func (a *Archive) consistent(ctx context.Context, o RestoreOptions) error {
	listed := make(map[domain.PersonalKeyID]struct{})
	if o.Ledger != nil {
		if err := a.listed(ctx, o.Ledger, listed); err != nil {
			return err
		}
	}
	if o.Identities == nil {
		return nil // no key comes back
	}
	for key, at := range a.told.erased {
		if _, found := listed[key]; found {
			continue
		}
		if o.Ledger == nil {
			return fmt.Errorf("%w: none was given, and event %s in the backup says that somebody was erased", ErrOtherLedger, at)
		}
		return fmt.Errorf("%w: event %s says that somebody was erased who is not in it: it is that of another log, or not the newest one", ErrOtherLedger, at)
	}
	have := make(map[domain.PersonalKeyID]struct{}, len(a.told.sealed))
	err := a.EachKey(ctx, o.Identities, func(k Key) error {
		if k.Kind != KeyPersonal {
			return nil
		}
		var id domain.PersonalKeyID
		if err := id.UnmarshalText([]byte(k.ID)); err != nil {
			return fmt.Errorf("a key of a person: %w", err)
		}
		have[id] = struct{}{}
		return nil
	})
	if err != nil {
		return err
	}
	missing := 0
	for key := range a.told.sealed {
		_, kept := have[key]
		_, gone := listed[key]
		if !kept && !gone {
			missing++
		}
	}
	if missing > 0 {
		return fmt.Errorf("%w (%d of %d are missing)", ErrKeysIncomplete, missing, len(a.told.sealed))
	}
	return nil
}

// listed adds the keys in a ledger, which it compares with the log.
func (a *Archive) listed(ctx context.Context, l *personal.Ledger, keys map[domain.PersonalKeyID]struct{}) error {
	ends := a.Ends()
	for e, err := range l.All(ctx) {
		if err != nil {
			return err
		}
		for _, key := range e.Keys {
			keys[key] = struct{}{}
		}
		at, err := wire.ParsePosition(e.Position)
		if err != nil {
			return fmt.Errorf("%w: position %q: %w", ErrOtherLedger, e.Position, err)
		}
		if at.Partition >= len(ends) {
			return fmt.Errorf("%w: it has an erasure at %s, and the log has %d partitions: it is that of another log", ErrOtherLedger, at, len(ends))
		}
		if at.Number > ends[at.Partition].Number {
			continue // asked for after the backup
		}
		if key, found := a.told.asked[at]; !found || !slices.Contains(e.Keys, key) {
			return fmt.Errorf("%w: it says that an erasure was asked for with event %s, and that event is another one: it is that of another log", ErrOtherLedger, at)
		}
	}
	return nil
}
