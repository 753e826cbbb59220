package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"

	"github.com/muster-dev/muster/events/block"
)

// StoredFeed returns the messages of a partition's feed as they are in the files of an
// embedded server, from the number on, up to the end. There are none if there is no feed.
// The sequence ends after an error, which wraps [wire.ErrDamaged] for damage. A message
// that was being written when the process was killed is no damage, and is left out.
func (s *Store) StoredFeed(ctx context.Context, partition int, from uint64) iter.Seq2[Message, error] {
	name := FeedStream(partition)
	f := &files{Stream: block.Stream{Dir: s.dir.file(filepath.Join(streamsDir, name)), Name: name}}
	return func(yield func(Message, error) bool) {
		if !f.exists() {
			return
		}
		_, err := f.metadata()
		if err != nil {
			yield(Message{}, fmt.Errorf("reading the feed: %w", err))
			return
		}
		err = f.records(ctx, from, func(r block.Record) error {
			if r.Foreign != "" {
				return fmt.Errorf("%s, offset %d: %w", r.Path, r.Offset, f.foreign(r))
			}
			if !yield(Message{Sequence: r.Sequence, Subject: r.Subject, Time: r.Time, Header: bytes.Clone(r.Header), Data: bytes.Clone(r.Data)}, nil) {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(Message{}, fmt.Errorf("reading the feed: %w", err))
		}
	}
}
