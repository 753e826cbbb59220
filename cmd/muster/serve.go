package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport"
	"github.com/muster-dev/muster/transport/auth"
	"github.com/muster-dev/muster/transport/dialect"
)

// settings are the flags of serve.
type settings struct {
	listen     string
	data       string
	natsURL    string
	natsListen string
	partitions int
	rateLimit  int
	demo       bool
	oidc       auth.OIDC
	faces      []transport.Face
	logging    logging
}

const defaultPartitions = 4

func newServe() *cobra.Command {
	s := settings{listen: "127.0.0.1:8080", partitions: defaultPartitions, faces: dialect.All()}
	cmd := &cobra.Command{
		Use: "serve", Short: "Run the service",
		Long: "Serve runs the service, with an embedded JetStream and SQLite unless it is told\n" +
			"otherwise. It logs \"listening\" when, and only when, it is ready. SIGTERM or SIGINT\n" +
			"makes it finish what it has accepted and exit with 0; a second one ends it at once.\n\n" +
			"The root token is MUSTER_ROOT_TOKEN, or made at the first start and kept in\n" +
			"DATA/root-token.",
		Args: cobra.NoArgs,
		RunE: action(func(cmd *cobra.Command, _ []string) error {
			if err := s.checkOIDC(); err != nil {
				return err
			}
			return serve(cmd.Context(), s, cmd.OutOrStdout(), cmd.ErrOrStderr())
		}),
	}
	f := cmd.Flags()
	f.Var(address(&s.listen), "listen", "address of the API")
	f.StringVar(&s.data, "data", defaultData, "data directory")
	f.StringVar(&s.natsURL, "nats-url", "", "NATS servers that hold the log, with commas between them; none: the embedded server")
	f.Var(address(&s.natsListen), "nats-listen", "address of the embedded NATS server, for subscribers and auditors; none: no address")
	f.Var(count{&s.partitions, events.MaxPartitions}, "partitions", "partitions of a new log; it keeps them for good")
	f.Var(natural{&s.rateLimit}, "rate-limit", "requests that a token may make a second; 0: as many as it likes")
	f.Var(dialects{&s.faces}, "dialects", "other vendors' APIs to serve beside the native one, with commas between them, or none")
	s.oidcFlags(f)
	f.Var(toggle{&s.demo}, "demo", "fill an empty log with a sample organization, and print how to look at it")
	f.Lookup("demo").NoOptDefVal = "true"
	inEnvironment(f, "listen", "data", "nats-url", "nats-listen", "partitions", "rate-limit", "dialects", "demo")
	s.logging.flags(f, "info")
	return cmd
}

const defaultData = "./muster-data"

// serve runs the service until the context ends.
func serve(ctx context.Context, s settings, stdout, stderr io.Writer) error {
	logger := s.logging.logger(stderr)
	listener, err := net.Listen("tcp", s.listen)
	if err != nil {
		return fmt.Errorf("--listen %s: %w", s.listen, err)
	}
	f := serveHTTP(listener, logger)
	n, err := openNode(ctx, s, logger, stderr)
	if err == nil {
		err = n.serve(ctx, s, f, stdout)
	}
	if ctx.Err() != nil {
		logger.Info("stopping: what was accepted is finished first")
		if errors.Is(err, context.Canceled) || errors.Is(err, context.Cause(ctx)) {
			err = nil // it was asked to
		}
	}
	return errors.Join(err, f.shutdown(), n.close())
}

// serve opens the API when the node has started, and waits.
func (n *node) serve(ctx context.Context, s settings, f *front, stdout io.Writer) error {
	root, err := rootToken(s.data, n.logger)
	if err != nil {
		return err
	}
	if err := n.start(ctx); err != nil {
		return err
	}
	if s.demo {
		if err := n.fillDemo(ctx); err != nil {
			return err
		}
	}
	api, err := transport.New(transport.Options{
		Log: n.log, Models: n.models, RootToken: root, Version: version(), RateLimit: s.rateLimit, OIDC: s.oidc, Ready: n.isReady, Now: n.clock.now,
		Logger: n.logger, Metrics: n.metrics, Gatherer: n.metrics, Faces: s.faces,
	})
	if err != nil {
		return err
	}
	api.Discover(ctx)
	f.open(api, api.Drain)
	url := urlOf(f.addr)
	if s.demo {
		if err := n.showDemo(ctx, stdout, &client{url: url, token: root, data: s.data}); err != nil {
			return err
		}
	}
	n.ready.Store(true)
	n.logger.Info("listening", slog.String("addr", f.addr.String()), slog.String("url", url))
	select {
	case <-ctx.Done():
		return nil
	case err := <-f.failed:
		return err
	}
}

// urlOf is where this machine finds what listens there.
func urlOf(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	if ok && tcp.IP.IsUnspecified() {
		return fmt.Sprintf("http://127.0.0.1:%d", tcp.Port)
	}
	return "http://" + addr.String()
}

// node is a log with the read models that follow it.
type node struct {
	data    string // the data directory
	log     *events.Log
	models  *projections.ReadModels
	clock   *clock
	metrics *prometheus.Registry
	logger  *slog.Logger

	ready         atomic.Bool
	stopExpiring  func()
	stopFollowing context.CancelFunc
	followed      chan struct{} // closed when following has ended
}

// openNode opens the log, and the read models as they are or made anew. The node
// must be closed even after an error.
func openNode(ctx context.Context, s settings, logger *slog.Logger, stderr io.Writer) (*node, error) {
	n := &node{data: s.data, clock: new(clock), metrics: prometheus.NewRegistry(), logger: logger}
	n.metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	var err error
	n.log, err = events.Open(ctx, events.Options{
		Dir: s.data, URL: s.natsURL, Listen: s.natsListen, Partitions: s.partitions,
		Now: n.clock.now, Logger: logger, Metrics: n.metrics,
	})
	if err != nil {
		return n, err
	}
	o := projections.Options{Dir: s.data, Partitions: n.log.Partitions(), Logger: logger, Metrics: n.metrics}
	n.models, err = projections.Open(o)
	if !errors.Is(err, projections.ErrNeedsRebuild) {
		return n, err
	}
	logger.Debug("the read models are made anew", slog.String("because", err.Error()))
	if err := rebuildModels(ctx, n.log, o, logger, stderr); err != nil {
		return n, err
	}
	n.models, err = projections.Open(o)
	return n, err
}

// start begins to follow the log, waits until the read models have caught up, and
// starts the writers.
func (n *node) start(ctx context.Context) error {
	following, stop := context.WithCancel(context.WithoutCancel(ctx))
	n.stopFollowing, n.followed = stop, make(chan struct{})
	starting, started := context.WithCancelCause(ctx)
	defer started(nil)
	go func() {
		defer close(n.followed)
		// An error ends the start. Later on the node goes on answering: reads as of
		// the last event that it understood, and /readyz with the reason.
		started(n.log.Follow(following, n.models.Checkpoints(), n.models.Apply))
	}()
	if err := n.log.Start(starting, n.models); err != nil {
		if cause := context.Cause(starting); cause != nil {
			return cause
		}
		return err
	}
	expiring, stop := context.WithCancel(following)
	expired := make(chan struct{})
	go func() {
		defer close(expired)
		n.expire(expiring)
	}()
	n.stopExpiring = func() {
		stop()
		<-expired
	}
	return nil
}

// isReady answers why the node is not ready.
func (n *node) isReady(ctx context.Context) error {
	if !n.ready.Load() {
		return errors.New("starting")
	}
	return n.log.Ready(ctx)
}

// close finishes what the writers have taken and closes everything, in the
// opposite order of opening.
func (n *node) close() error {
	var errs []error
	if n.stopExpiring != nil {
		n.stopExpiring()
	}
	if n.stopFollowing != nil {
		n.stopFollowing()
		<-n.followed
	}
	if n.log != nil {
		errs = append(errs, n.log.Close())
	}
	if n.models != nil {
		errs = append(errs, n.models.Close())
	}
	return errors.Join(errs...)
}
