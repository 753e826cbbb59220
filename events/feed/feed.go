package feed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

const (
	// standstill is how long the feed may lack what another process has appended
	// before this one publishes it. Only a timer can tell that the other process has
	// not published.
	standstill = 250 * time.Millisecond
	// queueSize and mostQueued bound the messages that wait to be published, and their
	// bytes. Further ones are read from the log later.
	queueSize  = 1024
	mostQueued = 16 << 20
	// patience bounds how long reading waits for an event that the read models show and
	// that is not visible yet.
	patience = 10 * time.Second
)

var (
	// ErrUnknownEvent reports that the organization has no such event.
	ErrUnknownEvent = errors.New("there is no such event")
	// ErrBehind reports that this node could not show the events in time. The caller may
	// ask again.
	ErrBehind = errors.New("this node cannot show the events yet")
)

// Feed is the feed of one partition as this node sees it. Its methods for reading are
// safe for concurrent use.
type Feed struct {
	store     *store.Store
	log       *store.Partition
	partition int
	stream    string // the name of the feed's stream
	subject   string // what the subjects begin with that the feed is published on
	writer    string // names this process in what it appends
	logger    *slog.Logger
	view      *view
	history   *History
	times     *lru.Cache[uint64, time.Time] // of events, by their numbers

	incoming  chan wire.Message
	queued    atomic.Int64  // bytes of the messages in incoming
	overflown atomic.Bool   // there was no room in incoming, and messages must be read from the log
	losing    chan struct{} // the feed must be looked at, because it was deleted or lacks something
	announced atomic.Uint64 // the highest announcement that Run has not heard yet
	hearing   chan struct{} // announced has changed
	damaged   atomic.Pointer[damage]
	suspect   atomic.Bool           // what was remembered of the check is not believed
	unkept    atomic.Pointer[error] // why what the log lacks cannot be kept; nil: it need not be, or it was

	// Only Run touches these.
	state      state
	timer      *time.Timer
	armed      bool
	failing    bool           // it was logged that the feed is behind
	made       time.Time      // creation time of the stream that was adopted; zero: none
	generation uint64         // of the last stream that was adopted; 0: none
	last       uint64         // number of the feed's last message, as far as this process knows
	others     uint64         // the same according to other processes; 0 if none has said it
	wanted     uint64         // number of the last event that has been applied
	own        []wire.Message // to be published by this process, in order
	checking   context.CancelFunc
	checks     sync.WaitGroup
}

// New returns the feed of a partition. The feeds of a process share the history. The
// writer names this process in what it appends to the log. Nothing is visible before
// [Feed.Run] is called.
func New(s *store.Store, h *History, partition int, writer string, logger *slog.Logger) *Feed {
	times, _ := lru.New[uint64, time.Time](keptTimes) // fails only without a size
	return &Feed{
		times: times,
		store: s, log: s.Partitions[partition], partition: partition, stream: store.FeedStream(partition), subject: store.FeedSubject(partition), writer: writer, logger: logger, view: newView(), history: h,
		incoming: make(chan wire.Message, queueSize), losing: make(chan struct{}, 1), hearing: make(chan struct{}, 1),
		checking: func() {},
	}
}

// Start sets the number of the last event that the read models had applied when following
// the log began.
func (f *Feed) Start(number uint64) { f.view.start(number) }

// Settle makes everything up to the event with the number visible, without a feed: the events are
// read from the log. It is for a log that is only read.
func (f *Feed) Settle(number uint64) {
	f.view.change(func() { f.view.expected, f.view.applied, f.view.fed = number, number, number })
}

// Expect reports that the read models are about to apply a message. From then on,
// [Feed.EventAt] and [Feed.Find] wait for its events, because callers can learn of them
// from the read models before [Feed.Apply] is called.
func (f *Feed) Expect(m wire.Message) { f.view.expect(m.Last()) }

// Apply reports that the read models have applied a message. Messages come in order.
// Apply never waits for the feed.
func (f *Feed) Apply(m wire.Message) {
	f.view.apply(m)
	f.history.busy()
	size := int64(m.Size())
	if f.queued.Add(size) <= mostQueued {
		select {
		case f.incoming <- m:
			return
		default:
		}
	}
	f.queued.Add(-size)
	f.overflown.Store(true)
	signal(f.hearing) // so that Run looks at once
}

// Fed returns the number of the last event that the feed is known to hold.
func (f *Feed) Fed() uint64 {
	_, fed, _ := f.view.numbers()
	return fed
}

// Visible returns the number of the last event that can be read here.
func (f *Feed) Visible() uint64 {
	_, _, visible := f.view.numbers()
	return visible
}

// WaitFor returns nil when the event with the number is visible, or the context's
// error.
func (f *Feed) WaitFor(ctx context.Context, number uint64) error {
	return f.view.until(ctx, func() bool { return f.view.visible >= number })
}

// behind returns the error for a read that has waited too long.
func behind(err error) error {
	return fmt.Errorf("%w: the feed is being published: %w", ErrBehind, err)
}

// lose forgets the stream, because it is not there or does not reach as far as it must,
// and has the feed looked at.
func (f *Feed) lose() {
	f.view.lose()
	signal(f.losing)
}

// distrust forgets the stream, because an event is missing in it or differs, and has the
// feed looked at and checked from the beginning.
func (f *Feed) distrust() {
	f.suspect.Store(true)
	f.view.distrust()
	signal(f.losing)
}

// Unkept returns why the feed's events that the log lacks cannot be kept, or nil. They may
// be the last witness of a log that was cut. So nothing is deleted then, and the partition
// must take no commands.
func (f *Feed) Unkept() error {
	if err := f.unkept.Load(); err != nil {
		return *err
	}
	return nil
}

// signal wakes the receiver of the channel, which has room for one signal.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
