package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/collector"
	"github.com/muster-dev/muster/cmd/muster/node"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/projections"
)

func newRebuild() *cobra.Command {
	var s node.Source
	var l terminal.Logging
	cmd := &cobra.Command{
		Use: "rebuild", Short: "Rebuild the read models from the log",
		Long: "Rebuild makes the read models of a stopped node again from the log. It writes a new file,\n" +
			"which replaces the old one when it is complete. Nothing is lost, because the log has\n" +
			"everything. If it has less than this node has read, nothing is rebuilt.",
		Args: cobra.NoArgs,
		RunE: terminal.Action(func(cmd *cobra.Command, _ []string) (err error) {
			collector.Tune()
			logger := l.Logger(cmd.ErrOrStderr())
			log, err := s.Open(cmd.Context(), logger)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, log.Close()) }()
			for p := range log.Partitions() {
				if err := log.CheckMark(cmd.Context(), p); err != nil {
					return err
				}
			}
			o := projections.Options{Dir: s.Data, Partitions: log.Partitions(), Logger: logger}
			if err := node.Rebuild(cmd.Context(), log, o, logger, cmd.ErrOrStderr()); err != nil {
				return err
			}
			_, err = fmt.Fprintln(cmd.OutOrStdout(), "The read models match the log.")
			return err
		}),
	}
	s.Flags(cmd.Flags())
	l.Flags(cmd.Flags(), "info")
	return cmd
}
