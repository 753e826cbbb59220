package personal

import (
	"context"
	"errors"
	"fmt"
	"iter"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"
)

const (
	// inFlight is how many keys are published at once.
	inFlight = 256
	// callsAtOnce is how many keys are looked up, restored or destroyed at the same time.
	callsAtOnce = 64
)

// make publishes the keys and returns those that the servers have acknowledged. Of the others
// nobody knows whether they were stored, so they are dropped.
func (s *stream) make(ctx context.Context, count int) (made []Key, err error) {
	for count > 0 && err == nil {
		var keys []Key
		n := min(count, inFlight)
		count -= n
		keys, err = s.makeSome(ctx, n)
		made = append(made, keys...)
	}
	return made, err
}

func (s *stream) makeSome(ctx context.Context, count int) (made []Key, err error) {
	ctx, cancel := context.WithTimeout(ctx, callFor)
	defer cancel()
	keys, acks := make([]Key, count), make([]jetstream.PubAckFuture, count)
	for i := range keys {
		keys[i] = newKey()
		acks[i], err = s.js.PublishAsync(keySubject+keys[i].id.String(), keys[i].secret[:])
		if err != nil {
			acks = acks[:i]
			break
		}
	}
	for i, ack := range acks {
		select {
		case <-ack.Ok():
			made = append(made, keys[i])
		case failed := <-ack.Err():
			err = errors.Join(err, failed)
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
	}
	if err != nil {
		err = fmt.Errorf("writing to %s: %w", StreamName, err)
	}
	return made, err
}

func (s *stream) find(ctx context.Context, id KeyID) (Key, error) {
	m, found, err := s.last(ctx, keySubject+id.String())
	if err != nil {
		return Key{}, err
	}
	// A key that is half-way destroyed is destroyed.
	if _, erased, err := s.last(ctx, erasedSubject+id.String()); err != nil {
		return Key{}, err
	} else if erased {
		return Key{}, ErrErased
	}
	if !found {
		return Key{}, fmt.Errorf("%s: key %s: %w", StreamName, id, ErrUnknownKey)
	}
	return keyOf(id, m.Data)
}

// keyOf checks what a message holds.
func keyOf(id KeyID, secret []byte) (Key, error) {
	if len(secret) != secretSize {
		return Key{}, fmt.Errorf("%s: key %s has %d bytes, not %d: restore it from a backup", StreamName, id, len(secret), secretSize)
	}
	return Key{id: id, secret: [secretSize]byte(secret)}, nil
}

func (s *stream) destroy(ctx context.Context, ids []KeyID) error {
	return atOnce(ctx, ids, func(ctx context.Context, id KeyID) error {
		if _, err := s.first(ctx, erasedSubject+id.String(), nil); err != nil {
			return err
		}
		if err := s.wipe(ctx, id); err != nil {
			return fmt.Errorf("destroying key %s: %w", id, err)
		}
		return nil
	})
}

// atOnce calls do with all items, with many of them at the same time: servers far away take long to
// respond, and have long responded to others meanwhile.
func atOnce[T any](ctx context.Context, items []T, do func(context.Context, T) error) error {
	calls, ctx := errgroup.WithContext(ctx)
	calls.SetLimit(callsAtOnce)
	for _, item := range items {
		calls.Go(func() error { return do(ctx, item) })
	}
	return calls.Wait()
}

// wipe has the servers overwrite the key. It returns nil when the stream's leader has no such key
// any more.
func (s *stream) wipe(ctx context.Context, id KeyID) error {
	var failed error
	const attempts = 3
	for range attempts {
		m, found, err := s.last(ctx, keySubject+id.String())
		if err != nil || !found {
			return err
		}
		// Another node may do the same, and deleting what is gone is an error.
		failed = s.stream.SecureDeleteMsg(ctx, m.Sequence)
	}
	_, found, err := s.last(ctx, keySubject+id.String())
	if err != nil || !found {
		return err
	}
	return fmt.Errorf("%s still has the key: %w", StreamName, failed)
}

func (s *stream) requestSecret(ctx context.Context) ([secretSize]byte, error) {
	m, found, err := s.last(ctx, requestSecret)
	switch {
	case err != nil || !found && s.readOnly:
		return [secretSize]byte{}, err
	case !found:
		secret := newKey().secret
		if _, err := s.first(ctx, requestSecret, secret[:]); err != nil {
			return secret, err
		}
		if m, found, err = s.last(ctx, requestSecret); err != nil { // what is in the stream counts
			return secret, err
		}
	}
	if !found || len(m.Data) != secretSize {
		return [secretSize]byte{}, fmt.Errorf("%s: the secret for hashes of requests is damaged: restore it from a backup", StreamName)
	}
	return [secretSize]byte(m.Data), nil
}

// each calls f with the keys in the order of the stream. A key that is half-way destroyed is
// handed over twice, the second time as erased.
func (s *stream) each(ctx context.Context, do func(Key, bool) error) error {
	for m, err := range s.all(ctx, keySubject+"*", erasedSubject+"*") {
		if err != nil {
			return err
		}
		if id, ok := idOf(m.Subject(), erasedSubject); ok {
			if err := do(Key{id: id}, true); err != nil {
				return err
			}
			continue
		}
		id, ok := idOf(m.Subject(), keySubject)
		if !ok {
			continue // not ours
		}
		k, err := keyOf(id, m.Data())
		if err != nil {
			return err
		}
		if err := do(k, false); err != nil {
			return err
		}
	}
	return nil
}

// all returns the messages on the subjects that the stream has when it is called.
func (s *stream) all(ctx context.Context, subjects ...string) iter.Seq2[jetstream.Msg, error] {
	return func(yield func(jetstream.Msg, error) bool) {
		if err := s.eachMessage(ctx, subjects, func(m jetstream.Msg) bool { return yield(m, nil) }); err != nil {
			yield(nil, fmt.Errorf("reading %s: %w", StreamName, err))
		}
	}
}

func (s *stream) eachMessage(ctx context.Context, subjects []string, do func(jetstream.Msg) bool) error {
	consumer, err := s.stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{FilterSubjects: subjects})
	if err != nil {
		return err
	}
	if info := consumer.CachedInfo(); info != nil && info.NumPending == 0 {
		return nil
	}
	messages, err := consumer.Messages()
	if err != nil {
		return err
	}
	defer messages.Stop()
	for {
		m, err := messages.Next(jetstream.NextContext(ctx))
		if err != nil {
			return err
		}
		meta, err := m.Metadata()
		if err != nil {
			return err
		}
		if !do(m) || meta.NumPending == 0 {
			return nil
		}
	}
}

// restore adds what a backup has.
func (s *stream) restore(ctx context.Context, keys []Key, erased []KeyID) error {
	err := atOnce(ctx, keys, func(ctx context.Context, k Key) error {
		if _, gone, err := s.last(ctx, erasedSubject+k.id.String()); err != nil || gone {
			return err
		}
		_, err := s.first(ctx, keySubject+k.id.String(), k.secret[:])
		return err
	})
	if err != nil {
		return err
	}
	return s.destroy(ctx, erased)
}

// restoreSecret replaces the secret. The old one is deleted first, because the subject can have
// only one message.
func (s *stream) restoreSecret(ctx context.Context, secret [secretSize]byte) error {
	m, found, err := s.last(ctx, requestSecret)
	if err != nil {
		return err
	}
	if found {
		if err := s.stream.SecureDeleteMsg(ctx, m.Sequence); err != nil {
			return fmt.Errorf("writing to %s: %w", StreamName, err)
		}
	}
	_, err = s.first(ctx, requestSecret, secret[:])
	return err
}
