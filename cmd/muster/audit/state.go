package audit

import (
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/muster-dev/muster/cmd/muster/client"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/events/wire"
)

// replayState folds the organization's history and prints the memberships in the
// window, oldest first. It leaves out those that were removed, and those that have ended
// by the clock, with or without an event that says so.
func replayState(ctx context.Context, log *events.Log, w window, p statePrinter) error {
	var state domain.State
	var last time.Time // of the last event
	err := w.each(ctx, log, log.Replay, func(e *wire.Entry) error {
		domain.Evolve(&state, &e.Recorded)
		last = e.Time
		return nil
	})
	if err != nil {
		return err
	}
	now := time.Now()
	if w.to.time.After(now) && w.to.time.After(last) {
		return terminal.Usage("--to %s: that is in the future", terminal.ShowTime(w.to.time))
	}
	return p(w.memberships(&state, w.to.clock(last, now)))
}

// memberships returns the memberships of the state that are in the window, the oldest first. It
// leaves out those that have ended at that time.
func (w *window) memberships(state *domain.State, at time.Time) (rows []client.Membership) {
	state.Each(func(_ domain.Key, part domain.Part) {
		m, ok := part.(*domain.Membership)
		if !ok || m.StateAt(at) == domain.MembershipRemoved ||
			!w.workspace.IsZero() && m.Workspace != w.workspace || !w.user.IsZero() && m.User != w.user {
			return
		}
		role, _ := state.Role(m.Organization, m.Role)
		rows = append(rows, client.ShowMembership(m, &role, state.Profile(m.Organization, m.User)))
	})
	sortMemberships(rows)
	return rows
}

// sortMemberships puts the oldest first.
func sortMemberships(rows []client.Membership) {
	slices.SortFunc(rows, func(a, b client.Membership) int {
		return cmp.Or(time.Time(a.CreatedAt).Compare(time.Time(b.CreatedAt)), cmp.Compare(a.ID.String(), b.ID.String()))
	})
}

// nameOf returns the name of the member, empty if it is not known.
func nameOf(m *client.Membership) domain.PersonName {
	if m.Name == nil {
		return domain.PersonName{}
	}
	return domain.PersonName(*m.Name)
}

// statePrinter prints memberships in one format.
type statePrinter func([]client.Membership) error

func newStatePrinter(w io.Writer, format string) statePrinter {
	switch format {
	case terminal.FormatJSONL:
		return func(rows []client.Membership) error { return printLines(w, rows) }
	case terminal.FormatCSV:
		return func(rows []client.Membership) error { return printMembersCSV(w, rows) }
	default:
		return func(rows []client.Membership) error {
			out := terminal.NewTable(w, "workspace", "user", "e-mail", "name", "role", "state", "since", "changed", "version")
			for i := range rows {
				r := &rows[i]
				out.AppendRow(terminal.Row{
					r.Workspace, r.User, terminal.OrEmpty(r.Email), terminal.FullName(nameOf(r)), r.Role.Key, r.State,
					terminal.ShowTime(time.Time(r.CreatedAt)), terminal.ShowTime(time.Time(r.UpdatedAt)), r.Version,
				})
			}
			out.Render()
			return nil
		}
	}
}

func printLines[T any](w io.Writer, rows []T) error {
	lines := json.NewEncoder(w)
	lines.SetEscapeHTML(false)
	for i := range rows {
		if err := lines.Encode(&rows[i]); err != nil {
			return err
		}
	}
	return nil
}

func printMembersCSV(w io.Writer, rows []client.Membership) error {
	out := csv.NewWriter(w)
	_ = out.Write([]string{ // Flush returns its error
		"id", "workspace_id", "organization_id", "user_id", "email", "first_name", "last_name",
		"role", "state", "added_by", "created_at", "updated_at", "version",
	})
	for i := range rows {
		r := &rows[i]
		name := nameOf(r)
		_ = out.Write([]string{
			r.ID.String(), r.Workspace.String(), r.Organization.String(), r.User.String(),
			terminal.Cell(terminal.OrEmpty(r.Email)), terminal.Cell(name.First), terminal.Cell(name.Last), string(r.Role.Key), string(r.State), terminal.OrEmpty(r.AddedBy),
			terminal.ShowTime(time.Time(r.CreatedAt)), terminal.ShowTime(time.Time(r.UpdatedAt)), strconv.FormatUint(r.Version, 10),
		})
	}
	out.Flush()
	return out.Error()
}
