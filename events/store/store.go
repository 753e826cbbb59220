package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/muster-dev/muster/events/credentials"
)

// CallTimeout bounds one call to JetStream.
const CallTimeout = 5 * time.Second

// ErrUnavailable reports that the log cannot be written at the moment. Nothing was done,
// and the caller may try again.
var ErrUnavailable = errors.New("the log cannot be written to now")

// Options say where the log is.
type Options struct {
	// Dir is the data directory. It may be empty for reading only from a URL.
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
	// Partitions is the number of partitions of a new log, 1 to [MaxPartitions]. An
	// existing log must have the same number. 0 fits any existing log. A new one then has
	// [PartitionsInside] or [PartitionsOutside].
	Partitions int
	// ReadOnly opens an existing log only. Nothing is written to the log, the feed or the
	// high-water mark, and no file and no directory is made. No embedded server is
	// started: its files are read without it.
	ReadOnly bool
	// Running allows a service to run in the data directory meanwhile. It is only for ReadOnly.
	// The service may be about to write the last messages then, so only what is known to be
	// durable must be read: what a checkpoint covers that was signed, or that
	// [Partition.Prefix] returns.
	Running bool
	// Lent says that the keys of people are those of another log in this process. Then it does not
	// matter where this log has its own.
	Lent bool
	// Unfinished opens a data directory that [MarkUnfinished] has marked.
	Unfinished bool
	// Logger gets the messages for operators.
	Logger *slog.Logger
}

// mode returns the mode that the options ask for.
func (o Options) mode() Mode {
	if o.URL != "" {
		return ModeExternal
	}
	return ModeEmbedded
}

// The number of partitions of a new log by default. Each partition is flushed on its own. On
// one disk flushes wait for each other, and the more commands share one the better. On a
// cluster each partition has a leader of its own, and several nodes that write disturb each
// other less.
const (
	PartitionsInside  = 1 // with the embedded server
	PartitionsOutside = 4 // on an external server or cluster
)

// partitions returns how many partitions a new log gets.
func (o Options) partitions() int {
	switch {
	case o.Partitions != 0:
		return o.Partitions
	case o.mode() == ModeEmbedded:
		return PartitionsInside
	}
	return PartitionsOutside
}

// Store is an open log with its data directory. It is safe for concurrent use.
type Store struct {
	Conn       *nats.Conn          // to the server that has the streams; nil if its files are read
	JS         jetstream.JetStream // on that connection
	Partitions []*Partition        // of the log, by their numbers

	reading  reading    // for pages of history
	dir      *directory // nil without a data directory
	mark     *highWater // nil without a data directory, or if there is none to be read
	inside   bool       // the log is in the data directory
	busy     bool       // a service runs in the data directory
	server   *embedded  // nil with an external server, and if the files are read instead
	door     credentials.Door
	public   func() []string // where subscribers reach NATS
	trouble  *trouble
	logger   *slog.Logger
	marker   marker // of the log
	replicas int
	attempt  time.Duration // bounds one attempt of a call

	connected atomic.Pointer[time.Time] // when the connection was made, or last left for another server
	apart     atomic.Bool               // the connection is lost
}

// newStore returns a store that has not been opened.
func newStore(o Options) *Store {
	return &Store{
		inside: o.mode() == ModeEmbedded, trouble: newTrouble(), reading: newReading(), logger: o.Logger, attempt: CallTimeout,
		door: credentials.Closed(credentials.ErrNotListening), public: func() []string { return nil },
	}
}

// Open opens the log, or makes it. It locks the data directory for this process. It
// refuses a directory or a log that does not fit the options, and a log that lacks the
// messages that the high-water mark names ([ErrTruncated]).
func Open(ctx context.Context, o Options) (_ *Store, err error) {
	if o.Partitions < 0 || o.Partitions > MaxPartitions {
		return nil, fmt.Errorf("%d partitions: a number from 1 to %d is expected, or 0 for the default", o.Partitions, MaxPartitions)
	}
	s := newStore(o)
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if err := s.openDirectory(o); err != nil {
		return nil, err
	}
	if s.inside && o.ReadOnly {
		return s, s.openFiles()
	}
	if err := s.connect(ctx, o); err != nil {
		return nil, err
	}
	if err := s.openPartitions(ctx, o); err != nil {
		return nil, err
	}
	if o.ReadOnly {
		return s, nil // the caller checks what it reads
	}
	for p := range s.Partitions {
		if err := s.checkMark(ctx, p); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *Store) openDirectory(o Options) (err error) {
	if o.Dir == "" {
		if !o.ReadOnly || o.mode() == ModeEmbedded {
			return errors.New("a data directory is needed (--data)")
		}
		return nil
	}
	if !o.Unfinished {
		if err := checkFinished(o.Dir); err != nil {
			return err
		}
	}
	s.dir, err = openDirectory(o.Dir, o.ReadOnly)
	if errors.Is(err, ErrDirectoryInUse) && o.Running && o.ReadOnly {
		s.dir, s.busy, err = &directory{path: o.Dir}, true, nil
	}
	if err != nil {
		return err
	}
	if err := s.dir.check(o.mode(), o.Partitions); err != nil {
		return err
	}
	if !o.ReadOnly {
		s.dir.tidy()
	}
	s.mark, err = openHighWater(s.dir.file(highWaterFile), o.ReadOnly, o.Logger)
	if o.ReadOnly && errors.Is(err, fs.ErrNotExist) {
		return nil // there is nothing to compare the log with
	}
	return err
}

func (s *Store) connect(ctx context.Context, o Options) (err error) {
	if o.URL != "" {
		s.attempt = attemptTimeout
		s.Conn, err = connectOutside(ctx, o, s.entered, s.left)
		s.reading.dial = func(ctx context.Context) (*nats.Conn, error) {
			return dialOnce(ctx, func() (*nats.Conn, error) { return dial(o.URL, o.Logger, func() {}, func() {}) })
		}
	} else {
		s.server = &embedded{dir: s.dir, listen: o.Listen, logger: o.Logger, failed: s.fail, inspect: s.inspect}
		if err = s.server.makeGate(); err == nil {
			err = s.server.open(ctx)
		}
		if err == nil {
			s.Conn, err = connectInside(s.server)
		}
		s.reading.dial = func(context.Context) (*nats.Conn, error) { return connectInside(s.server) }
	}
	if err != nil {
		return err
	}
	s.entered()
	s.openDoor(o)
	s.JS, err = jetstream.New(s.Conn, jetstream.WithDefaultTimeout(CallTimeout), jetstream.WithPublishAsyncMaxPending(FeedWindow*MaxPartitions))
	if err != nil {
		return fmt.Errorf("opening JetStream: %w", err)
	}
	s.replicas = 1
	if s.server == nil && !o.ReadOnly {
		s.warnOfServer(o.Logger)
	}
	return nil
}

// entered notes that a connection has been made.
func (s *Store) entered() {
	now := time.Now()
	s.connected.Store(&now)
	s.apart.Store(false)
}

// left notes that the connection was lost.
func (s *Store) left() { s.apart.Store(true) }

// warnOfServer logs what can be lost with the external server. With a cluster it also sets
// the number of replicas.
func (s *Store) warnOfServer(logger *slog.Logger) {
	if s.Conn.ConnectedClusterName() != "" {
		s.replicas = 3
		logger.Info("using a NATS cluster; Muster cannot see its disk settings: every server needs sync_interval: always",
			slog.String("cluster", s.Conn.ConnectedClusterName()))
		return
	}
	logger.Warn("the external NATS server is alone: acknowledged commands are lost with its disk, and at a power cut " +
		"unless it has sync_interval: always; use a cluster of three")
}

func (s *Store) openPartitions(ctx context.Context, o Options) error {
	wanted := marker{Format: format, Mode: o.mode(), Partitions: o.partitions(), Log: uuid.NewString()}
	mayMake := !o.ReadOnly
	if s.dir != nil && mayMake {
		// A directory that has had a log must not be given an empty one instead.
		_, old, err := s.dir.marker()
		if err != nil {
			return err
		}
		mayMake = !old
	}
	var streams []jetstream.Stream
	var err error
	s.marker, streams, err = s.openStreams(ctx, wanted, o.Partitions, mayMake)
	if errors.Is(err, ErrLogMissing) && !o.ReadOnly {
		return fmt.Errorf("%s belongs to a log that is not there any more: restore it, or take an empty directory: %w", o.Dir, err)
	}
	if errors.Is(err, ErrLogMissing) && s.dir != nil {
		return s.lost(err)
	}
	if err != nil {
		return err
	}
	if !o.ReadOnly && !o.Lent {
		if err := s.checkHome(ctx, streams); err != nil {
			return err
		}
	}
	if s.dir != nil && !o.ReadOnly {
		if err := s.flushNew(mayMake); err != nil {
			return err
		}
		if err := s.dir.bind(s.marker); err != nil {
			return err
		}
	}
	for number, stream := range streams {
		s.Partitions = append(s.Partitions, newPartition(number, s, stream))
	}
	return nil
}

// flushNew flushes what a first start has made, because the marker that follows says that
// it is there. JetStream flushes messages, but not what describes a stream.
func (s *Store) flushNew(made bool) error {
	if !made {
		return nil
	}
	if s.server != nil {
		if err := syncTree(s.dir.file(jetstreamDir)); err != nil {
			return fmt.Errorf("flushing the new log: %w", err)
		}
	}
	return syncDirectory(filepath.Dir(filepath.Clean(s.dir.path)))
}

// Connected reports whether there is a connection to the server at the moment. It does not
// ask the connection itself, which does not answer while it is being made again.
func (s *Store) Connected() bool { return s.Conn != nil && !s.apart.Load() }

// Dir returns the path of the data directory. It is empty if there is none.
func (s *Store) Dir() string {
	if s.dir == nil {
		return ""
	}
	return s.dir.path
}

// ClientURL returns the URL that the embedded server listens on. It is empty if the server
// does not listen.
func (s *Store) ClientURL() string {
	if s.server == nil {
		return ""
	}
	return s.server.clientURL()
}

// Close closes the connection, stops the embedded server and unlocks the data
// directory.
func (s *Store) Close() error {
	s.trouble.stop()
	s.reading.close()
	s.door.Close()
	if s.Conn != nil {
		s.Conn.Close()
	}
	if s.server != nil {
		s.server.stop()
	}
	var errs []error
	if s.mark != nil {
		errs = append(errs, s.mark.close())
	}
	if s.dir != nil {
		errs = append(errs, s.dir.close())
	}
	return errors.Join(errs...)
}
