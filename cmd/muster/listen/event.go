package listen

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/muster-dev/muster/cmd/muster/terminal"
)

// event is a CloudEvent that was received.
type event struct {
	ID       string          `json:"id"`
	Type     string          `json:"type"`
	Subject  string          `json:"subject"`
	Time     time.Time       `json:"time"`
	Sequence string          `json:"sequence"` // empty for a ping
	Data     json.RawMessage `json:"data"`
	raw      json.RawMessage
}

// readEvents returns the events of a verified body: one, or those of a batch.
func readEvents(contentType string, body []byte) ([]event, error) {
	var raw []json.RawMessage
	switch kind, _, _ := mime.ParseMediaType(contentType); kind {
	case "application/cloudevents+json":
		raw = []json.RawMessage{body}
	case "application/cloudevents-batch+json":
		if err := json.Unmarshal(body, &raw); err != nil {
			return nil, fmt.Errorf("the batch cannot be read: %w", err)
		}
	default:
		return nil, fmt.Errorf("the Content-Type %.100q is not that of a CloudEvent", contentType)
	}
	events := make([]event, len(raw))
	for i, text := range raw {
		if err := json.Unmarshal(text, &events[i]); err != nil {
			return nil, fmt.Errorf("the CloudEvent cannot be read: %w", err)
		}
		events[i].raw = text
	}
	if len(events) == 0 {
		return nil, errors.New("the batch has no event")
	}
	return events, nil
}

// printer prints events in one format.
type printer interface {
	// print prints the event and the status of the response to it.
	print(e *event, status int) error
}

func newPrinter(out io.Writer, o *options) printer {
	if o.format == terminal.FormatJSONL {
		return jsonLines{out}
	}
	return lines{out, terminal.NewPainter(out, o.color)}
}

// jsonLines prints the CloudEvents as they came, one a line.
type jsonLines struct{ out io.Writer }

func (p jsonLines) print(e *event, _ int) error {
	_, err := fmt.Fprintf(p.out, "%s\n", strings.ReplaceAll(string(e.raw), "\n", " ")) // JSON has line breaks between tokens only
	return err
}

// lines prints events for people, each in a line:
//
//	2026-11-22T08:44:44.788Z  204  0-57     member.added                 workspaces/…/members/…  role viewer
type lines struct {
	out   io.Writer
	paint terminal.Painter
}

func (p lines) print(e *event, status int) error {
	color := terminal.Green
	if status < 200 || status > 299 {
		color = terminal.Red
	}
	parts := []string{
		p.paint.Paint(terminal.ShowTime(e.Time), terminal.Faint),
		p.paint.Paint(fmt.Sprint(status), color),
		fmt.Sprintf("%-7s", terminal.Plain(e.Sequence)),
		p.paint.Paint(fmt.Sprintf("%-27s", terminal.Plain(terminal.ShowType(e.Type))), terminal.Cyan),
	}
	for _, more := range []string{e.Subject, terminal.Summary(e.Data, nil)} {
		if more != "" {
			parts = append(parts, terminal.Plain(more))
		}
	}
	if status == http.StatusGone {
		parts = append(parts, "(410: Muster pauses the subscription)")
	}
	_, err := fmt.Fprintln(p.out, strings.TrimRight(strings.Join(parts, "  "), " "))
	return err
}
