package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/client"
	"github.com/muster-dev/muster/cmd/muster/collector"
	"github.com/muster-dev/muster/cmd/muster/demo"
	"github.com/muster-dev/muster/cmd/muster/node"
	"github.com/muster-dev/muster/cmd/muster/secret"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/projections"
	"github.com/muster-dev/muster/transport"
)

func newServe() *cobra.Command {
	var s settings
	cmd := &cobra.Command{
		Use: "serve", Short: "Run the service",
		Long: "Serve runs the service. By default JetStream and SQLite are embedded. It logs\n" +
			"\"listening\" when, and only when, it is ready. If a partition of the log cannot be\n" +
			"followed, it serves the others, and logs an error that says so instead. On SIGTERM or\n" +
			"SIGINT it finishes what it has accepted and exits with 0. A second signal ends it at once.\n\n" +
			"The root token is the value of MUSTER_ROOT_TOKEN. Without that variable, the first start\n" +
			"makes a root token and keeps it in DATA/root-token.",
		Args: cobra.NoArgs,
		RunE: terminal.Action(func(cmd *cobra.Command, _ []string) error {
			if err := s.checkOIDC(); err != nil {
				return err
			}
			if err := s.natsUsers.check(s.natsURL, s.natsListen); err != nil {
				return err
			}
			collector.Tune()
			return serve(cmd.Context(), s, cmd.OutOrStdout(), cmd.ErrOrStderr())
		}),
	}
	s.flags(cmd.Flags())
	return cmd
}

// serve runs the service until the context ends.
func serve(ctx context.Context, s settings, stdout, stderr io.Writer) error {
	logger := s.logging.Logger(stderr)
	listener, err := net.Listen("tcp", s.listen)
	if err != nil {
		return fmt.Errorf("--listen %s: %w", s.listen, err)
	}
	said := make(chan struct{})
	unless := context.AfterFunc(ctx, func() {
		logger.Info("stopping: finishing what was accepted")
		close(said)
	})
	defer func() {
		if !unless() {
			<-said
		}
	}()
	f := node.NewFront(listener, logger)
	o := s.node(logger, stderr)
	o.Damages, o.Waiting, o.Served = new(node.Damages), f.Waits, f.Served
	for damaged := 0; ; damaged++ {
		n, err := node.Open(ctx, o)
		if err == nil {
			err = s.run(ctx, n, f, stdout)
		}
		if ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.Cause(ctx))) {
			err = nil // it was asked to stop
		}
		if ctx.Err() != nil || !errors.Is(err, projections.ErrDamaged) {
			return errors.Join(err, f.Shutdown(), n.Close())
		}
		f.Close("the read models are damaged and are made again: the service reads its history first")
		if err := n.Abandon(err); err != nil {
			return errors.Join(err, f.Shutdown())
		}
		wait(ctx, min(time.Duration(damaged)*time.Second, time.Minute))
	}
}

// wait keeps a machine that damages one file after the other from rebuilding without a
// rest. It ends with the context.
func wait(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// run starts the node, opens its API and waits until the context or the HTTP server ends,
// or the read models turn out to be damaged ([projections.ErrDamaged]).
func (s *settings) run(ctx context.Context, n *node.Node, f *node.Front, stdout io.Writer) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	root, err := secret.Root(s.data, n.Logger)
	if err != nil {
		return err
	}
	if err := n.Start(ctx); err != nil {
		return err
	}
	if s.demo {
		if err := demo.Fill(ctx, n); err != nil {
			return err
		}
	}
	api, err := n.API(transport.Options{RootToken: root, RateLimit: s.rateLimit, OIDC: s.oidc, Faces: s.faces, Origins: s.origins}, version())
	if err != nil {
		return err
	}
	api.Discover(ctx)
	f.Open(api, api.Drain)
	if s.demo {
		if err := demo.Show(ctx, n, stdout, &client.Client{URL: f.URL(), Token: root, Data: s.data}); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx) // it was asked to stop while it started
	}
	n.Opened()
	where := []any{slog.String("addr", f.Addr.String()), slog.String("url", f.URL())}
	if err := n.Log.Stopped(); err != nil {
		n.Logger.Error("serving without what has stopped, and not ready", append(where, slog.Any("error", err))...)
	} else {
		n.Logger.Info("listening", where...)
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-f.Failed:
		return err
	case <-n.Models.Damaged():
		return n.Models.Damage()
	}
}
