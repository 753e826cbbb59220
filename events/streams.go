package events

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// The metadata of every stream says what it is, so that a log is never opened as
// what it is not.
const (
	metaFormat     = "muster-format"
	metaPartitions = "muster-partitions"
	metaLog        = "muster-log"
)

// MaxPartitions is the most partitions that a log can have.
const MaxPartitions = 64

func logStream(partition int) string   { return fmt.Sprintf("MUSTER_LOG_%02d", partition) }
func logSubject(partition int) string  { return fmt.Sprintf("muster.log.%02d", partition) }
func feedStream(partition int) string  { return fmt.Sprintf("MUSTER_FEED_%02d", partition) }
func feedSubject(partition int) string { return fmt.Sprintf("muster.feed.%02d.", partition) }

// publicSubject is where the feed's messages stand for those who read them: each
// is published below the feed's own subject and moved here by its stream, since
// two streams cannot listen on the same subjects. Core NATS subscribers here get
// nothing, and so never what JetStream then refuses.
const publicSubject = "muster.events."

// logConfig is the stream that holds a partition of the log: everything, for
// ever, and nothing can be taken from it.
func (m marker) logConfig(partition, replicas int) jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name: logStream(partition), Subjects: []string{logSubject(partition)},
		Description: "Muster's log: the truth, one message for each group of commands",
		Storage:     jetstream.FileStorage, Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardNew,
		MaxMsgs: -1, MaxBytes: -1, MaxConsumers: -1, MaxMsgsPerSubject: -1, MaxMsgSize: maxMessage,
		DenyDelete: true, DenyPurge: true, AllowDirect: true, Replicas: replicas,
		Metadata: m.metadata(),
	}
}

// feedConfig is the stream that subscribers read. It can be made again from the
// log at any time, so a single server need not flush it.
func (m marker) feedConfig(partition, replicas int) jetstream.StreamConfig {
	c := jetstream.StreamConfig{
		Name: feedStream(partition), Subjects: []string{feedSubject(partition) + ">"},
		Description: "Muster's feed: one message for each event, made from the log",
		Storage:     jetstream.FileStorage, Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardNew,
		MaxMsgs: -1, MaxBytes: -1, MaxConsumers: -1, MaxMsgsPerSubject: -1, MaxMsgSize: maxMessage,
		AllowDirect: true, Replicas: replicas,
		SubjectTransform: &jetstream.SubjectTransformConfig{
			Source: feedSubject(partition) + ">", Destination: publicSubject + ">",
		},
		Metadata: m.metadata(),
	}
	if replicas == 1 {
		c.PersistMode = jetstream.AsyncPersistMode
	}
	return c
}

func (m marker) metadata() map[string]string {
	return map[string]string{
		metaFormat:     strconv.Itoa(m.Format),
		metaPartitions: strconv.Itoa(m.Partitions),
		metaLog:        m.Log,
	}
}

// describe reads the log's marker from a stream's metadata.
func describe(mode Mode, info *jetstream.StreamInfo) (marker, error) {
	meta := info.Config.Metadata
	m := marker{Mode: mode, Log: meta[metaLog]}
	var err, err2 error
	m.Format, err = strconv.Atoi(meta[metaFormat])
	m.Partitions, err2 = strconv.Atoi(meta[metaPartitions])
	if err != nil || err2 != nil || m.Log == "" || m.Partitions < 1 || m.Partitions > MaxPartitions {
		return marker{}, fmt.Errorf("stream %s is not Muster's: its metadata says nothing of a Muster log", info.Config.Name)
	}
	if m.Format != format {
		return marker{}, fmt.Errorf("stream %s has format %d, not %d: %w", info.Config.Name, m.Format, format, ErrUnknownFormat)
	}
	return m, nil
}

// ErrLogMissing is that there is no log where one must be.
var ErrLogMissing = errors.New("there is no Muster log")

// openStreams finds the log's streams; where they are missing it makes them, as
// the marker says, or refuses. Any number of nodes may do this at once. It answers
// the marker that the log itself carries.
func openStreams(ctx context.Context, js jetstream.JetStream, wanted marker, replicas int, mayMake bool) (marker, []jetstream.Stream, error) {
	m := wanted
	var streams []jetstream.Stream
	for p := 0; p < max(m.Partitions, 1); p++ {
		var stream jetstream.Stream
		var err error
		if mayMake {
			stream, err = openOrMake(ctx, js, m.logConfig(p, replicas))
		} else {
			stream, err = js.Stream(ctx, logStream(p))
		}
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			return marker{}, nil, fmt.Errorf("stream %s: %w: %w", logStream(p), ErrLogMissing, err)
		}
		if err != nil {
			return marker{}, nil, fmt.Errorf("opening stream %s: %w", logStream(p), err)
		}
		found, err := describe(wanted.Mode, stream.CachedInfo())
		if err != nil {
			return marker{}, nil, err
		}
		switch {
		case wanted.Partitions != 0 && found.Partitions != wanted.Partitions:
			return marker{}, nil, otherPartitions(found.Partitions, wanted.Partitions)
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
func openOrMake(ctx context.Context, js jetstream.JetStream, config jetstream.StreamConfig) (jetstream.Stream, error) {
	ctx, cancel := context.WithTimeout(ctx, serverTimeout)
	defer cancel()
	for {
		stream, err := js.Stream(ctx, config.Name)
		if !errors.Is(err, jetstream.ErrStreamNotFound) {
			return stream, err
		}
		stream, err = js.CreateStream(ctx, config)
		if !errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			return stream, err
		}
		select {
		case <-time.After(retryAfter):
		case <-ctx.Done():
			return nil, err
		}
	}
}
