package audit

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/muster-dev/muster/cmd/muster/shown"
	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
)

// eventPrinter prints events in one format. Call end after the last one.
type eventPrinter interface {
	print(e *wire.Entry, partition int) error
	end() error
}

func newEventPrinter(ctx context.Context, w io.Writer, format string, names *shown.Names) eventPrinter {
	switch format {
	case terminal.FormatJSONL:
		return &jsonLines{w}
	case terminal.FormatCSV:
		return newCSVEvents(w)
	default:
		return newEventTable(ctx, w, names)
	}
}

// jsonLines prints the CloudEvents, one a line.
type jsonLines struct{ w io.Writer }

func (p *jsonLines) print(e *wire.Entry, _ int) error {
	_, err := fmt.Fprintf(p.w, "%s\n", e.Stored)
	return err
}

func (p *jsonLines) end() error { return nil }

// csvEvents prints a row for each event, for spreadsheets.
type csvEvents struct{ w *csv.Writer }

func newCSVEvents(w io.Writer) *csvEvents {
	p := &csvEvents{csv.NewWriter(w)}
	_ = p.w.Write([]string{ // Flush returns its error
		"sequence", "id", "time", "type", "organization_id", "workspace_id", "user_id",
		"actor_kind", "actor_id", "on_behalf_of", "command_id", "reason", "data",
	})
	return p
}

func (p *csvEvents) print(e *wire.Entry, partition int) error {
	about := e.Event.Concerns()
	data, err := eventData(e)
	if err != nil {
		return err
	}
	return p.w.Write([]string{
		wire.Position{Partition: partition, Number: e.Number}.String(), e.ID.String(), terminal.ShowTime(e.Time), e.Event.EventType(),
		about.Organization.String(), idOrEmpty(about.Workspace), idOrEmpty(about.User),
		string(e.Actor.Kind), terminal.Cell(e.Actor.ID), idOrEmpty(e.OnBehalfOf), e.Command.String(), terminal.Cell(e.Reason), string(data),
	})
}

func (p *csvEvents) end() error {
	p.w.Flush()
	return p.w.Error()
}

func idOrEmpty[Kind any](id domain.ID[Kind]) string {
	if id.IsZero() {
		return ""
	}
	return id.String()
}

// eventTable prints events for people, with the names of people and things beside their ids.
type eventTable struct {
	table.Writer
	ctx   context.Context //nolint:containedctx // of the one run that prints
	names *shown.Names
}

func newEventTable(ctx context.Context, w io.Writer, names *shown.Names) *eventTable {
	return &eventTable{terminal.NewTable(w, "position", "time", "event", "workspace", "user", "by", "what", "reason"), ctx, names}
}

func (p *eventTable) print(e *wire.Entry, partition int) error {
	data, err := eventData(e)
	if err != nil {
		return err
	}
	about := e.Event.Concerns()
	by := string(e.Actor.Kind) + " "
	switch e.Actor.Kind {
	case domain.ActorUser:
		by += p.show(shown.Person, e.Actor.ID)
	case domain.ActorToken:
		by += p.show(shown.Token, e.Actor.ID)
	default:
		by += e.Actor.ID
	}
	if !e.OnBehalfOf.IsZero() {
		by += " for user " + p.show(shown.Person, e.OnBehalfOf.String())
	}
	p.AppendRow(terminal.Row{
		wire.Position{Partition: partition, Number: e.Number},
		terminal.ShowTime(e.Time), terminal.ShowType(e.Event.EventType()),
		p.show(shown.Workspace, idOrEmpty(about.Workspace)), p.show(shown.Person, idOrEmpty(about.User)), by, terminal.Summary(data, nil), e.Reason,
	})
	return nil
}

// show returns the name of what has the id, if it is known, and the id.
func (p *eventTable) show(k shown.Kind, id string) string {
	if name := p.names.Of(p.ctx, k, id); name != "" {
		return terminal.Plain(name) + " " + id
	}
	return id
}

// heed learns the names that an event says, whether or not the event is printed.
func heed(names *shown.Names, e *wire.Entry) error {
	data, err := eventData(e)
	if err != nil {
		return err
	}
	about := e.Event.Concerns()
	names.Heed(&shown.Event{Type: e.Event.EventType(), Workspace: idOrEmpty(about.Workspace), User: idOrEmpty(about.User), Data: data})
	return nil
}

func (p *eventTable) end() error {
	p.Render()
	return nil
}

// eventData returns the data of the stored CloudEvent.
func eventData(e *wire.Entry) (json.RawMessage, error) {
	var stored struct {
		Data json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(e.Stored, &stored); err != nil {
		return nil, fmt.Errorf("event %s: %w", e.ID, err)
	}
	return stored.Data, nil
}
