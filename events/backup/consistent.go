package backup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"filippo.io/age"

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
	asked  map[wire.Position]personal.Erasure     // erasures that were asked for, each of one key
	erased map[domain.PersonalKeyID]wire.Position // keys that were destroyed
}

func newTold() told {
	return told{
		sealed: make(map[domain.PersonalKeyID]struct{}), asked: make(map[wire.Position]personal.Erasure), erased: make(map[domain.PersonalKeyID]wire.Position),
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
			t.asked[at] = personal.Erasure{
				Organization: e.Organization, User: e.User, Keys: []personal.KeyID{e.Key}, Time: m.Entries[i].Time, Position: at.String(),
			}
		case domain.UserErased:
			t.erased[e.Key] = at
		}
	}
}

// erasures returns the lines of the ledger for the keys that were destroyed according to the log, in
// the order in which the erasures were asked for.
func (t *told) erasures() []personal.Erasure {
	var list []personal.Erasure
	for _, e := range t.asked {
		if _, done := t.erased[e.Keys[0]]; done {
			list = append(list, e)
		}
	}
	slices.SortFunc(list, func(a, b personal.Erasure) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Position, b.Position))
	})
	return list
}

// consistent returns why the keys and the ledger cannot be those of the backup. The ledger must list
// whom the log says to be erased. Where it lists an erasure that was asked for before the backup,
// the log or the keys must know of it. Neither is asked of what is left of a ledger that is lost.
func (a *Archive) consistent(ctx context.Context, o RestoreOptions) error {
	have, err := a.people(ctx, o.Identities)
	if err != nil {
		return err
	}
	listed := make(map[domain.PersonalKeyID]struct{})
	if o.Ledger != nil {
		if err := a.listed(ctx, o, have, listed); err != nil {
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
		if o.LedgerLost {
			listed[key] = struct{}{} // what the log says is added to the ledger
			continue
		}
		if o.Ledger == nil {
			return fmt.Errorf("%w: none was given, and event %s in the backup says that somebody was erased", ErrOtherLedger, at)
		}
		return fmt.Errorf("%w: event %s says that somebody was erased who is not in it: it is that of another log, or not the newest one", ErrOtherLedger, at)
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

// people returns the keys of people that the backup has, and the marks of those that were destroyed.
func (a *Archive) people(ctx context.Context, identities []age.Identity) (map[domain.PersonalKeyID]struct{}, error) {
	have := make(map[domain.PersonalKeyID]struct{}, len(a.told.sealed))
	if identities == nil {
		return have, nil
	}
	return have, a.EachKey(ctx, identities, func(k Key) error {
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
}

// listed adds the keys in a ledger, which it compares with the log and with the keys in the backup.
//
// The position of a line can be that of another event: if the log was once restored from a backup that
// was older than the erasure, it has lost the request and used its position again. Such a line is
// known by its key, because that restore has left the mark of a destroyed one.
func (a *Archive) listed(ctx context.Context, o RestoreOptions, have, keys map[domain.PersonalKeyID]struct{}) error {
	ends := a.Ends()
	known := func(key domain.PersonalKeyID) bool {
		_, kept := have[key]
		_, sealed := a.told.sealed[key]
		return kept || sealed
	}
	for e, err := range o.Ledger.All(ctx) {
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
		if o.Identities == nil || o.LedgerLost {
			continue // without identities the marks cannot be read, and no key comes back
		}
		if asked, found := a.told.asked[at]; found && slices.Contains(e.Keys, asked.Keys[0]) || slices.ContainsFunc(e.Keys, known) {
			continue
		}
		return fmt.Errorf("%w: it says that an erasure was asked for with event %s, and that event is another one: it is that of another log", ErrOtherLedger, at)
	}
	return nil
}
