package events

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
)

// Sort says which events a reader depends on.
type Sort int

// The sorts of events.
const (
	// AllEvents are the events of every type.
	AllEvents Sort = iota
	// Withdrawals are the events by which a person can lose the right to read.
	Withdrawals
	// TokenEvents are the events by which a secret of a token begins or ends to be valid.
	TokenEvents

	sorts // how many there are
)

// is reports whether the event is one of the sort.
func (s Sort) is(e domain.Event) bool {
	switch e.(type) { //nolint:gochecksumtype // all others are of the first sort only
	case domain.TokenIssued, domain.TokenRotated, domain.TokenRevoked:
		return s == AllEvents || s == TokenEvents
	case domain.OrganizationMemberRemoved, domain.OrganizationMemberSuspended,
		domain.MemberRemoved, domain.MemberLeft, domain.MemberExpired, domain.MemberExpiryChanged:
		return s == AllEvents || s == Withdrawals
	default:
		return s == AllEvents
	}
}

// acknowledged has, for each sort, the numbers of the last events of a partition that somebody
// can know of from this process, by slot: because they were acknowledged, or because the feed
// may have them. It is safe for concurrent use.
type acknowledged [sorts][slots + 1]atomic.Uint64

// Each organization has a slot. Organizations can share one: a reader of one may then wait
// for an event of another. The slot everywhere is for all organizations together.
const (
	slots      = 4096
	everywhere = slots
)

// place returns the partition of the organization, and its slot there.
func (l *Log) place(org domain.OrganizationID) (p *partition, slot uint64) {
	hash := hashOf(org)
	return l.partitions[hash%uint64(len(l.partitions))], slotOf(hash)
}

func slotOf(hash uint64) uint64 { return hash >> 32 % slots }

// note records the events of entries, which may belong to several organizations. It is called
// before anybody can know of them.
func (a *acknowledged) note(entries []wire.Entry) {
	for i := range entries {
		e := &entries[i]
		slot := slotOf(hashOf(e.Event.Concerns().Organization))
		for sort := range a {
			if Sort(sort).is(e.Event) {
				raise(&a[sort][slot], e.Number)
				raise(&a[sort][everywhere], e.Number)
			}
		}
	}
}

// raise sets the number to that, unless it is higher already.
func raise(number *atomic.Uint64, to uint64) {
	for {
		now := number.Load()
		if now >= to || number.CompareAndSwap(now, to) {
			return
		}
	}
}

// ErrBehind reports that the read models do not show yet what this process has acknowledged, or
// what its feed has shown. It is wrapped with the reason.
var ErrBehind = errors.New("the read models do not show yet what this node has acknowledged or shown in its feed")

// Shown reports whether the read models show every event of the sort in the organization that
// [Log.Run] has acknowledged or that the feed may hold. If the organization is zero it is about
// all of them. It must not be called before [Log.Start] has returned.
func (l *Log) Shown(s Sort, org domain.OrganizationID) bool {
	if !org.IsZero() {
		p, slot := l.place(org)
		return p.shown(s, slot)
	}
	for _, p := range l.partitions {
		if !p.shown(s, everywhere) {
			return false
		}
	}
	return true
}

// AwaitShown waits until the read models show every event that [Log.Shown] asks for at the
// moment. It fails with [ErrBehind] if the context ends first, and at once if it is known
// that the read models do not follow the log.
func (l *Log) AwaitShown(ctx context.Context, s Sort, org domain.OrganizationID) error {
	if !org.IsZero() {
		p, slot := l.place(org)
		return p.awaitShown(ctx, s, slot)
	}
	for _, p := range l.partitions {
		if err := p.awaitShown(ctx, s, everywhere); err != nil {
			return err
		}
	}
	return nil
}

func (p *partition) shown(s Sort, slot uint64) bool {
	number := p.writer.acknowledged[s][slot].Load()
	return number == 0 || p.writer.held.snapshot.Applied(p.Number) >= number
}

func (p *partition) awaitShown(ctx context.Context, s Sort, slot uint64) error {
	if p.shown(s, slot) {
		return nil
	}
	ctx, end := p.stall.while(ctx)
	defer end()
	err := p.writer.held.snapshot.WaitFor(ctx, wire.Position{Partition: p.Number, Number: p.writer.acknowledged[s][slot].Load()})
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("%w: %w", ErrBehind, context.Cause(ctx))
	}
	return err
}
