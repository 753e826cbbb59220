package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"sort"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/muster-dev/muster/domain"
	"github.com/muster-dev/muster/events"
)

// jsonLines prints the CloudEvents as they are stored, one a line.
type jsonLines struct{ w io.Writer }

func (p *jsonLines) print(e *events.Entry, _ int) error {
	_, err := fmt.Fprintf(p.w, "%s\n", e.JSON)
	return err
}

func (p *jsonLines) end() error { return nil }

// csvEvents prints one row an event, for spreadsheets.
type csvEvents struct{ w *csv.Writer }

func newCSVEvents(w io.Writer) *csvEvents {
	p := &csvEvents{csv.NewWriter(w)}
	_ = p.w.Write([]string{ // what fails here fails again at the end
		"sequence", "id", "time", "type", "organization_id", "workspace_id", "user_id",
		"actor_kind", "actor_id", "on_behalf_of", "command_id", "reason", "data",
	})
	return p
}

func (p *csvEvents) print(e *events.Entry, partition int) error {
	about := e.Event.Concerns()
	data, err := eventData(e)
	if err != nil {
		return err
	}
	return p.w.Write([]string{
		events.Position{Partition: partition, Number: e.Number}.String(), e.ID.String(), showTime(e.Time), e.Event.EventType(),
		about.Organization.String(), idOrNothing(about.Workspace), idOrNothing(about.User),
		string(e.Actor.Kind), cell(e.Actor.ID), idOrNothing(e.OnBehalfOf), e.Command.String(), cell(e.Reason), string(data),
	})
}

func (p *csvEvents) end() error {
	p.w.Flush()
	return p.w.Error()
}

// cell keeps a spreadsheet from taking what somebody has typed for a formula.
func cell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r", rune(text[0])) {
		return "'" + text
	}
	return text
}

func idOrNothing[Kind any](id domain.ID[Kind]) string {
	if id.IsZero() {
		return ""
	}
	return id.String()
}

// eventTable prints events for people.
type eventTable struct{ table.Writer }

func newEventTable(w io.Writer) *eventTable {
	return &eventTable{newTable(w, "position", "time", "event", "workspace", "user", "by", "what", "reason")}
}

func (p *eventTable) print(e *events.Entry, partition int) error {
	data, err := eventData(e)
	if err != nil {
		return err
	}
	about := e.Event.Concerns()
	by := string(e.Actor.Kind) + " " + e.Actor.ID
	if !e.OnBehalfOf.IsZero() {
		by += " for user " + e.OnBehalfOf.String()
	}
	p.AppendRow(table.Row{
		events.Position{Partition: partition, Number: e.Number},
		showTime(e.Time), strings.TrimPrefix(e.Event.EventType(), "muster."),
		idOrNothing(about.Workspace), idOrNothing(about.User), by, summary(data), e.Reason,
	})
	return nil
}

func (p *eventTable) end() error {
	p.Render()
	return nil
}

// eventData is the data of the stored CloudEvent.
func eventData(e *events.Entry) (json.RawMessage, error) {
	var stored struct {
		Data json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(e.JSON, &stored); err != nil {
		return nil, fmt.Errorf("event %s: %w", e.ID, err)
	}
	return stored.Data, nil
}

// summary says in a line what an event's data says, whatever its type: changes as
// "role viewer → editor". Ids and hashes are left to the other formats.
func summary(data json.RawMessage) string {
	var fields map[string]any
	if json.Unmarshal(data, &fields) != nil {
		return string(data)
	}
	var parts []string
	for _, name := range sortedKeys(fields) {
		if name == "id" || strings.HasSuffix(name, "_id") || strings.HasSuffix(name, "_sha256") {
			continue
		}
		if text := summaryOf(fields[name]); text != "" {
			parts = append(parts, strings.ReplaceAll(name, "_", " ")+" "+text)
		}
	}
	return strings.Join(parts, ", ")
}

func summaryOf(value any) string {
	switch value := value.(type) {
	case map[string]any:
		from, isChange := value["from"]
		if to, both := value["to"]; isChange && both {
			return summaryOf(from) + " → " + summaryOf(to)
		}
		var parts []string
		for _, name := range sortedKeys(value) {
			if text := summaryOf(value[name]); text != "" && name != "id" && !strings.HasSuffix(name, "_sha256") {
				parts = append(parts, text)
			}
		}
		return strings.Join(parts, " ")
	case []any:
		parts := make([]string, len(value))
		for i, v := range value {
			parts[i] = summaryOf(v)
		}
		return strings.Join(parts, " ")
	case nil:
		return ""
	default:
		return fmt.Sprint(value)
	}
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}
