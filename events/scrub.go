package events

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/time/rate"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/events/wire"
)

const (
	// scrubRate is how many bytes the scrub reads in a second. At this rate it takes
	// about two hundredths of a core.
	scrubRate = 8 << 20
	// scrubStep is how many bytes it reads at once.
	scrubStep = 256 << 10
	// scrubBusy is how many times as slowly it reads while there are commands, which need the
	// processors and the disk more.
	scrubBusy = 8
	// scrubPause is how long it waits between two passes.
	scrubPause = 10 * time.Minute
	// scrubSaves is how often it writes down how far it is.
	scrubSaves = time.Minute
)

// scrub reads the log again, slowly and without end, and compares it with its chain. It
// finds damage that nobody would meet otherwise, because what has been applied is hardly
// ever read again. A damaged partition takes no more commands, and can still be read.
type scrub struct {
	*process
	store      *store.Store
	partitions []*partition
	rate       int
	pause      time.Duration

	following <-chan struct{} // closed once it is known how far each partition has been followed

	last  []uint64  // by partition, the message that this pass has read last
	saved time.Time // when last was written down

	damaged       *prometheus.GaugeVec
	bytes, passes prometheus.Counter
}

func newScrub(l *Log, o Options) *scrub {
	s := &scrub{
		process: l.process, store: l.store, partitions: l.partitions, following: l.following, rate: o.ScrubRate, pause: o.ScrubPause,
		damaged: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "muster_log_damaged", Help: "1 if the scrub has found damage in the partition, so that it takes no more commands, otherwise 0.",
		}, []string{"partition"}),
		bytes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "muster_scrub_bytes_total", Help: "Bytes of the log that the scrub has read again.",
		}),
		passes: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "muster_scrub_passes_total", Help: "How often the scrub has read the whole log.",
		}),
	}
	if s.rate == 0 {
		s.rate = scrubRate
	}
	if s.pause == 0 {
		s.pause = scrubPause
	}
	for _, p := range s.partitions {
		s.damaged.WithLabelValues(strconv.Itoa(p.Number)).Set(0)
	}
	return s
}

// register registers the scrub's metrics.
func (s *scrub) register(r prometheus.Registerer) error {
	for _, c := range []prometheus.Collector{s.damaged, s.bytes, s.passes} {
		if err := r.Register(c); err != nil {
			return fmt.Errorf("registering the scrub's metrics: %w", err)
		}
	}
	return nil
}

// run reads the log again and again until the log is closed.
func (s *scrub) run() {
	s.last = s.store.Scrubbed()
	select {
	case <-s.following:
	case <-s.closing.Done():
		return
	}
	for {
		s.pass()
		s.save()
		select {
		case <-s.closing.Done():
			return
		case <-time.After(s.pause):
		}
	}
}

// pass reads every partition to its end once, from where the last pass was ended.
func (s *scrub) pass() {
	limit := rate.NewLimiter(rate.Limit(s.rate), scrubStep)
	whole := true
	for _, p := range s.partitions {
		if p.health.damaged.Load() != nil {
			whole = false
			continue
		}
		err := s.reread(p, limit)
		switch {
		case s.closing.Err() != nil:
			return
		case errors.Is(err, wire.ErrDamaged):
			s.found(p, err)
		case err != nil:
			s.logger.Warn("the scrub could not read a partition; it goes on from there after its pause", slog.Int("partition", p.Number), slog.Any("error", err))
		default:
			s.logger.Debug("the scrub has read a partition", slog.Int("partition", p.Number), slog.Uint64("message", s.last[p.Number]))
			s.last[p.Number] = 0
		}
		whole = whole && err == nil
	}
	if whole {
		s.passes.Inc()
	}
}

// reread reads what has been followed of a partition.
func (s *scrub) reread(p *partition, limit *rate.Limiter) error {
	end := p.read.Load()
	if end.Message == 0 {
		return nil
	}
	if s.last[p.Number] > end.Message {
		s.last[p.Number] = 0 // the read models are made again, or it belongs to another log
	}
	// The link of the message before is not written down, and not believed if it were.
	first := max(s.last[p.Number], 1)
	var previous domain.Hash
	var unpaid int
	followed := end
	return p.Reread(s.closing, first, end.Message, func(e wire.Envelope, size int64) error {
		if (e.Sequence > first || first == 1) && e.Previous != previous {
			return fmt.Errorf("message %d does not continue the chain of message %d: %w", e.Sequence, e.Sequence-1, wire.ErrDamaged)
		}
		previous = e.Link()
		if e.Sequence == end.Message && previous != end.Hash {
			return fmt.Errorf("message %d is not the one that was followed: %w", e.Sequence, wire.ErrDamaged)
		}
		s.bytes.Add(float64(size))
		s.last[p.Number] = e.Sequence
		for unpaid += int(size); unpaid >= scrubStep; unpaid -= scrubStep {
			steps := 1
			if now := p.read.Load(); now != followed { // there were commands during the last step
				followed, steps = now, scrubBusy
			}
			for range steps {
				if err := limit.WaitN(s.closing, scrubStep); err != nil {
					return err
				}
			}
			if time.Since(s.saved) > scrubSaves {
				s.save()
			}
		}
		return nil
	})
}

// found makes a partition refuse commands, and says why. Whoever reads the log may find damage.
func (s *scrub) found(p *partition, damage error) {
	if !p.health.damaged.CompareAndSwap(nil, &failure{damage, s.now()}) {
		return // it is known
	}
	s.damaged.WithLabelValues(strconv.Itoa(p.Number)).Set(1)
	s.logger.Error("the log is damaged, so that the partition takes no more commands: keep a copy of everything, stop the service, "+
		"run muster audit verify, and restore the log from a backup", slog.Int("partition", p.Number), slog.Any("error", damage))
}

// save writes down how far the scrub is.
func (s *scrub) save() {
	s.saved = time.Now()
	if err := s.store.SetScrubbed(s.last); err != nil {
		s.logger.Warn("the scrub could not write down how far it is", slog.Any("error", err))
	}
}
