package audit

import (
	"bufio"
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/node"
	"github.com/muster-dev/muster/cmd/muster/shown"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/events/feed"
	"github.com/muster-dev/muster/events/wire"
)

func newReplay() *cobra.Command {
	var s node.Source
	var l terminal.Logging
	var w window
	var service service
	var state bool
	format := terminal.FormatTable
	cmd := &cobra.Command{
		Use: "replay", Short: "Print an organization's history, or its memberships at a moment",
		Long: "Replay prints the events of an organization in order. With --state it prints\n" +
			"the memberships at the moment --to instead, which is now by default. It leaves\n" +
			"out those that were removed or had expired by then. Tables show names and addresses beside\n" +
			"ids.\n\n" +
			"With --url it asks a running service. The token needs the scope events:read, and for\n" +
			"--state workspaces:read and workspace_members:read. A table has names as far as the token\n" +
			"may read them.",
		Example: "  muster audit replay --organization ORG --from 2026-03-01 --to 2026-03-31T23:59:59Z\n" +
			"  muster audit replay --organization ORG --workspace WS --state --to 3-1042 --format csv",
		Args: cobra.NoArgs,
		RunE: terminal.Action(func(cmd *cobra.Command, _ []string) (err error) {
			if state && !w.from.isZero() {
				return terminal.Usage("--state and --from: a state has no beginning; use --to for its moment")
			}
			if cmd.Flags().Changed("url") {
				return asking{Client: service.in(s), window: w}.replay(cmd, s, state, format)
			}
			if w.organization.IsZero() {
				return terminal.Usage("--organization is needed, unless --url names a service whose token belongs to one")
			}
			log, err := open(cmd.Context(), s, cmd.Flags(), l.Logger(cmd.ErrOrStderr()))
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, log.Close()) }()
			if err := w.check(cmd.Context(), log); err != nil {
				return err
			}
			if err := log.WithholdErased(cmd.Context(), w.organization); err != nil {
				return err
			}
			out := bufio.NewWriter(cmd.OutOrStdout())
			if state {
				err = replayState(cmd.Context(), log, w, newStatePrinter(out, format))
			} else {
				err = replayEvents(cmd.Context(), log, w, out, format)
			}
			return errors.Join(err, out.Flush())
		}),
	}
	f := cmd.Flags()
	s.Flags(f)
	service.OptionalFlags(f)
	l.Flags(f, "warn")
	f.Var(terminal.NewParsed(&w.organization, "id", terminal.ParseID), "organization", "the organization; with --url by default the one that the token belongs to")
	f.Var(terminal.NewParsed(&w.workspace, "id", terminal.ParseID), "workspace", "only events or memberships of this workspace")
	f.Var(terminal.NewParsed(&w.user, "id", terminal.ParseID), "user", "only events or memberships of this user")
	f.Var(terminal.NewParsed(&w.from, "time|position", parseMoment), "from", "the first event: a time, a day (its beginning in UTC) or a position")
	f.Var(terminal.NewParsed(&w.to, "time|position", parseMoment), "to", "the last event: a time, a day (its beginning in UTC) or a position")
	f.BoolVar(&state, "state", false, "print the memberships, not the events")
	f.Var(terminal.OneOf(&format, terminal.FormatTable, terminal.FormatJSONL, terminal.FormatCSV), "format", "how to print; jsonl is one CloudEvent per line")
	return cmd
}

// errNothing is the error of a replay that has nothing to print.
var errNothing = errors.New("the organization has no such events in that time")

// replayEvents prints the events in the window, with profiles in the clear if there are
// keys. The names in the table are those that the events
// have said by then, as far back as the log goes.
func replayEvents(ctx context.Context, log *events.Log, w window, out io.Writer, format string) error {
	names := shown.NewNames(nil, w.organization)
	p := newEventPrinter(ctx, out, format, names)
	partition := log.Partition(w.organization)
	printed := false
	err := w.each(ctx, log, log.ReplayStored, func(e *wire.Entry) (err error) {
		if log.Keys() != nil {
			if e.Stored, err = log.Show(ctx, feed.Event{Type: e.Event.EventType(), Stored: e.Stored}); err != nil {
				return err
			}
		}
		if format == terminal.FormatTable {
			if err := heed(names, e); err != nil {
				return err
			}
		}
		if !w.wants(&e.Recorded) {
			return nil
		}
		printed = true
		return p.print(e, partition)
	})
	if err == nil && !printed {
		err = errNothing
	}
	return errors.Join(err, p.end())
}
