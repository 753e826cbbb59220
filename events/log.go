package events

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/credentials"
	"github.com/muster-dev/muster/events/feed"
	"github.com/muster-dev/muster/events/personal"
	"github.com/muster-dev/muster/events/proof"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/subscription"
	"github.com/muster-dev/muster/events/wire"
)

// Options say where the log is and what it is given.
type Options struct {
	// Dir is the data directory: its lock, its marker, the high-water mark, and the
	// JetStream store of an embedded server. It may be empty for reading only from
	// a URL.
	Dir string
	// URL of an external NATS server. It is empty for the embedded one.
	URL string
	// Listen is the TCP address of the embedded server. It is empty for none.
	Listen string
	// Callout are the keys for the auth callout of external servers. Without them, no
	// subscribers are let in there.
	Callout *credentials.Keys
	// PublicURLs are where subscribers reach NATS. If there are none, they are the address of
	// the embedded server or of the external ones.
	PublicURLs []string
	// Partitions of a new log, 1 to [store.MaxPartitions]. A log that exists must have
	// as many. 0 is for as many as the log has, or the default of a new one.
	Partitions int
	// ReadOnly opens a log that exists, for [Log.Replay] and queries. Nothing is written
	// to the log, the feed or the high-water mark; see [store.Options].
	ReadOnly bool
	// Running allows a service to run in the data directory meanwhile, for reading only; see
	// [store.Options]. Then only [Log.Signed], [Log.ReplayPartition], [Log.Look] and
	// what that allows are to be used.
	Running bool
	// Keys are the keys of personal data, which the caller closes. By default the log opens
	// those in the data directory, or on the servers at the URL.
	Keys *personal.Keys
	// ScrubRate is how many bytes of the log are read again in a second, to find damage.
	// 0 is 8 MB.
	ScrubRate int
	// ScrubPause is how long the scrub waits before it begins again. 0 is 10 minutes.
	ScrubPause time.Duration
	// Witnesses are asked to sign the log's checkpoints.
	Witnesses []proof.Witness
	// Now is the clock; nil is [time.Now].
	Now func() time.Time
	// Logger gets what operators should know; nil is [slog.Default].
	Logger *slog.Logger
	// Metrics is where the log's metrics are registered; nil for nowhere.
	Metrics prometheus.Registerer
}

// Log is the log with its feed. It is safe for concurrent use.
type Log struct {
	*process
	readOnly    bool
	store       *store.Store
	partitions  []*partition
	scrub       *scrub             // nil for reading only
	checkpoints *proof.Checkpoints // nil for reading only
	following   chan struct{}      // closed once it is known how far each partition has been followed

	close   context.CancelFunc // ends process.closing
	running sync.WaitGroup
}

// Open opens the log, or makes it. It locks the data directory for this process. It
// refuses a directory or a log that does not fit the options, and a log that does not
// hold what the high-water mark says ([store.ErrTruncated]). Nothing can be written
// before [Log.Start].
func Open(ctx context.Context, o Options) (_ *Log, err error) {
	l := &Log{process: &process{id: uuid.NewString(), now: o.Now, logger: o.Logger}, readOnly: o.ReadOnly, following: make(chan struct{})}
	if l.now == nil {
		l.now = time.Now
	}
	if l.logger == nil {
		l.logger = slog.Default()
	}
	l.clock = newClock(l.now, l.logger)
	l.store, err = store.Open(ctx, store.Options{
		Dir: o.Dir, URL: o.URL, Listen: o.Listen, Callout: o.Callout, PublicURLs: o.PublicURLs,
		Partitions: o.Partitions, ReadOnly: o.ReadOnly, Running: o.Running, Lent: o.Keys != nil, Logger: l.logger,
	})
	if err != nil {
		return nil, err
	}
	l.closing, l.close = context.WithCancel(context.Background())
	defer func() {
		if err != nil {
			err = errors.Join(err, l.Close())
		}
	}()
	if l.profiles, err = openProfiles(ctx, l.store, o); err != nil {
		return nil, err
	}
	history := feed.NewHistory()
	for number, stored := range l.store.Partitions {
		p := &partition{Partition: stored, feed: feed.New(l.store, history, number, l.id, l.logger)}
		p.health.storing, p.health.keeping, p.health.reading = l.store.Trouble, p.feed.Unkept, p.Interrupted
		p.stall = newStall(l.process, number, &p.health)
		p.writer = newWriter(l.process, stored, &p.health, p.stall)
		p.writer.held.followed = func(ctx context.Context) (wire.Checkpoint, error) {
			select {
			case <-l.following:
				return p.checkpoint(), nil
			case <-ctx.Done():
				return wire.Checkpoint{}, context.Cause(ctx)
			}
		}
		l.partitions = append(l.partitions, p)
	}
	if l.metrics, err = newMetrics(o.Metrics); err != nil {
		return nil, err
	}
	if o.Metrics != nil {
		if err := o.Metrics.Register(newStateMetrics(l.process, l.partitions)); err != nil {
			return nil, fmt.Errorf("registering the log's metrics: %w", err)
		}
	}
	if o.ReadOnly {
		return l, nil
	}
	if l.checkpoints, err = proof.Open(ctx, l.store, proof.Options{Witnesses: o.Witnesses, Logger: l.logger, Metrics: o.Metrics}); err != nil {
		return nil, err
	}
	l.scrub = newScrub(l, o)
	if o.Metrics != nil {
		if err := l.scrub.register(o.Metrics); err != nil {
			return nil, err
		}
	}
	for _, p := range l.partitions {
		p.OnDamage(func(damage error) { l.scrub.found(p, damage) })
		if err := p.feed.Listen(); err != nil {
			return nil, err
		}
		l.running.Go(func() { p.feed.Run(l.closing) })
	}
	l.running.Go(func() { l.checkpoints.Run(l.closing) })
	return l, nil
}

// Keys returns the keys of personal data. It is nil if the log was opened for reading only and
// has none.
func (l *Log) Keys() *personal.Keys { return l.profiles.keys }

// Partitions returns the number of partitions.
func (l *Log) Partitions() int { return len(l.partitions) }

// Dir returns the path of the data directory. It is empty if there is none.
func (l *Log) Dir() string { return l.store.Dir() }

// ClientURL returns where the embedded server listens. It is empty if it does not.
func (l *Log) ClientURL() string { return l.store.ClientURL() }

// Door returns where subscribers come in to NATS. It lets nobody in before
// [credentials.Door.Admit].
func (l *Log) Door() credentials.Door { return l.store.Door() }

// PublicURLs returns the URLs at which subscribers reach NATS. There are none if they cannot.
func (l *Log) PublicURLs() []string { return l.store.PublicURLs() }

// Subscriptions opens the cursors of the log's subscriptions. The options need not say how
// events are read.
func (l *Log) Subscriptions(ctx context.Context, o subscription.Options) (*subscription.Subscriptions, error) {
	o.Events = l.Events
	return subscription.Open(ctx, l.store, o)
}

// CheckMark compares a partition with the high-water mark: the log must contain the
// message that this node has read last, unchanged. If it does not, the error is
// around [store.ErrTruncated].
func (l *Log) CheckMark(ctx context.Context, partition int) error {
	return l.store.CheckMark(ctx, partition)
}

// Mark returns what the data directory says about how far its node has read the partition.
func (l *Log) Mark(partition int) (store.Marked, error) { return l.store.Mark(partition) }

// StreamFiles checks the files of all streams in the data directory; see
// [store.Store.StreamFiles].
func (l *Log) StreamFiles(ctx context.Context, each func(store.StreamFiles)) error {
	return l.store.StreamFiles(ctx, each)
}

// Contains checks that the log holds what somebody has read up to the checkpoint. If
// it does not, the error is around [store.ErrTruncated].
func (l *Log) Contains(ctx context.Context, c wire.Checkpoint) error {
	return l.partitions[c.Partition].Contains(ctx, c)
}

// Tips returns the position of every partition's last event, as the log has it now.
func (l *Log) Tips(ctx context.Context) ([]wire.Position, error) {
	tips := make([]wire.Position, len(l.partitions))
	for i, p := range l.partitions {
		tip, err := p.Tip(ctx)
		if err != nil {
			return nil, err
		}
		tips[i] = tip.Position
	}
	return tips, nil
}

// Tip returns the position of the partition's last event, as the log has it now. Other
// processes may have written events that this one has not read yet.
func (l *Log) Tip(ctx context.Context, partition int) (wire.Position, error) {
	tip, err := l.partitions[partition].Tip(ctx)
	return tip.Position, err
}

// Unfinished returns the places of messages that were being written when the service was
// killed. The next start cuts them off. There are none in a log on a server that runs.
func (l *Log) Unfinished() ([]string, error) {
	var places []string
	for _, p := range l.partitions {
		unfinished, err := p.Unfinished()
		if err != nil {
			return nil, err
		}
		if unfinished != nil {
			places = append(places, unfinished.Error())
		}
	}
	return places, nil
}

// Size returns the bytes and messages that the log takes in JetStream, summed over its
// partitions.
func (l *Log) Size(ctx context.Context) (bytes, messages uint64, err error) {
	for _, p := range l.partitions {
		b, m, err := p.Size(ctx)
		if err != nil {
			return 0, 0, err
		}
		bytes += b
		messages += m
	}
	return bytes, messages, nil
}

// Partition returns the partition that all events of the organization are in: the
// FNV-1a hash of its id, modulo the number of partitions.
func (l *Log) Partition(org domain.OrganizationID) int {
	return int(hashOf(org) % uint64(len(l.partitions))) //nolint:gosec // there are few
}

func hashOf(org domain.OrganizationID) uint64 {
	h := fnv.New64a()
	h.Write(org[:])
	return h.Sum64()
}

// Close stops taking commands, finishes those it has taken, and closes everything.
// [Log.Follow] must have ended before.
func (l *Log) Close() error {
	l.close()
	for _, p := range l.partitions {
		p.writer.stop()
	}
	l.running.Wait()
	var err error
	if l.checkpoints != nil {
		err = l.checkpoints.Close()
	}
	if l.profiles != nil {
		err = errors.Join(err, l.profiles.close())
	}
	return errors.Join(err, l.store.Close())
}
