package events

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/feed"
	"github.com/muster-dev/muster/events/personal"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

// profiles seals the profiles in events on their way into the log, and opens them on their way
// out.
type profiles struct {
	keys    *personal.Keys
	missing error            // why there are no keys
	lent    bool             // somebody else closes the keys
	ledger  *personal.Ledger // nil for reading only

	mu       sync.RWMutex
	withheld map[domain.PersonalKeyID]struct{} // keys that are about to be destroyed
	kept     bool                              // nothing is released, because this process destroys no keys
	hidden   bool                              // everything that is sealed reads as erased
}

var errKeysElsewhere = errors.New("this is the NATS of a service with an embedded log, and the keys are in its data directory: " +
	"ask the service itself (--url), or read the directory when the service has stopped (--data)")

// openProfiles opens the keys of the log. A log that is only read need not have any: it may be
// older than they are. Then only what is sealed cannot be read.
func openProfiles(ctx context.Context, s *store.Store, o Options) (*profiles, error) {
	p := &profiles{withheld: make(map[domain.PersonalKeyID]struct{}), kept: o.ReadOnly}
	if o.Keys != nil {
		p.keys, p.lent = o.Keys, true
		return p, p.openLedger(ctx, o, nil)
	}
	if o.ReadOnly && s.ServedByNode() && !hasKeys(o.Dir) {
		p.missing = errKeysElsewhere
		return p, nil
	}
	options := personal.Options{Dir: o.Dir, ReadOnly: o.ReadOnly, Logger: o.Logger, Metrics: o.Metrics}
	// Who only looks at the log of an embedded server that listens has the keys in its directory.
	if o.URL != "" && (!o.ReadOnly || !hasKeys(o.Dir)) {
		options.Dir, options.Servers = "", &personal.Servers{JS: s.JS, Beside: s.Beside}
	}
	if o.ReadOnly {
		p.keys, p.missing = personal.Open(ctx, options)
		return p, nil
	}
	err := p.openOwn(ctx, s, options)
	if err == nil {
		err = p.openLedger(ctx, o, options.Servers)
	}
	if err == nil { // an older copy of the keys may have been put back
		err = p.keys.CatchUp(ctx, p.ledger)
	}
	if err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

// openLedger opens the erasure ledger, which is where the keys are.
func (p *profiles) openLedger(ctx context.Context, o Options, servers *personal.Servers) (err error) {
	if servers != nil {
		p.ledger, err = personal.OpenLedgerStream(ctx, *servers, false)
	} else {
		p.ledger, err = personal.OpenLedger(o.Dir)
	}
	return err
}

// hasKeys reports whether the data directory has a file of keys.
func hasKeys(dir string) bool {
	if dir == "" {
		return false
	}
	_, err := os.Stat(filepath.Join(dir, personal.FileName))
	return err == nil
}

func (p *profiles) close() error {
	var err error
	if p.ledger != nil {
		err = p.ledger.Close()
	}
	if p.keys == nil || p.lent {
		return err
	}
	return errors.Join(err, p.keys.Close())
}

// sealing seals the profiles of one command's events.
type sealing struct {
	*profiles
	dry   bool                                   // take no keys, and seal nothing
	taken map[domain.UserID]domain.PersonalKeyID // by the events before
}

// seal seals the event's profile, if it has one, with the key that its user has. A user who has
// none gets one that nobody has had before. No key is waited for unless all that were made
// ahead are used up.
func (s *sealing) seal(ctx context.Context, r *domain.Recorded) error {
	set, ok := r.Event.(domain.UserProfileSet)
	if !ok {
		return nil
	}
	plain, err := wire.AppendProfile(nil, set.Profile)
	if err != nil {
		return err
	}
	if s.dry { // it takes as many bytes
		size := base64.StdEncoding.EncodedLen(len(plain) + personal.Overhead)
		set.Sealed = domain.SealedProfile{Key: domain.PersonalKeyID{15: 1}, Text: strings.Repeat("A", size)}
		r.Event = set
		return nil
	}
	key, err := s.key(ctx, set)
	if err != nil {
		return fmt.Errorf("%w: sealing the profile of user %s: %w", store.ErrUnavailable, set.User, err)
	}
	sealed := key.Seal(personal.About{Organization: set.Organization, User: set.User, Event: r.ID}, plain)
	set.Sealed = domain.SealedProfile{Key: key.ID(), Text: base64.StdEncoding.EncodeToString(sealed)}
	r.Event = set
	return nil
}

// key returns the key of the event's user. The state that the command was decided on says which
// one it is, unless an event before it in the same command has taken it. If that key was destroyed
// the user gets a new one: in a log that was restored people can be erased without an event that
// says so.
func (s *sealing) key(ctx context.Context, set domain.UserProfileSet) (personal.Key, error) {
	for _, id := range []domain.PersonalKeyID{s.taken[set.User], set.Sealed.Key} {
		if id.IsZero() {
			continue
		}
		if key, err := s.keys.Find(ctx, id); !errors.Is(err, personal.ErrErased) {
			return key, err
		}
	}
	key, err := s.keys.Take(ctx)
	if err != nil {
		return key, err
	}
	if s.taken == nil {
		s.taken = make(map[domain.UserID]domain.PersonalKeyID, 1)
	}
	s.taken[set.User] = key.ID()
	return key, nil
}

// open opens the profiles of a message that was read from the log. What this process has
// written itself is open already. A profile whose key was destroyed becomes an erased one. The
// error wraps [ErrTryAgain] if the keys cannot be read at the moment.
func (p *profiles) open(ctx context.Context, m *wire.Message) error {
	for i := range m.Entries {
		r := &m.Entries[i].Recorded
		switch e := r.Event.(type) { //nolint:gochecksumtype // no other event is about a key
		case domain.UserErasureRequested:
			p.withhold(e.Key)
		case domain.UserErased:
			p.erased(e.Key)
		}
		set, ok := r.Event.(domain.UserProfileSet)
		if !ok || !closed(set) {
			continue
		}
		if p.withholds(set.Sealed.Key) {
			set.Erased = true
			r.Event = set
			continue
		}
		opened, err := p.opened(ctx, r.ID, set)
		if err != nil {
			return fmt.Errorf("event %s: %w", wire.Position{Partition: m.Partition, Number: r.Number}, err)
		}
		r.Event = opened
	}
	return nil
}

// closed reports whether the event has a profile that is to be opened.
func closed(set domain.UserProfileSet) bool {
	return !set.Sealed.Key.IsZero() && !set.Erased && set.Profile == (domain.ProfileFacts{})
}

// prefetch has the keys in memory that the profiles in the messages are sealed with.
func (p *profiles) prefetch(ctx context.Context, messages []wire.Message) {
	if p.keys == nil {
		return
	}
	var ids []personal.KeyID
	for i := range messages {
		for j := range messages[i].Entries {
			if set, ok := messages[i].Entries[j].Event.(domain.UserProfileSet); ok && closed(set) {
				ids = append(ids, set.Sealed.Key)
			}
		}
	}
	p.keys.Prefetch(ctx, ids...)
}

// opened returns the event with its profile in the clear, or as erased.
func (p *profiles) opened(ctx context.Context, id domain.EventID, set domain.UserProfileSet) (domain.UserProfileSet, error) {
	if p.keys == nil {
		return set, fmt.Errorf("the profile is sealed, and there are no keys: %w", p.missing)
	}
	key, err := p.keys.Find(ctx, set.Sealed.Key)
	switch {
	case errors.Is(err, personal.ErrErased):
		set.Erased = true
		return set, nil
	case errors.Is(err, personal.ErrUnknownKey):
		return set, fmt.Errorf("key %s of user %s: %w", set.Sealed.Key, set.User, err)
	case err != nil:
		return set, fmt.Errorf("%w: reading a key of personal data: %w", ErrTryAgain, err)
	}
	sealed, err := base64.StdEncoding.DecodeString(set.Sealed.Text)
	if err != nil {
		return set, fmt.Errorf("the sealed profile of user %s: %w: %w", set.User, err, wire.ErrDamaged)
	}
	plain, err := key.Open(personal.About{Organization: set.Organization, User: set.User, Event: id}, sealed)
	if err == nil {
		set.Profile, err = wire.ParseProfile(plain)
	}
	if err != nil {
		return set, fmt.Errorf("the sealed profile of user %s: %w", set.User, err)
	}
	return set, nil
}

// rehashed is how often the hash of a request can have been hashed on its way into an event: by
// the writer, and by copies of the log that sealed what was in the clear. A copy of a copy of a copy
// is one too many, as docs/operations.md says.
const rehashed = 3

// requestHash returns the hash of a request as events have it. It can only be made with a secret,
// so that nobody can guess what the request said and see whether the hash is the same: it may
// have been about a person who was erased. It is zero for a request without a hash.
func (p *profiles) requestHash(request domain.Hash) domain.Hash {
	if request.IsZero() {
		return request
	}
	return p.keys.RequestHash(request[:])
}

// sameRequest reports whether the hash in an event is that of the request. Events from before
// there was a secret have the request's own hash.
func (p *profiles) sameRequest(kept, request domain.Hash) bool {
	for range rehashed {
		if kept == request {
			return true
		}
		request = p.requestHash(request)
	}
	return kept == request
}

// Show returns the CloudEvent as people and webhooks get it: a profile is in the clear, or there
// is a tombstone in its place if the person was erased. Call it at the last moment, and do not
// keep what it returns, because the person may be erased at any time.
func (l *Log) Show(ctx context.Context, e feed.Event) ([]byte, error) {
	if e.Type != (domain.UserProfileSet{}).EventType() {
		return e.Stored, nil
	}
	entry, position, err := wire.Decode(e.Stored)
	if err != nil {
		return nil, err
	}
	set, ok := entry.Event.(domain.UserProfileSet)
	if !ok || set.Sealed.Key.IsZero() {
		return e.Stored, nil
	}
	if l.profiles.withholds(set.Sealed.Key) {
		set.Erased = true
	} else if set, err = l.profiles.opened(ctx, entry.ID, set); err != nil {
		return nil, fmt.Errorf("event %s: %w", position, err)
	}
	return wire.WithData(e.Stored, set)
}
