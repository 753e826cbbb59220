package audit

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/muster-dev/muster/cmd/muster/terminal"
	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events/wire"
)

// eventPrinter prints events in one format. Call end after the last one.
type eventPrinter interface {
	print(e *wire.Entry, partition int) error
	end() error
}

func newEventPrinter(w io.Writer, format string) eventPrinter {
	switch format {
	case terminal.FormatJSONL:
		return &jsonLines{w}
	case terminal.FormatCSV:
		return newCSVEvents(w)
	default:
		return newEventTable(w)
	}
}

// jsonLines prints the CloudEvents as they are stored, one a line.
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

// eventTable prints events for people.
type eventTable struct{ table.Writer }

func newEventTable(w io.Writer) *eventTable {
	return &eventTable{terminal.NewTable(w, "position", "time", "event", "workspace", "user", "by", "what", "reason")}
}

func (p *eventTable) print(e *wire.Entry, partition int) error {
	data, err := eventData(e)
	if err != nil {
		return err
	}
	about := e.Event.Concerns()
	by := string(e.Actor.Kind) + " " + e.Actor.ID
	if !e.OnBehalfOf.IsZero() {
		by += " for user " + e.OnBehalfOf.String()
	}
	p.AppendRow(terminal.Row{
		wire.Position{Partition: partition, Number: e.Number},
		terminal.ShowTime(e.Time), terminal.ShowType(e.Event.EventType()),
		idOrEmpty(about.Workspace), idOrEmpty(about.User), by, terminal.Summary(data, nil), e.Reason,
	})
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
