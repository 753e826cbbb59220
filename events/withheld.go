package events

import (
	"context"
	"errors"
	"log/slog"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/personal"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// withhold makes a key's profiles read as erased before the key is destroyed.
func (p *profiles) withhold(key domain.PersonalKeyID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.withheld[key] = struct{}{}
}

// erased forgets a key that was destroyed. Another node may have destroyed it, whose message to the
// keys of this one can come later than the event that says so.
func (p *profiles) erased(key domain.PersonalKeyID) {
	if p.keys != nil {
		p.keys.Forget(key)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.kept {
		return
	}
	delete(p.withheld, key)
}

func (p *profiles) withholds(key domain.PersonalKeyID) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	_, ok := p.withheld[key]
	return ok || p.hidden
}

// Withhold makes what the key has sealed read as erased, before the key is destroyed. It is for
// keys whose erasure was asked for in events that this process has not read itself. The others
// it withholds by itself.
func (l *Log) Withhold(key domain.PersonalKeyID) { l.profiles.withhold(key) }

// WithholdErased makes all profiles of the organization's people read as erased whose erasure was
// asked for anywhere in the log. It is for reading a log whose service has perhaps not destroyed
// the keys yet, or whose keys are older than the erasure. It reads the partition once. If the
// partition is damaged somewhere, an erasure may be behind it, and then all profiles read as
// erased.
func (l *Log) WithholdErased(ctx context.Context, org domain.OrganizationID) error {
	if l.profiles.keys == nil {
		return nil // nothing can be opened
	}
	partition := l.Partition(org)
	tip, err := l.Tip(ctx, partition)
	if err == nil {
		err = l.ReplayPartition(ctx, partition, tip.Number, func(m wire.Message) error {
			for i := range m.Entries {
				if e, ok := m.Entries[i].Event.(domain.UserErasureRequested); ok && e.Organization == org {
					l.profiles.withhold(e.Key)
				}
			}
			return nil
		})
	}
	if errors.Is(err, wire.ErrDamaged) || errors.Is(err, store.ErrTruncated) {
		l.logger.Warn("all profiles are shown as erased, because the log cannot be read to its end, and somebody's erasure may be there", slog.Any("error", err))
		l.profiles.mu.Lock()
		defer l.profiles.mu.Unlock()
		l.profiles.hidden = true
		return nil
	}
	return err
}

// Erase destroys keys of a user, so that nobody can read any more what they have sealed, in no
// copy of the log. Before that it notes the erasure in the ledger, which restoring a backup needs.
// When it returns nil both are durable. Doing it again does no harm. It calls did after each step,
// with "noted" and with "destroyed". A key that is neither there nor destroyed is
// [personal.ErrUnknownKey].
func (l *Log) Erase(ctx context.Context, e personal.Erasure, did func(step string)) error {
	if err := l.profiles.known(ctx, e.Keys); err != nil {
		return err
	}
	if err := l.profiles.ledger.Append(ctx, e); err != nil {
		return err
	}
	did("noted")
	if err := l.profiles.keys.Destroy(ctx, e.Keys...); err != nil {
		return err
	}
	did("destroyed")
	return nil
}
