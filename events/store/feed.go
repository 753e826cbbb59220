package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// FeedWindow is how many messages may be in flight to a partition's feed at once.
const FeedWindow = 512

// feedAnswerWithin is how long a cluster may take to answer a question about a stream.
const feedAnswerWithin = 500 * time.Millisecond

// Feed opens the stream that holds a partition's feed. The error wraps
// [jetstream.ErrStreamNotFound] if there is none.
//
// While a cluster makes a stream, no server answers requests about it, and a request sent
// then is never answered. So Feed asks again before its time is up. It also asks again if the
// answer comes from a leader that may have been deposed.
func (s *Store) Feed(ctx context.Context, partition int) (jetstream.Stream, error) {
	ctx, cancel := context.WithTimeout(ctx, CallTimeout)
	defer cancel()
	for {
		once, cancel := context.WithTimeout(ctx, feedAnswerWithin)
		stream, err := s.JS.Stream(once, FeedStream(partition))
		cancel()
		if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
			continue
		}
		if err == nil {
			err = quorum(stream.CachedInfo())
			if err == nil {
				return stream, nil
			}
			err = fmt.Errorf("%w: %w", errDeposed, err)
		}
		if !errors.Is(err, errDeposed) || !pause(ctx, askAgainAfter) {
			return nil, fmt.Errorf("opening %s: %w", FeedStream(partition), err)
		}
	}
}

// pause reports whether the context has outlasted the time.
func pause(ctx context.Context, long time.Duration) bool {
	select {
	case <-time.After(long):
		return true
	case <-ctx.Done():
		return false
	}
}

// MakeFeed makes the stream that holds a partition's feed, with the number of its
// generation. The error wraps [jetstream.ErrStreamNameAlreadyInUse] if another node has
// made it in the meantime.
func (s *Store) MakeFeed(ctx context.Context, partition int, generation uint64) (jetstream.Stream, error) {
	config := s.marker.feedConfig(partition, s.replicas)
	config.Description += fmt.Sprintf("; generation %d", generation)
	config.Metadata[metaGeneration] = strconv.FormatUint(generation, 10)
	stream, err := makeStream(ctx, s.JS, config)
	if err != nil {
		return nil, fmt.Errorf("making %s: %w", FeedStream(partition), err)
	}
	return stream, nil
}

// Generation returns the number of a feed's generation. A feed that is made in place of
// another one has a higher number. Earlier versions gave no number: theirs is 1.
func Generation(info *jetstream.StreamInfo) uint64 {
	number, err := strconv.ParseUint(info.Config.Metadata[metaGeneration], 10, 64)
	if err != nil {
		return 1
	}
	return number
}

// FeedMessage reads the feed's message with the number from the stream's leader. The error
// wraps [ErrNoMessage] if there is none.
func (s *Store) FeedMessage(ctx context.Context, partition int, number uint64) (Message, error) {
	return s.feedMessage(ctx, partition, ask{Sequence: number})
}

// NextFeedMessage reads the feed's next message on the subject from the number on,
// from the stream's leader. The error wraps [ErrNoMessage] if there is none.
func (s *Store) NextFeedMessage(ctx context.Context, partition int, subject string, from uint64) (Message, error) {
	return s.feedMessage(ctx, partition, ask{Sequence: from, Subject: subject})
}

// feedMessage reads a message from the leader. A leader that was deposed and does not know it
// yet lacks the newest messages. So the leader of a cluster is believed that it has none only
// when it says so after it has been in touch with most of the replicas.
func (s *Store) feedMessage(ctx context.Context, partition int, wanted ask) (Message, error) {
	m, err := s.message(ctx, FeedStream(partition), wanted)
	if !errors.Is(err, ErrNoMessage) || s.Conn.ConnectedClusterName() == "" {
		return m, err
	}
	if _, err := s.Feed(ctx, partition); err != nil {
		return Message{}, err
	}
	return s.message(ctx, FeedStream(partition), wanted)
}

// Whole reports whether the stream is this log's feed and begins with the first event,
// judging by JetStream's own counts. A stream whose first block is damaged comes back
// empty, still counts subjects although it has no messages, and refuses new messages.
func (s *Store) Whole(info *jetstream.StreamInfo) bool {
	found, err := markerOf(s.marker.Mode, info)
	state := info.State
	return err == nil && found.Log == s.marker.Log &&
		state.FirstSeq <= 1 && state.NumDeleted == 0 && state.Msgs == state.LastSeq && (state.Msgs == 0) == (state.NumSubjects == 0)
}
