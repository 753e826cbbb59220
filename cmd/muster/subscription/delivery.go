package subscription

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/muster-dev/muster/cmd/muster/client"
	"github.com/muster-dev/muster/cmd/muster/terminal"
)

// delivery is what commands read of an attempt to deliver something.
type delivery struct {
	ID       string      `json:"id"`
	At       client.Time `json:"at"`
	Position *string     `json:"position"`
	Last     *string     `json:"last_position"`
	Event    string      `json:"event_id"`
	Type     string      `json:"type"`
	Attempt  int         `json:"attempt"`
	Outcome  string      `json:"outcome"`
	Status   *int        `json:"status"`
	Latency  int         `json:"latency_ms"`
	Error    *string     `json:"error"`
	Answer   *string     `json:"answer"`
	Next     client.Time `json:"next_attempt_at"`

	shown json.RawMessage // as the API shows it
}

// UnmarshalJSON keeps what the API shows.
func (d *delivery) UnmarshalJSON(text []byte) error {
	type plain delivery
	if err := json.Unmarshal(text, (*plain)(d)); err != nil {
		return err
	}
	d.shown = append(json.RawMessage(nil), text...)
	return nil
}

// delivered is the outcome of an attempt that the receiver has accepted.
const delivered = "delivered"

func newPing() *cobra.Command {
	var s subscriptions
	return s.shown(&cobra.Command{
		Use: "ping", Short: "Send a test event to a webhook, and print what came of it",
		Long: "Ping sends an event of the type muster.subscription.ping to the webhook, once. It is in no\n" +
			"log and has no position. The exit status is 1 if the webhook does not accept it.",
	}, func(cmd *cobra.Command, which chosen) error {
		var d delivery
		if err := s.Call(cmd.Context(), http.MethodPost, which.path+"/ping", nil, &d); err != nil {
			return err
		}
		if s.format == terminal.FormatJSON {
			if err := terminal.PrintJSON(cmd.OutOrStdout(), d.shown); err != nil {
				return err
			}
		} else {
			out := newDeliveryTable(cmd.OutOrStdout())
			addDelivery(out, &d)
			out.Render()
		}
		if d.Outcome != delivered {
			return fmt.Errorf("the ping was not delivered: %s", whyNot(&d))
		}
		return nil
	})
}

func newDeliveries() *cobra.Command {
	var s subscriptions
	most := 20
	var follow bool
	cmd := s.shown(&cobra.Command{
		Use: "deliveries", Short: "Print the last attempts to deliver a subscription's events",
		Long: "Deliveries prints the last attempts to deliver events to a webhook, the newest last: when,\n" +
			"which event, which attempt it was, what came of it, and when Muster tries again. With\n" +
			"--follow it goes on with those that come, until it is interrupted, and --format json then\n" +
			"prints one object a line.",
	}, func(cmd *cobra.Command, which chosen) error {
		last, err := s.deliveries(cmd.Context(), which, most)
		if err != nil {
			return err
		}
		if follow {
			return s.followDeliveries(cmd, which, last)
		}
		if s.format == terminal.FormatJSON {
			shown := make([]any, len(last))
			for i := range last {
				shown[i] = last[i].shown
			}
			return terminal.PrintJSON(cmd.OutOrStdout(), shown)
		}
		out := newDeliveryTable(cmd.OutOrStdout())
		for i := range last {
			addDelivery(out, &last[i])
		}
		out.Render()
		return nil
	})
	f := cmd.Flags()
	f.Var(terminal.NewCount(&most, maxDeliveries), "count", "most attempts to print")
	f.BoolVar(&follow, "follow", false, "go on with the attempts that come")
	return cmd
}

// maxDeliveries is the largest --count.
const maxDeliveries = 10_000

// largestPage is the largest page that the API returns.
const largestPage = 200

// deliveries returns the last attempts, at most that many, the newest last.
func (s *subscriptions) deliveries(ctx context.Context, which chosen, most int) (last []delivery, err error) {
	q := url.Values{}
	for len(last) < most {
		q.Set("page_size", strconv.Itoa(min(most-len(last), largestPage)))
		var page client.Page[delivery]
		err := client.Retrying(ctx, func() error {
			return s.Call(ctx, http.MethodGet, which.path+"/deliveries?"+q.Encode(), nil, &page)
		})
		if err != nil {
			return nil, err
		}
		if last = append(last, page.Items...); page.NextCursor == nil {
			break
		}
		q.Set("cursor", *page.NextCursor)
	}
	last = last[:min(len(last), most)]
	slices.Reverse(last)
	return last, nil
}

// lookEvery is how often --follow asks for attempts. They are no events, so there is no
// stream of them.
const lookEvery = 2 * time.Second

// followDeliveries prints the attempts, and those that come. An interruption is no error.
func (s *subscriptions) followDeliveries(cmd *cobra.Command, which chosen, last []delivery) error {
	ctx := cmd.Context()
	seen := make(map[string]bool)
	for {
		found := make(map[string]bool, len(last))
		for i := range last {
			d := &last[i]
			if found[d.ID] = true; seen[d.ID] {
				continue
			}
			if err := s.printDelivery(cmd.OutOrStdout(), d); err != nil {
				return err
			}
		}
		if len(found) > 0 {
			seen = found
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(lookEvery):
		}
		var err error
		if last, err = s.deliveries(ctx, which, largestPage); ctx.Err() != nil {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// printDelivery prints an attempt in a line.
func (s *subscriptions) printDelivery(w io.Writer, d *delivery) error {
	if s.format == terminal.FormatJSON {
		_, err := fmt.Fprintf(w, "%s\n", d.shown)
		return err
	}
	_, err := fmt.Fprintf(w, "%s  %-9s %-27s %3d  %-9s %5d ms  %s\n",
		timeOf(d.At), positionOf(d), terminal.Plain(terminal.ShowType(d.Type)), d.Attempt, d.Outcome, d.Latency, whatCame(d))
	return err
}

func newDeliveryTable(w io.Writer) table.Writer {
	return terminal.NewTable(w, "time", "position", "event", "attempt", "outcome", "ms", "what came", "next attempt")
}

func addDelivery(out table.Writer, d *delivery) {
	out.AppendRow(terminal.Row{
		timeOf(d.At), positionOf(d), terminal.Plain(terminal.ShowType(d.Type)), d.Attempt, d.Outcome, d.Latency, whatCame(d), timeOf(d.Next),
	})
}

// positionOf returns the positions of the events that were sent. A ping has none.
func positionOf(d *delivery) string {
	first, last := terminal.OrEmpty(d.Position), terminal.OrEmpty(d.Last)
	if last == "" || last == first {
		return first
	}
	return first + " to " + last
}

// longestAnswer is how many characters of an answer a table shows.
const longestAnswer = 60

// whatCame returns the status of the answer with its beginning, or the error instead of one.
func whatCame(d *delivery) string {
	text := ""
	if d.Status != nil {
		text = strconv.Itoa(*d.Status)
	}
	for _, more := range []*string{d.Error, d.Answer} {
		said := []rune(terminal.Plain(terminal.OrEmpty(more)))
		if len(said) > longestAnswer {
			said = append(said[:longestAnswer-1], '…')
		}
		if len(said) > 0 {
			text += " " + string(said)
		}
	}
	return text
}

// whyNot returns why something was not delivered.
func whyNot(d *delivery) string {
	if why := whatCame(d); why != "" {
		return d.Outcome + ": " + why
	}
	return d.Outcome
}
