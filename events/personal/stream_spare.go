package personal

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/synadia-io/orbit.go/jetstreamext"
)

// spareIDs is how many ids one message has at most. So many subjects can be asked for at once.
const spareIDs = 1000

// giveBack stores the ids of keys that nobody was given, for the next node that starts.
func (s *stream) giveBack(ctx context.Context, keys []Key) error {
	for len(keys) > 0 {
		n := min(len(keys), spareIDs)
		ids := make([]byte, 0, n*len(KeyID{}))
		for _, k := range keys[:n] {
			ids = append(ids, k.id[:]...)
		}
		if _, err := s.first(ctx, spareSubject+newKey().id.String(), ids); err != nil {
			return err
		}
		keys = keys[n:]
	}
	return nil
}

// spare takes keys that nodes have given back, until there are enough to begin with. Several nodes
// may do so at once: who stores the message on the claim's subject has the keys, and nobody else ever
// will, because that message stays.
func (s *stream) spare(ctx context.Context, enough int) (keys []Key, err error) {
	for len(keys) < enough {
		m, found, err := s.last(ctx, spareSubject+"*")
		if err != nil || !found {
			return keys, err
		}
		name := strings.TrimPrefix(m.Subject, spareSubject)
		ours, err := s.first(ctx, claimSubject+name, nil)
		if err != nil {
			return keys, err
		}
		// It need not be secure: an id is no secret.
		if err := s.stream.DeleteMsg(ctx, m.Sequence); err != nil {
			// Another node may have deleted it.
			if _, still, failed := s.last(ctx, m.Subject); failed != nil || still {
				return keys, fmt.Errorf("writing to %s: %w", StreamName, err)
			}
		}
		if !ours {
			continue
		}
		more, err := s.findMany(ctx, m.Data)
		if err != nil {
			return keys, err
		}
		keys = append(keys, more...)
	}
	return keys, nil
}

// findMany returns those of the keys that a replica has. The others are lost, which does no harm:
// nobody was given them.
func (s *stream) findMany(ctx context.Context, ids []byte) (keys []Key, err error) {
	var subjects []string
	for ; len(ids) >= len(KeyID{}); ids = ids[len(KeyID{}):] {
		subjects = append(subjects, keySubject+KeyID(ids[:len(KeyID{})]).String())
	}
	if len(subjects) == 0 {
		return nil, nil
	}
	messages, err := jetstreamext.GetLastMsgsFor(ctx, s.js, StreamName, subjects)
	if err != nil {
		return nil, err
	}
	for m, err := range messages {
		if errors.Is(err, jetstreamext.ErrNoMessages) {
			break
		}
		if err != nil {
			return nil, err
		}
		if id, ok := idOf(m.Subject, keySubject); ok && len(m.Data) == secretSize {
			keys = append(keys, Key{id: id, secret: [secretSize]byte(m.Data)})
		}
	}
	return keys, nil
}
