package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/projections"
)

func newRebuild() *cobra.Command {
	var s source
	var l logging
	cmd := &cobra.Command{
		Use: "rebuild", Short: "Make the read models anew from the log",
		Long: "Rebuild makes the read models of a stopped node anew, into a new file that takes the\n" +
			"place of the old one when it is whole. Nothing is lost by it: the log is the truth.",
		Args: cobra.NoArgs,
		RunE: action(func(cmd *cobra.Command, _ []string) (err error) {
			logger := l.logger(cmd.ErrOrStderr())
			log, err := events.Open(cmd.Context(), events.Options{Dir: s.data, URL: s.natsURL, ReadOnly: true, Logger: logger})
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, log.Close()) }()
			o := projections.Options{Dir: s.data, Partitions: log.Partitions(), Logger: logger}
			if err := rebuildModels(cmd.Context(), log, o, logger, cmd.ErrOrStderr()); err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), "The read models are as the log says.")
			return err
		}),
	}
	s.flags(cmd.Flags())
	l.flags(cmd.Flags(), "info")
	return cmd
}

func rebuildModels(ctx context.Context, log *events.Log, o projections.Options, logger *slog.Logger, stderr io.Writer) error {
	show, end := showProgress(stderr, logger, "rebuilding the read models")
	defer end()
	return projections.Rebuild(ctx, log, o, show)
}
