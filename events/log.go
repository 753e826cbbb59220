package events

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"log/slog"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/muster-dev/muster/domain"
)

// Options say where the log is and what it is given.
type Options struct {
	// Dir is the data directory: its lock, its marker, the high-water mark, and the
	// JetStream store of an embedded server. It may be empty for reading only from
	// a URL.
	Dir string
	// URL of an external NATS server; empty for the embedded one.
	URL string
	// Listen is the TCP address of the embedded server; empty for none.
	Listen string
	// Partitions of a new log, 1 to [MaxPartitions]; a log that exists must have
	// as many. 0 only with ReadOnly: whatever the log has.
	Partitions int
	// ReadOnly opens a log that exists, and neither makes nor writes anything.
	ReadOnly bool
	// Now is the clock; nil is [time.Now].
	Now func() time.Time
	// Logger gets what operators should know; nil is [slog.Default].
	Logger *slog.Logger
	// Metrics is where the log's metrics are registered; nil for nowhere.
	Metrics prometheus.Registerer
}

// Log is the log with its feed. It is safe for concurrent use.
type Log struct {
	now      func() time.Time
	logger   *slog.Logger
	metrics  *metrics
	readOnly bool
	writerID string // names this process in what it appends

	dir    *directory     // nil without a data directory
	server *server.Server // nil with an external server
	conn   *nats.Conn
	js     jetstream.JetStream
	mark   *highWater // nil without a data directory

	marker     marker
	replicas   int
	partitions []*partition

	broken  atomic.Pointer[failure] // why history cannot be followed any more; nil while it can
	whole   context.Context         // ends when history cannot be followed any more, with the reason
	breaks  context.CancelCauseFunc
	closing context.Context // ends when Close is called
	close   context.CancelFunc
	running sync.WaitGroup
}

// partition is one partition of the log with everything that belongs to it.
type partition struct {
	number int
	stream jetstream.Stream
	writer *writer
	feeder *feeder
	tail   *tail
}

// Open opens the log, or makes it. It takes the data directory for this process
// alone. It refuses a directory or a log that was made otherwise than it is asked
// for, and a log that does not hold what the high-water mark says
// ([ErrTruncated]). Nothing can be written before [Log.Start].
func Open(ctx context.Context, o Options) (_ *Log, err error) {
	l := &Log{now: o.Now, logger: o.Logger, readOnly: o.ReadOnly, writerID: uuid.NewString()}
	if l.now == nil {
		l.now = time.Now
	}
	if l.logger == nil {
		l.logger = slog.Default()
	}
	if !o.ReadOnly && (o.Partitions < 1 || o.Partitions > MaxPartitions) {
		return nil, fmt.Errorf("%d partitions: a number from 1 to %d is expected", o.Partitions, MaxPartitions)
	}
	l.closing, l.close = context.WithCancel(context.Background())
	l.whole, l.breaks = context.WithCancelCause(context.Background())
	defer func() {
		if err != nil {
			err = errors.Join(err, l.Close())
		}
	}()
	mode := ModeEmbedded
	if o.URL != "" {
		mode = ModeExternal
	}
	if err := l.openDirectory(o, mode); err != nil {
		return nil, err
	}
	if err := l.connect(ctx, o); err != nil {
		return nil, err
	}
	if err := l.openStreams(ctx, o, mode); err != nil {
		return nil, err
	}
	if l.metrics, err = newMetrics(o.Metrics); err != nil {
		return nil, err
	}
	if o.Metrics != nil {
		if err := o.Metrics.Register(newStateMetrics(l)); err != nil {
			return nil, fmt.Errorf("registering the log's metrics: %w", err)
		}
	}
	if !o.ReadOnly {
		for _, p := range l.partitions {
			l.running.Go(p.feeder.run)
		}
		if err := l.watchFeeds(); err != nil {
			return nil, err
		}
	}
	return l, nil
}

func (l *Log) openDirectory(o Options, mode Mode) (err error) {
	if o.Dir == "" {
		if !o.ReadOnly || mode == ModeEmbedded {
			return errors.New("a data directory is needed (--data)")
		}
		return nil
	}
	if l.dir, err = openDirectory(o.Dir, o.ReadOnly); err != nil {
		return err
	}
	if err := l.dir.check(mode, o.Partitions); err != nil {
		return err
	}
	l.mark, err = openHighWater(l.dir.file(markFile))
	return err
}

func (l *Log) connect(ctx context.Context, o Options) (err error) {
	if o.URL != "" {
		l.conn, err = connectOutside(ctx, o.URL, l.logger)
	} else if l.server, err = startServer(l.dir, o.Listen, l.logger); err == nil {
		l.conn, err = connectInside(l.server, l.secret(o.Listen))
	}
	if err != nil {
		return err
	}
	l.js, err = jetstream.New(l.conn, jetstream.WithDefaultTimeout(callTimeout), jetstream.WithPublishAsyncMaxPending(feedWindow*MaxPartitions))
	if err != nil {
		return fmt.Errorf("opening JetStream: %w", err)
	}
	l.replicas = 1
	if l.server == nil && !o.ReadOnly {
		l.warnOfServer()
	}
	return nil
}

// warnOfServer says what can be lost with the external server that is there.
func (l *Log) warnOfServer() {
	if l.conn.ConnectedClusterName() != "" {
		l.replicas = 3
		l.logger.Info("using a NATS cluster; Muster cannot see its disk settings: every server needs sync_interval: always",
			slog.String("cluster", l.conn.ConnectedClusterName()))
		return
	}
	l.logger.Warn("the external NATS server is alone: acknowledged commands are lost with its disk, and at a power cut " +
		"unless it has sync_interval: always; use a cluster of three")
}

// secret is what the embedded server asks for when it listens.
func (l *Log) secret(listen string) string {
	if listen == "" {
		return ""
	}
	token, _ := os.ReadFile(l.dir.file("nats-token")) // guard has just read it
	return strings.TrimSpace(string(token))
}

func (l *Log) openStreams(ctx context.Context, o Options, mode Mode) error {
	wanted, mayMake := marker{Format: format, Mode: mode, Partitions: o.Partitions, Log: uuid.NewString()}, !o.ReadOnly
	if l.dir != nil && mayMake {
		// A directory that has had a log must not be given an empty one instead.
		_, old, err := l.dir.marker()
		if err != nil {
			return err
		}
		mayMake = !old
	}
	var streams []jetstream.Stream
	var err error
	l.marker, streams, err = openStreams(ctx, l.js, wanted, l.replicas, mayMake)
	if errors.Is(err, ErrLogMissing) && !o.ReadOnly {
		return fmt.Errorf("%s belongs to a log that is not there any more: restore it, or take an empty directory: %w", o.Dir, err)
	}
	if errors.Is(err, ErrLogMissing) && l.dir != nil {
		return l.lost(err)
	}
	if err != nil {
		return err
	}
	if l.dir != nil && !o.ReadOnly {
		if err := l.dir.bind(l.marker); err != nil {
			return err
		}
	}
	for number, stream := range streams {
		p := &partition{number: number, stream: stream, tail: newTail()}
		p.writer = newWriter(l, p)
		p.feeder = newFeeder(l, p)
		l.partitions = append(l.partitions, p)
	}
	if o.ReadOnly {
		return nil // verify looks for itself
	}
	for _, p := range l.partitions {
		if err := l.CheckMark(ctx, p.number); err != nil {
			return err
		}
	}
	return nil
}

// lost says of a log that is missing, with an error around [ErrTruncated], when the
// high-water mark tells that this node has read it.
func (l *Log) lost(missing error) error {
	m, _, err := l.dir.marker()
	if err != nil {
		return err
	}
	for p := range m.Partitions {
		mark, found, err := l.mark.read(p)
		if err != nil {
			return err
		}
		if found && mark.Message > 0 {
			return fmt.Errorf("%w: %w, and %s has read one up to %s: restore the log from a backup", ErrTruncated, missing, l.dir.path, mark.Position)
		}
	}
	return missing
}

// CheckMark holds a partition against the high-water mark: the log must contain
// the message that this node has read last, unchanged. It answers an error around
// [ErrTruncated] when it does not.
func (l *Log) CheckMark(ctx context.Context, partition int) error {
	if l.mark == nil {
		return nil
	}
	mark, found, err := l.mark.read(partition)
	if err != nil || !found {
		return err
	}
	return l.Contains(ctx, mark)
}

// Contains reports, as an error around [ErrTruncated], that the log does not
// hold what somebody has read up to the checkpoint.
func (l *Log) Contains(ctx context.Context, c Checkpoint) error {
	if c.Message == 0 {
		return nil
	}
	lost := func(what string) error {
		return fmt.Errorf("partition %d: %w: message %d with event %s %s. Nothing will be written: restore the log from a backup, "+
			"or find out with muster audit verify what is there", c.Partition, ErrTruncated, c.Message, c.Position, what)
	}
	m, err := l.message(ctx, c.Partition, c.Message)
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return lost("is gone")
	case errors.Is(err, ErrDamaged):
		return lost("is damaged: " + err.Error())
	case err != nil:
		return err
	case link(m.previous, m.first, m.payload) != c.Hash:
		return lost("is not what it was")
	}
	return nil
}

// Partitions answers the number of partitions.
func (l *Log) Partitions() int { return len(l.partitions) }

// Dir answers the data directory; empty when there is none.
func (l *Log) Dir() string {
	if l.dir == nil {
		return ""
	}
	return l.dir.path
}

// ClientURL answers where the embedded server listens; empty when it does not.
func (l *Log) ClientURL() string {
	if l.server == nil || l.server.Addr() == nil {
		return ""
	}
	return l.server.ClientURL()
}

// Partition answers the partition that all events of the organization lie in:
// the FNV-1a hash of its id, modulo the number of partitions.
func (l *Log) Partition(org domain.OrganizationID) int {
	h := fnv.New64a()
	h.Write(org[:])
	return int(binary.BigEndian.Uint64(h.Sum(nil)) % uint64(len(l.partitions)))
}

// Close stops taking commands, finishes those it has taken, and closes
// everything. Whoever calls [Log.Follow] must have ended it before.
func (l *Log) Close() error {
	l.close()
	l.breaks(nil)
	for _, p := range l.partitions {
		p.writer.stop()
	}
	l.running.Wait()
	if l.conn != nil {
		l.conn.Close()
	}
	if l.server != nil {
		stopServer(l.server)
	}
	var errs []error
	if l.mark != nil {
		errs = append(errs, l.mark.close())
	}
	if l.dir != nil {
		errs = append(errs, l.dir.close())
	}
	return errors.Join(errs...)
}
