package store

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// openStreams opens the log's streams. It makes missing streams according to the marker,
// or returns [ErrLogMissing] if it must not make any. Any number of nodes may do this at
// once. It returns the log's own marker. A log with another number of partitions than the
// one that was asked for is refused; 0 fits any log.
func (s *Store) openStreams(ctx context.Context, wanted marker, asked int, mayMake bool) (marker, []jetstream.Stream, error) {
	m := wanted
	var streams []jetstream.Stream
	until := time.Now().Add(openFor)
	for p := 0; p < m.Partitions; p++ {
		stream, err := patiently(ctx, until, s.logger, logStream(p), func(ctx context.Context) (jetstream.Stream, error) {
			if mayMake {
				return openOrMake(ctx, s.JS, p, m.logConfig(p, s.replicas))
			}
			return s.JS.Stream(ctx, logStream(p))
		})
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			return marker{}, nil, fmt.Errorf("stream %s: %w: %w", logStream(p), ErrLogMissing, err)
		}
		if err != nil {
			return marker{}, nil, fmt.Errorf("opening stream %s: %w", logStream(p), err)
		}
		found, err := markerOf(wanted.Mode, stream.CachedInfo())
		if err != nil {
			return marker{}, nil, err
		}
		switch {
		case asked != 0 && found.Partitions != asked:
			return marker{}, nil, otherPartitions(found.Partitions, asked)
		case p > 0 && found.Log != m.Log:
			return marker{}, nil, fmt.Errorf("streams %s and %s belong to different logs", logStream(0), logStream(p))
		}
		m = found
		streams = append(streams, stream)
	}
	return m, streams, nil
}

// openOrMake opens a stream, or makes it. While another node makes it, a cluster
// says for a moment both that the name is taken and that there is no such stream.
func openOrMake(ctx context.Context, js jetstream.JetStream, partition int, config jetstream.StreamConfig) (jetstream.Stream, error) {
	stream, err := js.Stream(ctx, config.Name)
	if !errors.Is(err, jetstream.ErrStreamNotFound) {
		return stream, err
	}
	switch _, err := js.Stream(ctx, repairStream(partition)); {
	case err == nil:
		return nil, errRepairing
	case !errors.Is(err, jetstream.ErrStreamNotFound):
		return nil, err
	}
	return makeStream(ctx, js, config)
}

// errRepairing reports that a stream of the log must not be made, because a repair is making it.
var errRepairing = errors.New("muster audit repair is replacing the stream: wait for it, or run it again if it was interrupted")

// makeStream makes a stream. It waits for that even if the context ends, up to openAttempt: a
// server that is stopped while it makes a stream never stops what writes that stream.
func makeStream(ctx context.Context, js jetstream.JetStream, config jetstream.StreamConfig) (jetstream.Stream, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), openAttempt)
	defer cancel()
	return js.CreateStream(ctx, config)
}

const (
	// openFor bounds how long a node that starts waits for all of the log's streams.
	openFor = 2 * time.Minute
	// openAttempt bounds one attempt. A cluster that is about to make a stream may leave a
	// request unanswered for ever.
	openAttempt = 5 * time.Second
	// openAgainAfter is the pause between two attempts.
	openAgainAfter = 100 * time.Millisecond
	// codeNoPeers is JetStream's code for a cluster that has fewer servers than a stream needs,
	// as a cluster has that is starting.
	codeNoPeers jetstream.ErrorCode = 10005
)

// patiently opens a stream, and tries again until that time as long as the cluster is not
// ready for it or another node is making it.
func patiently(ctx context.Context, until time.Time, logger *slog.Logger, stream string, open func(context.Context) (jetstream.Stream, error)) (jetstream.Stream, error) {
	told := false
	for {
		once, cancel := context.WithTimeout(ctx, openAttempt)
		opened, err := open(once)
		cancel()
		if !passes(err) || ctx.Err() != nil || time.Now().After(until) {
			return opened, err
		}
		if !told {
			told = true
			logger.Info("waiting for a stream of the log", slog.String("stream", stream), slog.Any("error", err))
		}
		select {
		case <-time.After(openAgainAfter):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// passes reports whether the reason why a stream cannot be opened may pass by itself.
func passes(err error) bool {
	if api, ok := errors.AsType[*jetstream.APIError](err); ok && api.ErrorCode == codeNoPeers {
		return true
	}
	return Unreachable(err) || errors.Is(err, errNotYet) || errors.Is(err, jetstream.ErrStreamNameAlreadyInUse)
}
