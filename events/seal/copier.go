package seal

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/personal"
	"github.com/muster-dev/muster/events/proof"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/subscription"
	"github.com/muster-dev/muster/events/wire"
)

// person is a user in an organization, who has one key there.
type person struct {
	organization domain.OrganizationID
	user         domain.UserID
}

// copier is a copy that is being made.
type copier struct {
	from, to *log
	keys     map[person]personal.KeyID // with which profiles in the clear are sealed
	progress func(what string) (show func(done, of uint64), end func())
	result   Result
}

func (c *copier) run(ctx context.Context) error {
	if err := c.copyKeys(ctx); err != nil {
		return fmt.Errorf("copying the keys of personal data: %w", err)
	}
	if err := c.copyBeside(ctx); err != nil {
		return err
	}
	if err := c.survey(ctx); err != nil {
		return err
	}
	show, end := c.progress("copying the log")
	defer end()
	show(0, c.from.events())
	w := writer{to: c.to}
	err := c.from.each(ctx, func(partition int, e *wire.Entry) error {
		stored, err := c.sealed(ctx, partition, e)
		if err != nil {
			return fmt.Errorf("event %s: %w", wire.Position{Partition: partition, Number: e.Number}, err)
		}
		if err := w.add(ctx, partition, e.Command, stored); err != nil {
			return err
		}
		c.result.Events++
		show(c.result.Events, c.from.events())
		return nil
	})
	c.result.People = len(c.keys)
	return errors.Join(err, w.end(ctx))
}

// copyKeys copies the keys that the log has already.
func (c *copier) copyKeys(ctx context.Context) error {
	const atOnce = 1000
	var keys []personal.Copy
	err := c.from.people.Each(ctx, func(k personal.Copy) error {
		if keys = append(keys, k); len(keys) < atOnce {
			return nil
		}
		defer func() { keys = keys[:0] }()
		return c.to.people.Put(ctx, keys...)
	})
	if err == nil {
		err = c.to.people.Put(ctx, keys...)
	}
	if secret := c.from.people.RequestSecret(); err == nil && [32]byte(secret) != [32]byte{} {
		err = c.to.people.SetRequestSecret(ctx, secret)
	}
	return err
}

// copyBeside copies what subscriptions have beside the log.
func (c *copier) copyBeside(ctx context.Context) error {
	for _, config := range []jetstream.StreamConfig{store.Keys, subscription.Cursors()} {
		messages, err := c.from.Latest(ctx, config.Name)
		if err != nil {
			return err
		}
		// No checkpoint of the copy is to be taken for one of the log, and its keys of people are its own.
		messages = slices.DeleteFunc(messages, func(m store.Message) bool { return proof.SharedKey(m.Subject) || store.IsHome(m.Subject) })
		if len(messages) == 0 {
			continue
		}
		if _, err := c.to.Beside(ctx, config); err != nil {
			return err
		}
		for _, m := range messages {
			once, cancel := context.WithTimeout(ctx, store.CallTimeout)
			_, err := c.to.JS.Publish(once, m.Subject, m.Data)
			cancel()
			if err != nil {
				return fmt.Errorf("writing to %s: %w", config.Name, err)
			}
		}
		if err := c.to.FlushBeside(config.Name); err != nil {
			return err
		}
	}
	return nil
}

// survey finds the people who have profiles in the clear, and the first key that each of them has.
func (c *copier) survey(ctx context.Context) error {
	show, end := c.progress("reading the log")
	defer end()
	done := uint64(0)
	first := make(map[person]personal.KeyID)
	err := c.from.each(ctx, func(_ int, e *wire.Entry) error {
		done++
		show(done, c.from.events())
		set, ok := e.Event.(domain.UserProfileSet)
		if !ok {
			return nil
		}
		who := person{set.Organization, set.User}
		switch _, known := first[who]; {
		case set.Sealed.Key.IsZero():
			c.keys[who] = personal.KeyID{}
		case !known:
			first[who] = set.Sealed.Key
		}
		return nil
	})
	for who := range c.keys {
		c.keys[who] = first[who]
	}
	return err
}

// sealed returns the event as the copy has it.
func (c *copier) sealed(ctx context.Context, partition int, e *wire.Entry) ([]byte, error) {
	r, changed := e.Recorded, false
	if r.Request != (domain.Hash{}) {
		r.Request, changed = c.to.people.RequestHash(r.Request[:]), true
		c.result.Requests++
	}
	if set, ok := r.Event.(domain.UserProfileSet); ok && set.Sealed.Key.IsZero() {
		sealed, err := c.seal(ctx, r.ID, set)
		if err != nil {
			return nil, err
		}
		r.Event, changed = sealed, true
		c.result.Sealed++
	}
	if !changed {
		return e.Stored, nil
	}
	return wire.Encode(nil, partition, &r)
}

// seal seals the profile of an event.
func (c *copier) seal(ctx context.Context, id domain.EventID, set domain.UserProfileSet) (domain.UserProfileSet, error) {
	plain, err := wire.AppendProfile(nil, set.Profile)
	if err != nil {
		return set, err
	}
	key, name, err := c.key(ctx, person{set.Organization, set.User})
	if err != nil {
		return set, err
	}
	sealed := key.Seal(personal.About{Organization: set.Organization, User: set.User, Event: id}, plain)
	return domain.UserProfileSet{About: set.About, Sealed: domain.SealedProfile{Key: name, Text: base64.StdEncoding.EncodeToString(sealed)}}, nil
}

// key returns the key of a person, and the id that the event names. They only differ if that one was
// destroyed: then the key is one that nobody has.
func (c *copier) key(ctx context.Context, who person) (key personal.Key, name personal.KeyID, err error) {
	id := c.keys[who]
	if id.IsZero() {
		if key, err = c.to.people.Take(ctx); err == nil {
			c.keys[who] = key.ID()
		}
		return key, key.ID(), err
	}
	key, err = c.to.people.Find(ctx, id)
	if !errors.Is(err, personal.ErrErased) {
		return key, id, err
	}
	if key, err = c.to.people.Take(ctx); err == nil {
		err = c.to.people.Destroy(ctx, key.ID())
	}
	return key, id, err
}
