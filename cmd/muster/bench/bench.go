package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/client"
	"github.com/muster-dev/muster/cmd/muster/node"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/transport"
)

// bench is one run of muster bench.
type bench struct {
	// The flags.
	dir    string
	each   time.Duration
	format string

	node    *node.Node
	api     *client.Client
	org     domain.OrganizationID
	ws      domain.WorkspaceID
	owner   domain.UserID
	host    string
	token   string
	results []result
}

// New returns the command bench.
func New() *cobra.Command {
	b := bench{format: terminal.FormatTable}
	cmd := &cobra.Command{
		Use: "bench", Short: "Measure durable commands and reads on this machine",
		Long: "Bench runs Muster in a fresh directory (--dir), sends it requests over loopback from this\n" +
			"process, and prints how many it handled per second. Beside that it prints a floor: what\n" +
			"the machine does with one file flushed after each record, or with an HTTP server that\n" +
			"does nothing. Absolute figures depend on the machine; the ratios less so. The directory\n" +
			"is removed afterwards.",
		Args: cobra.NoArgs,
		RunE: terminal.Action(func(cmd *cobra.Command, _ []string) error {
			return b.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		}),
	}
	f := cmd.Flags()
	b.dir = "."
	f.Var(terminal.NotEmpty(&b.dir), "dir", "where to make the fresh directory; it decides which disk is measured")
	f.DurationVar(&b.each, "time", 3*time.Second, "how long each line is measured")
	f.Var(terminal.OneOf(&b.format, terminal.FormatTable, terminal.FormatJSON), "format", "how to print")
	return cmd
}

// run measures all lines in a fresh directory and prints the results.
func (b *bench) run(ctx context.Context, stdout, stderr io.Writer) (err error) {
	if b.each < 10*time.Millisecond || b.each > 10*time.Minute {
		return terminal.Usage("--time %s: a duration from 10ms to 10m is expected", b.each)
	}
	dir, err := os.MkdirTemp(b.dir, "muster-bench-")
	if err != nil {
		return fmt.Errorf("--dir %s: %w", b.dir, err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	logger := slog.New(slog.DiscardHandler)
	b.node, err = node.Open(ctx, node.Options{
		Data: filepath.Join(dir, "data"), Partitions: node.DefaultPartitions, Logger: logger, Stderr: io.Discard,
	})
	defer func() { err = errors.Join(err, b.node.Close()) }()
	if err != nil {
		return err
	}
	if err := b.node.Start(ctx); err != nil {
		return err
	}
	stop, err := b.serve(logger)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, stop()) }()
	if err := b.fill(ctx); err != nil {
		return err
	}
	for _, l := range b.lines(dir) {
		fmt.Fprintf(stderr, "measuring: %s, %d callers\n", l.what, l.callers)
		if err := b.measure(ctx, l); err != nil {
			return fmt.Errorf("%s: %w", l.what, err)
		}
	}
	return b.print(stdout)
}

// serve opens the API as muster serve does. The same server has handlers that do
// nothing, for the floors.
func (b *bench) serve(logger *slog.Logger) (stop func() error, err error) {
	const root = "bench"
	api, err := b.node.API(transport.Options{RootToken: root}, "")
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", api)
	nothing := make([]byte, 500)
	mux.HandleFunc("/floor", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(nothing)
	})
	f := node.NewFront(listener, logger)
	f.Open(mux, api.Drain)
	b.host = listener.Addr().String()
	b.api = &client.Client{URL: "http://" + b.host, Token: root}
	return f.Shutdown, nil
}
