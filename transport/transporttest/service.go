package transporttest

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/events/wire"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport"
	"github.com/muster-dev/muster/transport/delivery"
	"github.com/muster-dev/muster/transport/webhook"
	"github.com/muster-dev/muster/transport/worker"
)

// RootToken is the text of the service's root token.
const RootToken = "the root token of the tests"

// Partitions is the number of partitions of the log.
const Partitions = 2

// Service is a running Muster with its API.
type Service struct {
	*httptest.Server
	API    *transport.API
	Log    *events.Log
	Models *projections.ReadModels
	// Metrics is the registry of all metrics.
	Metrics *prometheus.Registry
	// Deliverer delivers the events of subscriptions. It may send webhooks to any address, and
	// tries again after 10 milliseconds, and after some failures after a second.
	Deliverer *delivery.Deliverer
	stop      func()
	paused    sync.Mutex // held while the read models do not follow the log
}

// Start runs Muster on the data in the directory, until the test ends or until
// [Service.Stop]. The log and the API use the clock now. The function faces returns the
// faces to serve, and may register metrics of its own. The function change can change the
// options of the API; it may be nil.
func Start(
	t testing.TB, dir string, now func() time.Time, faces func(*Service) []transport.Face, change func(*transport.Options),
) *Service {
	t.Helper()
	ctx := context.Background()
	quiet := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	s := &Service{Metrics: prometheus.NewRegistry()}
	var err error
	s.Log, err = events.Open(ctx, events.Options{Dir: dir, Listen: "127.0.0.1:0", Partitions: Partitions, Now: now, Logger: quiet, Metrics: s.Metrics})
	if err != nil {
		t.Fatal(err)
	}
	if s.Models, err = s.open(ctx, projections.Options{Dir: dir, Partitions: Partitions, Logger: quiet, Metrics: s.Metrics}); err != nil {
		t.Fatal(err)
	}
	unfollow := s.follow(ctx, t)
	if err := s.Log.Start(ctx, s.Models); err != nil {
		t.Fatal(err)
	}
	s.Deliverer, err = delivery.Open(ctx, delivery.Options{
		Log: s.Log, Models: s.Models, Webhooks: webhook.Options{AllowPrivate: true, Version: "test"}, Now: now, Logger: quiet,
		Schedule: schedule,
		NewID:    func() domain.CommandID { return domain.CommandID(uuid.New()) },
	})
	if err != nil {
		t.Fatal(err)
	}
	erasure := &worker.Erasure{
		Log: s.Log, Models: s.Models, Now: now, Logger: quiet,
		NewID: func() domain.CommandID { return domain.CommandID(uuid.New()) },
	}
	workers := worker.Start(s.Deliverer.Run, erasure.Run, func(ctx context.Context) { s.Models.KeepHistory(ctx, s.Log) })
	o := transport.Options{
		Log: s.Log, Models: s.Models, RootToken: RootToken, Now: now, Logger: quiet, Metrics: s.Metrics, Faces: faces(s),
	}
	if change != nil {
		change(&o)
	}
	if s.API, err = transport.New(o); err != nil {
		t.Fatal(err)
	}
	s.Server = httptest.NewServer(s.API)
	s.stop = sync.OnceFunc(func() {
		s.API.Drain()
		s.Client().CloseIdleConnections()
		s.Close()
		workers.Stop()
		s.Deliverer.Close()
		unfollow()
		if err := errors.Join(s.Models.Close(), s.Log.Close()); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(s.stop)
	return s
}

// Pause keeps the read models from following the log until resume is called, or until the
// test ends, as on a node that lags behind.
func (s *Service) Pause(t testing.TB) (resume func()) {
	s.paused.Lock()
	resume = sync.OnceFunc(s.paused.Unlock)
	t.Cleanup(resume)
	return resume
}

// NATS returns the URL of the server that has the log, with its secret.
func (s *Service) NATS(t testing.TB) string {
	t.Helper()
	token, err := os.ReadFile(filepath.Join(s.Log.Dir(), "nats-token"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.Replace(s.Log.ClientURL(), "//", "//"+strings.TrimSpace(string(token))+"@", 1)
}

// Another returns the log of another node on the same server, which runs until the test
// ends. It knows nothing of what the service has acknowledged, nor the service of what it
// has.
func (s *Service) Another(t testing.TB) *events.Log {
	t.Helper()
	ctx := context.Background()
	quiet := slog.New(slog.DiscardHandler)
	dir, other := t.TempDir(), &Service{Metrics: prometheus.NewRegistry()}
	var err error
	other.Log, err = events.Open(ctx, events.Options{Dir: dir, URL: s.NATS(t), Partitions: Partitions, Keys: s.Log.Keys(), Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	if other.Models, err = other.open(ctx, projections.Options{Dir: dir, Partitions: Partitions, Logger: quiet}); err != nil {
		t.Fatal(err)
	}
	unfollow := other.follow(ctx, t)
	t.Cleanup(func() {
		unfollow()
		if err := errors.Join(other.Models.Close(), other.Log.Close()); err != nil {
			t.Error(err)
		}
	})
	if err := other.Log.Start(ctx, other.Models); err != nil {
		t.Fatal(err)
	}
	return other.Log
}

// Stop stops the service before the test ends.
func (s *Service) Stop() { s.stop() }

// open opens the read models, and rebuilds them first if they need it.
func (s *Service) open(ctx context.Context, o projections.Options) (*projections.ReadModels, error) {
	models, err := projections.Open(o)
	if !errors.Is(err, projections.ErrNeedsRebuild) {
		return models, err
	}
	if err := projections.Rebuild(ctx, s.Log, o, nil); err != nil {
		return nil, err
	}
	return projections.Open(o)
}

// pausable are read models that nothing is written to as long as somebody has the lock.
type pausable struct {
	*projections.ReadModels
	paused *sync.Mutex
}

func (p *pausable) Apply(m wire.Message) error {
	p.paused.Lock()
	defer p.paused.Unlock()
	return p.ReadModels.Apply(m)
}

func (p *pausable) Commit() error {
	p.paused.Lock()
	defer p.paused.Unlock()
	return p.ReadModels.Commit()
}

// follow keeps the read models up to date until the returned function is called.
func (s *Service) follow(ctx context.Context, t testing.TB) (end func()) {
	following, stop := context.WithCancel(ctx)
	var followed sync.WaitGroup
	followed.Go(func() {
		if err := s.Log.Follow(following, s.Models.Checkpoints(), &pausable{s.Models, &s.paused}); err != nil && following.Err() == nil {
			t.Error(err)
		}
	})
	return func() {
		stop()
		followed.Wait()
	}
}

// schedule returns how long a delivery waits after a failed attempt. An endpoint that is never
// there must not keep the processor from the tests.
func schedule(attempt int) time.Duration {
	if attempt > 10 {
		return time.Second
	}
	return 10 * time.Millisecond
}
