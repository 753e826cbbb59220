package main

import (
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
	"github.com/muster-dev/muster/transport"
)

// replayState folds the organization's history and prints the memberships that
// the window wants.
func replayState(ctx context.Context, log *events.Log, w window, p statePrinter) error {
	var state domain.State
	err := w.each(ctx, log, func(e *events.Entry) error {
		domain.Evolve(&state, &e.Recorded)
		return nil
	})
	if err != nil {
		return err
	}
	var rows []transport.Membership
	state.Each(func(_ domain.Key, part domain.Part) {
		m, ok := part.(*domain.Membership)
		if !ok || m.State == domain.MembershipRemoved ||
			!w.workspace.IsZero() && m.Workspace != w.workspace || !w.user.IsZero() && m.User != w.user {
			return
		}
		role, _ := state.Role(m.Organization, m.Role)
		rows = append(rows, transport.ShowMembership(m, &role, state.Profile(m.Organization, m.User)))
	})
	slices.SortFunc(rows, func(a, b transport.Membership) int {
		return cmp.Or(time.Time(a.CreatedAt).Compare(time.Time(b.CreatedAt)), cmp.Compare(a.ID.String(), b.ID.String()))
	})
	return p(rows)
}

func orNothing(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}

func nameOf(m *transport.Membership) domain.PersonName {
	if m.Name == nil {
		return domain.PersonName{}
	}
	return *m.Name
}

// statePrinter prints memberships.
type statePrinter func([]transport.Membership) error

func newStatePrinter(w io.Writer, format string) statePrinter {
	switch format {
	case formatJSONL:
		return func(rows []transport.Membership) error { return printLines(w, rows) }
	case formatCSV:
		return func(rows []transport.Membership) error { return printMembersCSV(w, rows) }
	default:
		return func(rows []transport.Membership) error {
			out := newTable(w, "workspace", "user", "e-mail", "name", "role", "state", "since", "changed", "version")
			for i := range rows {
				r := &rows[i]
				out.AppendRow(table.Row{
					r.Workspace, r.User, orNothing(r.Email), fullName(nameOf(r)), r.Role.Key, r.State,
					showTime(time.Time(r.CreatedAt)), showTime(time.Time(r.UpdatedAt)), r.Version,
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

func printMembersCSV(w io.Writer, rows []transport.Membership) error {
	out := csv.NewWriter(w)
	_ = out.Write([]string{ // what fails here fails again at the end
		"id", "workspace_id", "organization_id", "user_id", "email", "first_name", "last_name",
		"role", "state", "added_by", "created_at", "updated_at", "version",
	})
	for i := range rows {
		r := &rows[i]
		name := nameOf(r)
		_ = out.Write([]string{
			r.ID.String(), r.Workspace.String(), r.Organization.String(), r.User.String(),
			cell(orNothing(r.Email)), cell(name.First), cell(name.Last), string(r.Role.Key), string(r.State), orNothing(r.AddedBy),
			showTime(time.Time(r.CreatedAt)), showTime(time.Time(r.UpdatedAt)), strconv.FormatUint(r.Version, 10),
		})
	}
	out.Flush()
	return out.Error()
}
