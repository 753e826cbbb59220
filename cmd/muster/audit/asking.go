package audit

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"iter"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/client"
	"github.com/muster-dev/muster/cmd/muster/node"
	"github.com/muster-dev/muster/cmd/muster/shown"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
)

// service is a running service that a command asks instead of reading a log.
type service struct{ client.Client }

// in returns the client with the source's data directory, which has the root token.
func (s service) in(source node.Source) client.Client {
	s.Data = source.Data
	return s.Client
}

// asking is a run of a command that asks a running service over its API.
type asking struct {
	client.Client
	window
}

// begin authorizes the client, and finds out which organization is meant.
func (a *asking) begin(ctx context.Context, source node.Source) (err error) {
	if source.NATSURL != "" {
		return terminal.Usage("--url and --nats-url name two places to look: give one of them")
	}
	if err := a.Authorize(); err != nil {
		return err
	}
	if a.organization.IsZero() {
		a.organization, err = a.OwnOrganization(ctx)
	}
	return err
}

// replay prints the events of a running service, or the memberships at a moment.
func (a asking) replay(cmd *cobra.Command, source node.Source, state bool, format string) error {
	ctx := cmd.Context()
	if err := a.begin(ctx, source); err != nil {
		return err
	}
	if err := a.check(ctx); err != nil {
		return err
	}
	out := bufio.NewWriter(cmd.OutOrStdout())
	var err error
	if state {
		err = a.state(ctx, newStatePrinter(out, format))
	} else {
		err = a.events(ctx, out, format)
	}
	return errors.Join(err, out.Flush())
}

// check returns an error for a position that the organization's partition does not have, as
// [window.check] does for a log.
func (a *asking) check(ctx context.Context) error {
	for name, m := range map[string]moment{"--from": a.from, "--to": a.to} {
		if !m.time.IsZero() || m.isZero() {
			continue
		}
		err := client.Retrying(ctx, func() error {
			return a.Call(ctx, http.MethodGet, "/v1/organizations/"+a.organization.String()+"/events?page_size=1&after="+m.position.String(), nil, nil)
		})
		if p, ok := errors.AsType[*client.Problem](err); ok && p.Status == http.StatusUnprocessableEntity {
			return terminal.Usage("%s %s: %v", name, m.position, p)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// events prints the events in the window.
func (a *asking) events(ctx context.Context, out io.Writer, format string) error {
	names := shown.NewNames(&a.Client, a.organization)
	p := newEventPrinter(ctx, out, format, names)
	found := false
	err := func() error {
		for e, err := range a.each(ctx) {
			if err != nil {
				return err
			}
			if a.to.after(&e.Recorded) {
				return nil
			}
			found = true
			if format == terminal.FormatTable {
				if err := heed(names, &e.Entry); err != nil {
					return err
				}
			}
			if err := p.print(&e.Entry, e.at.Partition); err != nil {
				return err
			}
		}
		return nil
	}()
	if err == nil && !found {
		err = errNothing
	}
	return errors.Join(err, p.end())
}

// asked is an event that the service has sent.
type asked struct {
	wire.Entry
	at wire.Position
}

// each returns the events from the beginning of the window on, up to the last one that the
// service has.
func (a *asking) each(ctx context.Context) iter.Seq2[*asked, error] {
	return func(yield func(*asked, error) bool) {
		query := url.Values{"page_size": {"200"}, "after": {a.from.afterText()}}
		if !a.workspace.IsZero() {
			query.Set("workspace_id", a.workspace.String())
		}
		if !a.user.IsZero() {
			query.Set("user_id", a.user.String())
		}
		for {
			var page struct {
				Items      []json.RawMessage `json:"items"`
				NextCursor *string           `json:"next_cursor"`
			}
			err := client.Retrying(ctx, func() error {
				return a.Call(ctx, http.MethodGet, "/v1/organizations/"+a.organization.String()+"/events?"+query.Encode(), nil, &page)
			})
			if err != nil {
				yield(nil, err)
				return
			}
			for _, text := range page.Items {
				e, at, err := wire.Decode(text)
				if !yield(&asked{e, at}, err) || err != nil {
					return
				}
			}
			if page.NextCursor == nil {
				return
			}
			query.Set("after", *page.NextCursor)
		}
	}
}

// afterText returns the parameter after of a list of events that begins with the moment.
func (m moment) afterText() string {
	switch {
	case m.isZero():
		return "earliest"
	case !m.time.IsZero():
		return terminal.ShowTime(m.time)
	}
	before := m.position
	before.Number--
	return before.String()
}

// state prints the memberships at the end of the window, as the service shows them.
func (a *asking) state(ctx context.Context, p statePrinter) error {
	rows, err := a.members(ctx)
	if problem, ok := errors.AsType[*client.Problem](err); ok && problem.Code == "as_of_in_future" {
		return terminal.Usage("--to %s: %v", terminal.ShowTime(a.to.time), problem)
	}
	if err != nil {
		return err
	}
	return p(rows)
}

// members asks for the memberships of the workspaces in the window, at its end.
func (a *asking) members(ctx context.Context) (rows []client.Membership, err error) {
	workspaces := []domain.WorkspaceID{a.workspace}
	if a.workspace.IsZero() {
		if workspaces, err = a.workspaces(ctx); err != nil {
			return nil, err
		}
	}
	for _, ws := range workspaces {
		for page, err := range client.Pages[client.Membership](ctx, &a.Client, "/v1/workspaces/"+ws.String()+"/members"+a.asOf()) {
			if err != nil {
				return nil, err
			}
			for i := range page {
				if a.user.IsZero() || page[i].User == a.user {
					rows = append(rows, page[i])
				}
			}
		}
	}
	sortMemberships(rows)
	return rows, nil
}

// workspaces asks for the workspaces of the organization.
func (a *asking) workspaces(ctx context.Context) (ids []domain.WorkspaceID, err error) {
	type row struct {
		ID domain.WorkspaceID `json:"id"`
	}
	for page, err := range client.Pages[row](ctx, &a.Client, "/v1/organizations/"+a.organization.String()+"/workspaces"+a.asOf()) {
		if err != nil {
			return nil, err
		}
		for _, r := range page {
			ids = append(ids, r.ID)
		}
	}
	return ids, nil
}

// asOf returns the query that asks for the end of the window, empty for now.
func (a *asking) asOf() string {
	switch {
	case a.to.isZero():
		return ""
	case !a.to.time.IsZero():
		return "?as_of=" + url.QueryEscape(terminal.ShowTime(a.to.time))
	}
	return "?as_of=" + a.to.position.String()
}
