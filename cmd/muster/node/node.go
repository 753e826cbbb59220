package node

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/muster-dev/muster/cmd/muster/collector"
	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/events/credentials"
	"github.com/muster-dev/muster/events/proof"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport/delivery"
	"github.com/muster-dev/muster/transport/webhook"
	"github.com/muster-dev/muster/transport/worker"
)

// Options says which log a node opens, and how.
type Options struct {
	Data       string // the data directory
	NATSURL    string // empty for the embedded server
	NATSListen string // address of the embedded server, empty for none
	// NATSCallout are the keys for the auth callout of external servers, nil for none.
	NATSCallout *credentials.Keys
	NATSPublic  []string        // where subscribers reach NATS; empty: at the address of the server
	Partitions  int             // of a new log; 0: as many as an existing one has, or the default
	Webhooks    webhook.Options // how webhooks are sent, and where they may be
	Witnesses   []proof.Witness // asked to sign the log's checkpoints
	Logger      *slog.Logger
	Stderr      io.Writer // for the progress of a rebuild
	Damages     *Damages  // counts damaged read models; nil: a count of the node's own
	// Served returns how many requests the node has got so far. By it the node knows when it
	// has nothing to do; nil: it does not want to know.
	Served func() uint64
	// Waiting is called with the reason each time that the read models cannot be opened and
	// that is tried again; nil: nobody wants to know.
	Waiting func(reason error)
}

// Node is a log with the read models that follow it.
type Node struct {
	Data    string // the data directory
	Log     *events.Log
	Models  *projections.ReadModels
	Clock   *Clock
	Metrics *prometheus.Registry
	Logger  *slog.Logger

	damages       *Damages
	served        func() uint64
	open          atomic.Bool
	webhooks      webhook.Options
	deliverer     *delivery.Deliverer
	workers       *worker.Group
	stopFollowing context.CancelFunc
	followed      chan struct{}  // closed when following has ended
	alongside     sync.WaitGroup // what else ends with following
}

// Open opens the log and the read models, and rebuilds them if their shape is an old one or
// if they are damaged. While they cannot be opened for a reason that can pass, such as a full
// disk, it tries again. The node must be closed even after an error.
func Open(ctx context.Context, o Options) (*Node, error) {
	n := &Node{Data: o.Data, Clock: new(Clock), Metrics: prometheus.NewRegistry(), Logger: o.Logger, damages: o.Damages, served: o.Served, webhooks: o.Webhooks}
	if n.damages == nil {
		n.damages = new(Damages)
	}
	n.Metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), n.damages.metric())
	var err error
	n.Log, err = events.Open(ctx, events.Options{
		Dir: o.Data, URL: o.NATSURL, Listen: o.NATSListen, Callout: o.NATSCallout, PublicURLs: o.NATSPublic, Partitions: o.Partitions,
		Witnesses: o.Witnesses, Now: n.Clock.Now, Logger: o.Logger, Metrics: n.Metrics,
	})
	if err != nil {
		return n, err
	}
	p := projections.Options{Dir: o.Data, Partitions: n.Log.Partitions(), Logger: o.Logger, Metrics: n.Metrics}
	return n, n.openModels(ctx, p, o)
}

// Start begins to follow the log, waits until the read models have caught up, and
// starts the log's writers and the workers. A partition that cannot be followed is left
// out, unless that is so for all of them.
func (n *Node) Start(ctx context.Context) error {
	following, stop := context.WithCancel(context.WithoutCancel(ctx))
	n.stopFollowing, n.followed = stop, make(chan struct{})
	n.alongside.Go(func() { n.Log.MakeRoom(following, n.Models.Shrink) })
	n.alongside.Go(func() { n.Models.KeepHistory(following, n.Log) })
	starting, started := context.WithCancelCause(ctx)
	defer started(nil)
	go func() {
		defer close(n.followed)
		// An error here ends the start. If the node has already started, it goes on: it
		// shows its state as of the last event that it understood, and /readyz says why.
		started(n.Log.Follow(following, n.Models.Checkpoints(), n.Models))
	}()
	if err := n.Log.Start(starting, n.Models); err != nil {
		if cause := context.Cause(starting); cause != nil {
			return cause
		}
		return err
	}
	expiry := &worker.Expiry{
		Log: n.Log, Models: n.Models, Now: n.Clock.Now, NewID: NewID[domain.CommandID], Logger: n.Logger,
	}
	offboarding := &worker.Offboarding{
		Log: n.Log, Models: n.Models, Now: n.Clock.Now, NewID: NewID[domain.CommandID], Logger: n.Logger,
	}
	erasure := &worker.Erasure{
		Log: n.Log, Models: n.Models, Now: n.Clock.Now, NewID: NewID[domain.CommandID], Logger: n.Logger,
	}
	err := erasure.Begin(ctx)
	if err != nil {
		return err
	}
	n.deliverer, err = delivery.Open(ctx, delivery.Options{
		Log: n.Log, Models: n.Models, Webhooks: n.webhooks, Now: n.Clock.Now, NewID: NewID[domain.CommandID], Logger: n.Logger, Metrics: n.Metrics,
	})
	if err != nil {
		return err
	}
	n.workers = worker.Start(expiry.Run, offboarding.Run, erasure.Run, n.deliverer.Run)
	if n.served != nil {
		r := rest{done: n.done, free: n.freeMemory, collected: collector.Collected()}
		n.alongside.Go(func() { r.run(following) })
	}
	return nil
}

// Opened notes that the node's API takes requests, so that [Node.Ready] can succeed.
func (n *Node) Opened() { n.open.Store(true) }

// Ready returns why the node is not ready, nil if it is.
func (n *Node) Ready(ctx context.Context) error {
	if !n.open.Load() {
		return errors.New("starting")
	}
	if err := n.Models.Damage(); err != nil {
		return err
	}
	return n.Log.Ready(ctx)
}

// Close finishes what the log's writers have accepted and closes everything, in the
// opposite order of opening.
func (n *Node) Close() error {
	var errs []error
	if n.workers != nil {
		n.workers.Stop()
	}
	if n.deliverer != nil {
		n.deliverer.Close()
	}
	if n.stopFollowing != nil {
		n.stopFollowing()
		<-n.followed
		n.alongside.Wait()
	}
	if n.Log != nil {
		errs = append(errs, n.Log.Close())
	}
	if n.Models != nil {
		errs = append(errs, n.Models.Close())
	}
	return errors.Join(errs...)
}
