package backup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/events/backup"
	"github.com/muster-dev/muster/events/personal"
	"github.com/muster-dev/muster/events/store"
)

func newLedger() *cobra.Command {
	c := copying{data: terminal.DefaultData}
	var l terminal.Logging
	cmd := &cobra.Command{
		Use: "ledger --out FILE", Short: "Copy the erasure ledger, which no backup has",
		Long: "Ledger copies the list of who was erased, which muster restore demands (--ledger), and checks\n" +
			"its chain of hashes. It has ids and no personal data. Keep the newest copy apart from backups. The\n" +
			"service may be running. If --out is a directory, the file is named by the time. A file that exists\n" +
			"is never replaced. With - the copy goes to standard output.",
		Args: cobra.NoArgs,
		RunE: terminal.Action(func(cmd *cobra.Command, _ []string) (err error) {
			if c.out == "" {
				return terminal.Usage("--out FILE is needed; - is standard output")
			}
			to := &output{Writer: cmd.OutOrStdout(), path: "standard output"}
			if c.out != "-" {
				if to, err = newOutput(c.out, "erasure-ledger-20060102T150405Z"); err != nil {
					return err
				}
			}
			defer func() { err = errors.Join(err, to.drop()) }()
			if c.natsURL != "" && !cmd.Flags().Changed("data") {
				c.data = "" // the one in the environment may belong to another log
			}
			if err := c.run(cmd.Context(), to, l.Logger(cmd.ErrOrStderr())); err != nil {
				return err
			}
			path, err := to.keep()
			if err == nil && c.out != "-" {
				fmt.Fprintln(cmd.OutOrStdout(), path)
			}
			return err
		}),
	}
	f := cmd.Flags()
	f.Var(terminal.NotEmpty(&c.out), "out", "file to write, or directory for it, or - for standard output")
	f.Var(terminal.NotEmpty(&c.data), "data", "data directory of the service, which may be running")
	f.Var(terminal.NotEmpty(&c.natsURL), "nats-url", "NATS servers that hold the log; by default the log is in the data directory")
	terminal.InEnvironment(f, "data", "nats-url")
	l.Flags(f, "warn")
	return cmd
}

// copying is a run of muster backup ledger.
type copying struct{ out, data, natsURL string }

// run copies the ledger. A log from which nobody was erased has an empty one.
func (c *copying) run(ctx context.Context, to *output, logger *slog.Logger) (err error) {
	s, err := store.Open(ctx, store.Options{Dir: c.data, URL: c.natsURL, ReadOnly: true, Running: true, Logger: logger})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	var l *personal.Ledger
	switch {
	case s.ServedByNode():
		return backup.ErrKeysElsewhere
	case s.Embedded():
		l, err = personal.ReadLedger(filepath.Join(s.Dir(), personal.LedgerName))
	default:
		l, err = personal.OpenLedgerStream(ctx, personal.Servers{JS: s.JS}, true)
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, store.ErrNoStream) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(l.Export(ctx, to), l.Close())
}
