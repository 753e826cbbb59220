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
	"runtime/pprof"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/collector"
	"github.com/muster-dev/muster/cmd/muster/node"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/events/store"
	"github.com/muster-dev/muster/transport"
)

// root is the text of the root token.
const root = "bench"

// bench is one run of muster bench.
type bench struct {
	// The flags.
	dir         string
	each        time.Duration
	memberships int
	partitions  int
	only        string
	profile     string
	format      string

	node    *node.Node
	world   *world
	host    string
	results []result
}

// New returns the command bench.
func New() *cobra.Command {
	b := bench{format: terminal.FormatTable}
	cmd := &cobra.Command{
		Use: "bench", Short: "Measure durable commands and reads on this machine",
		Long: "Bench runs Muster in a fresh directory (--dir), fills it (--memberships, in workspaces of\n" +
			"100 members, in 100 organizations), sends it requests for random ones over loopback from\n" +
			"this process, and prints how many it handled per second. Beside that it prints a floor:\n" +
			"what the machine does with one file flushed after each record, or with an HTTP server\n" +
			"that does nothing. Absolute figures depend on the machine; the ratios less so. The\n" +
			"directory is removed afterwards.",
		Args: cobra.NoArgs,
		RunE: terminal.Action(func(cmd *cobra.Command, _ []string) error {
			collector.Tune()
			return b.run(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr())
		}),
	}
	f := cmd.Flags()
	b.dir = "."
	f.Var(terminal.NotEmpty(&b.dir), "dir", "where to make the fresh directory; it decides which disk is measured")
	b.memberships = 100_000
	f.Var(terminal.NewCount(&b.memberships, 100_000_000), "memberships", "how many memberships there are, in whole hundreds; a million need 3 GB of disk")
	f.Var(terminal.NewCount(&b.partitions, store.MaxPartitions), "partitions", "number of partitions of the log; by default as many as a new embedded log has")
	f.Var(terminal.NotEmpty(&b.only), "only", "only measure lines that contain this text, such as check")
	f.Var(terminal.NotEmpty(&b.profile), "profile", "write a profile of the processor time here, for go build -pgo")
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
		Data: filepath.Join(dir, "data"), Partitions: b.partitions, Logger: logger, Stderr: io.Discard,
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
	end, err := b.startProfile()
	if err != nil {
		return err
	}
	err = b.measureAll(ctx, dir, stderr)
	if err = errors.Join(err, end()); err != nil {
		return err
	}
	return b.print(stdout)
}

// measureAll fills the world and measures all lines.
func (b *bench) measureAll(ctx context.Context, dir string, stderr io.Writer) error {
	b.world = newWorld(b.memberships)
	if err := b.fill(ctx, stderr); err != nil {
		return fmt.Errorf("filling: %w", err)
	}
	for _, l := range b.lines(dir) {
		fmt.Fprintf(stderr, "measuring: %s, %d callers\n", l.what, l.callers)
		if err := b.measure(ctx, l); err != nil {
			return fmt.Errorf("%s: %w", l.what, err)
		}
	}
	return nil
}

// startProfile starts the profile, if there is to be one.
func (b *bench) startProfile() (end func() error, err error) {
	if b.profile == "" {
		return func() error { return nil }, nil
	}
	file, err := os.Create(b.profile)
	if err != nil {
		return nil, fmt.Errorf("--profile: %w", err)
	}
	if err := pprof.StartCPUProfile(file); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return file.Close()
	}, nil
}

// serve opens the API as muster serve does. The same server has handlers that do
// nothing, for the floors.
func (b *bench) serve(logger *slog.Logger) (stop func() error, err error) {
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
	return f.Shutdown, nil
}
