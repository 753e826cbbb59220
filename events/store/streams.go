package store

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go/jetstream"
)

// The metadata of every stream holds the log's marker, so that a stream is never opened as
// something that it is not.
const (
	metaFormat     = "muster-format"
	metaPartitions = "muster-partitions"
	metaLog        = "muster-log"
	metaGeneration = "muster-generation" // only of feeds
)

// MaxPartitions is the most partitions that a log can have.
const MaxPartitions = 64

// What the names of the streams begin with.
const (
	logStreams  = "MUSTER_LOG_"
	feedStreams = "MUSTER_FEED_"
)

func repairStream(partition int) string  { return fmt.Sprintf("MUSTER_REPAIR_%02d", partition) }
func repairSubject(partition int) string { return fmt.Sprintf("muster.repair.%02d", partition) }

func logStream(partition int) string  { return fmt.Sprintf(logStreams+"%02d", partition) }
func logSubject(partition int) string { return fmt.Sprintf("muster.log.%02d", partition) }

// FeedStream returns the name of the stream that holds a partition's feed.
func FeedStream(partition int) string { return fmt.Sprintf(feedStreams+"%02d", partition) }

// FeedSubject returns the prefix of the subjects that a partition's feed is
// published on, with its final dot. The stream moves its messages from there to
// [PublicSubject].
func FeedSubject(partition int) string { return fmt.Sprintf("muster.feed.%02d.", partition) }

// AnnounceSubject returns the subject of core NATS on which a process that has published
// to a partition's feed says how far the feed reaches. Every node listens there.
func AnnounceSubject(partition int) string { return fmt.Sprintf("muster.fed.%02d", partition) }

// PublicSubject is the prefix of the subjects that the feed's messages have for their
// readers, with its final dot. Each message is published below the feed's own subject,
// and its stream moves it here, because two streams cannot listen on the same subjects.
// Core NATS subscribers on these subjects get nothing. So they never get a message that
// JetStream then refuses.
const PublicSubject = "muster.events."

// logConfig is the stream that holds a partition of the log. It keeps everything for
// ever, and nothing can be deleted from it.
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

// feedConfig is the stream that subscribers read. It can be rebuilt from the log at any
// time, so a single server need not flush it.
func (m marker) feedConfig(partition, replicas int) jetstream.StreamConfig {
	c := jetstream.StreamConfig{
		Name: FeedStream(partition), Subjects: []string{FeedSubject(partition) + ">"},
		Description: "Muster's feed: one message for each event, made from the log",
		Storage:     jetstream.FileStorage, Retention: jetstream.LimitsPolicy, Discard: jetstream.DiscardNew,
		MaxMsgs: -1, MaxBytes: -1, MaxConsumers: -1, MaxMsgsPerSubject: -1, MaxMsgSize: maxMessage,
		DenyPurge:   true, // it would move the cursors on it past what they have not delivered
		AllowDirect: true, Replicas: replicas,
		SubjectTransform: &jetstream.SubjectTransformConfig{
			Source: FeedSubject(partition) + ">", Destination: PublicSubject + ">",
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

// markerOf reads the marker from a stream's metadata.
func markerOf(mode Mode, info *jetstream.StreamInfo) (marker, error) {
	meta := info.Config.Metadata
	m := marker{Mode: mode, Log: meta[metaLog]}
	var err, err2 error
	m.Format, err = strconv.Atoi(meta[metaFormat])
	m.Partitions, err2 = strconv.Atoi(meta[metaPartitions])
	if err != nil || err2 != nil || m.Log == "" || m.Partitions < 1 || m.Partitions > MaxPartitions {
		if meta[metaRestore] != "" {
			return marker{}, fmt.Errorf("stream %s: %w", info.Config.Name, ErrRestoreUnfinished)
		}
		if meta[metaRepair] != "" {
			return marker{}, fmt.Errorf("stream %s: %w", info.Config.Name, errRepairing)
		}
		return marker{}, fmt.Errorf("stream %s is not Muster's: its metadata says nothing of a Muster log", info.Config.Name)
	}
	if m.Format != format {
		return marker{}, fmt.Errorf("stream %s has format %d, not %d: %w", info.Config.Name, m.Format, format, ErrUnknownFormat)
	}
	return m, nil
}

// ErrLogMissing reports that there is no log where there must be one.
var ErrLogMissing = errors.New("there is no Muster log")
