package audit

import (
	"bufio"
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/node"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/events/wire"
)

func newReplay() *cobra.Command {
	var s node.Source
	var l terminal.Logging
	var w window
	var state bool
	format := terminal.FormatTable
	cmd := &cobra.Command{
		Use: "replay", Short: "Print an organization's history, or its memberships at a moment",
		Long: "Replay prints the events of an organization in order. With --state it prints\n" +
			"the memberships at the moment --to instead, which is now by default. It leaves\n" +
			"out those that were removed or had expired by then.",
		Example: "  muster audit replay --organization ORG --from 2026-03-01 --to 2026-03-31T23:59:59Z\n" +
			"  muster audit replay --organization ORG --workspace WS --state --to 3-1042 --format csv",
		Args: cobra.NoArgs,
		RunE: terminal.Action(func(cmd *cobra.Command, _ []string) (err error) {
			if state && !w.from.isZero() {
				return terminal.Usage("--state and --from: a state has no beginning; use --to for its moment")
			}
			log, err := open(cmd.Context(), s, cmd.Flags(), l.Logger(cmd.ErrOrStderr()))
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, log.Close()) }()
			if err := w.check(cmd.Context(), log); err != nil {
				return err
			}
			out := bufio.NewWriter(cmd.OutOrStdout())
			if state {
				err = replayState(cmd.Context(), log, w, newStatePrinter(out, format))
			} else {
				err = replayEvents(cmd.Context(), log, w, newEventPrinter(out, format))
			}
			return errors.Join(err, out.Flush())
		}),
	}
	f := cmd.Flags()
	s.Flags(f)
	l.Flags(f, "warn")
	f.Var(terminal.NewParsed(&w.organization, "id", terminal.ParseID), "organization", "the organization")
	f.Var(terminal.NewParsed(&w.workspace, "id", terminal.ParseID), "workspace", "only events or memberships of this workspace")
	f.Var(terminal.NewParsed(&w.user, "id", terminal.ParseID), "user", "only events or memberships of this user")
	f.Var(terminal.NewParsed(&w.from, "time|position", parseMoment), "from", "the first event: a time, a day (its beginning in UTC) or a position")
	f.Var(terminal.NewParsed(&w.to, "time|position", parseMoment), "to", "the last event: a time, a day (its beginning in UTC) or a position")
	f.BoolVar(&state, "state", false, "print the memberships, not the events")
	f.Var(terminal.OneOf(&format, terminal.FormatTable, terminal.FormatJSONL, terminal.FormatCSV), "format", "how to print; jsonl is one CloudEvent per line")
	_ = cmd.MarkFlagRequired("organization")
	return cmd
}

func replayEvents(ctx context.Context, log *events.Log, w window, p eventPrinter) error {
	partition := log.Partition(w.organization)
	err := w.each(ctx, log, func(e *wire.Entry) error {
		if !w.wants(&e.Recorded) {
			return nil
		}
		return p.print(e, partition)
	})
	return errors.Join(err, p.end())
}
