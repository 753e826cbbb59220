package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/synadia-io/orbit.go/jetstreamext"
)

// Beside opens a stream that another package keeps beside the log, or makes it. A new stream
// has as many replicas as the log, and the log's marker in its metadata. It is never persisted
// lazily if it has several replicas, whatever the configuration says. A stream of another log
// is refused with [ErrOtherLog]. When Beside returns, the embedded server's files of a new
// stream have been flushed, so that a power cut does not take the stream itself.
func (s *Store) Beside(ctx context.Context, config jetstream.StreamConfig) (jetstream.Stream, error) {
	config.Replicas = s.replicas
	if s.replicas > 1 {
		config.PersistMode = jetstream.DefaultPersistMode // the server refuses lazy ones
	}
	metadata := s.marker.metadata()
	maps.Copy(metadata, config.Metadata)
	config.Metadata = metadata
	made := false
	stream, err := patiently(ctx, time.Now().Add(openFor), s.logger, config.Name, func(ctx context.Context) (jetstream.Stream, error) {
		stream, err := s.JS.Stream(ctx, config.Name)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			made = true
			stream, err = makeStream(ctx, s.JS, config)
		}
		if err == nil && !s.inside {
			err = responds(ctx, stream)
		}
		return stream, err
	})
	if err != nil {
		return nil, fmt.Errorf("opening stream %s: %w", config.Name, err)
	}
	found, err := markerOf(s.marker.Mode, stream.CachedInfo())
	if err != nil {
		return nil, err
	}
	if found.Log != s.marker.Log {
		return nil, fmt.Errorf("stream %s: %w: it belongs to log %s, and this one is %s", config.Name, ErrOtherLog, found.Log, s.marker.Log)
	}
	if made {
		err = s.FlushBeside(config.Name)
	}
	return stream, err
}

// responds returns nil once the stream can be read. A cluster that has just made it leaves what is
// asked before there is a leader unanswered, and a server may not have heard of the stream.
func responds(ctx context.Context, stream jetstream.Stream) error {
	_, err := stream.GetMsg(ctx, 1)
	if errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil
	}
	if api, ok := errors.AsType[*jetstream.APIError](err); ok && api.ErrorCode == jetstream.JSErrCodeStreamNotFound {
		return fmt.Errorf("%w: %w", errNotYet, err)
	}
	return err
}

// errNotYet reports that a stream is made, and that the server does not know of it yet.
var errNotYet = errors.New("the server does not know of the stream yet")

// FlushBeside flushes the embedded server's files of a stream. JetStream flushes messages, but
// not the names of the files that hold them. FlushBeside does nothing with an external server.
func (s *Store) FlushBeside(stream string) error {
	if s.server == nil {
		return nil
	}
	if err := syncTree(s.dir.file(filepath.Join(streamsDir, stream))); err != nil {
		return fmt.Errorf("flushing stream %s: %w", stream, err)
	}
	return nil
}

// MostBeside is the most messages that [Store.BesidePage] can read at once.
const MostBeside = pageQueue

// BesidePage reads at most size messages on the subject from a stream beside the log, from the
// sequence on. The stream must allow direct gets. BesidePage reads from any replica, which may
// lag behind, and returns no messages if that replica has none. The size is at most
// [MostBeside].
func (s *Store) BesidePage(ctx context.Context, stream, subject string, from uint64, size int) (page []Message, err error) {
	options := []jetstreamext.GetBatchOpt{jetstreamext.GetBatchSeq(from), jetstreamext.GetBatchSubject(subject)}
	err = s.page(ctx, stream, size, options, func(m *jetstream.RawStreamMsg) error {
		page = append(page, Message{Sequence: m.Sequence, Data: m.Data})
		return nil
	})
	return page, err
}
