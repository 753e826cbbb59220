package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
)

// window says which part of history is wanted.
type window struct {
	organization domain.OrganizationID
	workspace    domain.WorkspaceID // zero: all
	user         domain.UserID      // zero: all
	from, to     moment
}

// moment is a place in history, by position or by time; the zero moment is none.
type moment struct {
	position events.Position
	time     time.Time
}

func parseMoment(text string) (m moment, err error) {
	if m.position, err = events.ParsePosition(text); err == nil {
		return m, nil
	}
	if m.time, err = parseTime(text); err == nil {
		return m, nil
	}
	return m, errors.New("a position like 3-1042 is expected, or a time like 2026-03-05T23:09:47Z, or a day like 2026-03-05")
}

func (m moment) isZero() bool { return m == moment{} }

// before reports whether the event lies before the moment.
func (m moment) before(r *domain.Recorded) bool {
	if !m.time.IsZero() {
		return r.Time.Before(m.time)
	}
	return r.Number < m.position.Number
}

// after reports whether the event lies after the moment.
func (m moment) after(r *domain.Recorded) bool {
	switch {
	case m.isZero():
		return false
	case !m.time.IsZero():
		return r.Time.After(m.time)
	}
	return r.Number > m.position.Number
}

// wants reports whether the event is one of those to show.
func (w *window) wants(r *domain.Recorded) bool {
	about := r.Event.Concerns()
	return about.Organization == w.organization && !w.from.before(r) && !w.to.after(r) &&
		(w.workspace.IsZero() || about.Workspace == w.workspace) &&
		(w.user.IsZero() || about.User == w.user)
}

const (
	formatJSONL = "jsonl"
	formatCSV   = "csv"
)

func newReplay() *cobra.Command {
	var s source
	var l logging
	var w window
	var state bool
	format := formatTable
	cmd := &cobra.Command{
		Use: "replay", Short: "Print an organization's history, or the memberships that it folds to",
		Long: "Replay prints the events of an organization in order. With --state it prints the\n" +
			"memberships that they fold to instead: those of the moment --to, the removed ones left out.",
		Example: "  muster audit replay --organization ORG --from 2026-03-01 --to 2026-03-31T23:59:59Z\n" +
			"  muster audit replay --organization ORG --workspace WS --state --to 3-1042 --format csv",
		Args: cobra.NoArgs,
		RunE: action(func(cmd *cobra.Command, _ []string) (err error) {
			if state && !w.from.isZero() {
				return usage("--state and --from: a state has no beginning; --to says of when it is")
			}
			log, err := s.open(cmd.Context(), cmd.Flags(), l.logger(cmd.ErrOrStderr()))
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, log.Close()) }()
			if err := w.check(log); err != nil {
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
	s.flags(f)
	l.flags(f, "warn")
	f.Var(newParsed(&w.organization, "id", domain.ParseID), "organization", "the organization")
	f.Var(newParsed(&w.workspace, "id", domain.ParseID), "workspace", "only what concerns this workspace")
	f.Var(newParsed(&w.user, "id", domain.ParseID), "user", "only what concerns this user")
	f.Var(newParsed(&w.from, "time|position", parseMoment), "from", "the first event: a time or a position")
	f.Var(newParsed(&w.to, "time|position", parseMoment), "to", "the last event: a time or a position")
	f.BoolVar(&state, "state", false, "print the memberships, not the events")
	f.Var(oneOf(&format, formatTable, formatJSONL, formatCSV), "format", "how to print; jsonl is one CloudEvent a line")
	_ = cmd.MarkFlagRequired("organization")
	return cmd
}

// check refuses positions of a partition that the organization does not lie in.
func (w *window) check(log *events.Log) error {
	partition := log.Partition(w.organization)
	for name, m := range map[string]moment{"--from": w.from, "--to": w.to} {
		if m.time.IsZero() && !m.isZero() && m.position.Partition != partition {
			return usage("%s %s: organization %s lies in partition %d", name, m.position, w.organization, partition)
		}
	}
	return nil
}

// errEnough ends a replay that has come to its end.
var errEnough = errors.New("enough")

// each calls f with the organization's events in order, up to the window's end.
func (w *window) each(ctx context.Context, log *events.Log, f func(*events.Entry) error) error {
	found := false
	partition := log.Partition(w.organization)
	err := log.Replay(ctx, start(log), nil, func(batches []events.Batch) error {
		for i := range batches {
			if batches[i].Partition != partition {
				continue
			}
			for j := range batches[i].Entries {
				e := &batches[i].Entries[j]
				if w.to.after(&e.Recorded) {
					return errEnough
				}
				if e.Event.Concerns().Organization != w.organization {
					continue
				}
				found = true
				if err := f(e); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	if err == nil && !found {
		return fmt.Errorf("the log holds nothing of organization %s in that time", w.organization)
	}
	return err
}

// eventPrinter prints events; end is called when there are no more.
type eventPrinter interface {
	print(e *events.Entry, partition int) error
	end() error
}

func replayEvents(ctx context.Context, log *events.Log, w window, p eventPrinter) error {
	partition := log.Partition(w.organization)
	err := w.each(ctx, log, func(e *events.Entry) error {
		if !w.wants(&e.Recorded) {
			return nil
		}
		return p.print(e, partition)
	})
	return errors.Join(err, p.end())
}

func newEventPrinter(w io.Writer, format string) eventPrinter {
	switch format {
	case formatJSONL:
		return &jsonLines{w}
	case formatCSV:
		return newCSVEvents(w)
	default:
		return newEventTable(w)
	}
}
