package store

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// A restore on a NATS server makes all streams of the log first, and fills them. Until it is
// finished they have another subject, so that nothing can be appended to them, and metadata that
// no node accepts. Then each becomes a stream of the log, the first one last. So as long as the
// first one is not the log's, nothing was ever used of what is there.
const metaRestore = "muster-restore" // the id of the log that is being restored

// ownStreams is what the names of all streams of Muster begin with.
const ownStreams = "MUSTER_"

// beginStreams makes the streams of the log, the first one first.
func (r *Restore) beginStreams(ctx context.Context, again bool) error {
	s := r.store
	there, err := s.ownStreams(ctx)
	if err != nil {
		return err
	}
	if len(there) > 0 {
		first, err := s.info(ctx, logStream(0))
		if err != nil {
			return err
		}
		unfinished := first != nil && first.Config.Metadata[metaRestore] != ""
		switch {
		case unfinished && !again:
			return fmt.Errorf("stream %s: %w", logStream(0), ErrRestoreUnfinished)
		case !unfinished:
			return fmt.Errorf("%w: the server has the stream %s; take a server or an account without streams of Muster", ErrNotEmpty, there[0])
		}
		r.told(s.Conn.ConnectedServerName())
		for _, name := range there {
			if name != logStream(0) {
				if err := s.drop(ctx, name); err != nil {
					return err
				}
			}
		}
	}
	for p := range r.ends {
		if err := s.makeEmpty(ctx, r.filling(p)); err != nil {
			return err
		}
	}
	return nil
}

// ownStreams returns the names of all streams of Muster.
func (s *Store) ownStreams(ctx context.Context) (names []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, CallTimeout)
	defer cancel()
	list := s.JS.StreamNames(ctx)
	for name := range list.Name() {
		if strings.HasPrefix(name, ownStreams) {
			names = append(names, name)
		}
	}
	if err := list.Err(); err != nil && !errors.Is(err, jetstream.ErrEndOfData) {
		return nil, fmt.Errorf("asking which streams there are: %w", err)
	}
	return names, nil
}

// filling is a stream of the log that is not whole.
func (r *Restore) filling(partition int) jetstream.StreamConfig {
	c := r.store.marker.logConfig(partition, r.store.replicas)
	c.Subjects, c.Metadata = []string{refillSubject(partition)}, map[string]string{metaRestore: r.store.marker.Log}
	c.DenyDelete, c.DenyPurge = false, false
	c.SubjectTransform = &jetstream.SubjectTransformConfig{Source: refillSubject(partition), Destination: logSubject(partition)}
	return c
}

// finishStreams makes the streams those of the log, the first one last.
func (r *Restore) finishStreams(ctx context.Context) error {
	for p := len(r.ends) - 1; p >= 0; p-- {
		if _, err := r.store.JS.UpdateStream(ctx, r.store.marker.logConfig(p, r.store.replicas)); err != nil {
			return fmt.Errorf("making %s a stream of the log: %w", logStream(p), err)
		}
	}
	return nil
}
